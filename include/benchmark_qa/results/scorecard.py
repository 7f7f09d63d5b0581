from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.benchmark_qa.decisions import Decision
from include.benchmark_qa.results.actions import Actions
from include.benchmark_qa.results.annotators import AnnotatorScore
from include.benchmark_qa.results.confusion import largest_classes
from include.benchmark_qa.results.report import ScoreReport
from include.benchmark_qa.statistics.pass_rates import PassTrend, Trend

_SIGNS = {Decision.PASS: "✓", Decision.FAIL: "✗", Decision.UNDECIDED: "?"}

# What a page has room for; scorecard.json and the tables have all.
MOST_CLASSES, MOST_WEEKS, MOST_SIGNS, MOST_NOT_COMPUTED = 8, 12, 20, 50

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def percent(share: float | None) -> str:
    """
    Write a share in [0, 1] for people; a dash where there is none.

    >>> percent(0.875), percent(None)
    ('88 %', '-')
    """
    return "-" if share is None else f"{share * 100:.0f} %"


def tenths(share: float) -> str:
    """
    Write the end of an interval in percent; a tenth may decide on which side of the required rate it is.

    >>> tenths(0.70144)
    '70.1'
    """
    return f"{share * 100:.1f}"


def exact_percent(share: float) -> str:
    """
    Write a share from the settings with all its digits.

    >>> exact_percent(0.825)
    '82.5 %'
    """
    return f"{share * 100:g} %"


def interval(low: float | None, high: float | None) -> str:
    """
    Write an interval in percent; a dash where there is none.

    >>> interval(0.70144, 0.9), interval(None, None)
    ('70.1 to 90.0 %', '-')
    """
    return "-" if low is None or high is None else f"{tenths(low)} to {tenths(high)} %"


def hundredths(value: float) -> str:
    """
    Write a coefficient of agreement.

    >>> hundredths(0.4842), hundredths(-0.001)
    ('0.48', '0.00')
    """
    return f"{round(value, 2) + 0.0:.2f}"


def chance(probability: float) -> str:
    """
    Write a probability in percent that never claims to be certain.

    >>> chance(0.9999), chance(0.004), chance(0.5)
    ('over 99 %', 'under 1 %', '50 %')
    """
    if probability > 0.99:
        return "over 99 %"
    return "under 1 %" if probability < 0.01 else percent(probability)


def duration(seconds: float | None) -> str:
    """
    Write a time for people; a dash where there is none.

    >>> duration(45.2), duration(150), duration(8100), duration(None)
    ('45 s', '2 min 30 s', '2 h 15 min', '-')
    """
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def lately(trend: PassTrend) -> str:
    """Say in a word how the last submissions compare with those before; a dash where there are none before."""
    if not trend.earlier:
        return "-"
    return {Trend.BETTER: "better", Trend.WORSE: "worse"}.get(trend.direction, "no difference")


def render_scorecard(
    report: ScoreReport, *, campaign: str, as_of: str, pass_mark: float, actions: Actions | None = None
) -> str:
    """
    Return the scorecard as one HTML page without any other file; every text in it is escaped.

    :param campaign: the campaign's name, for the title.
    :param as_of: when the scores were made, as people write it; given, so that the page repeats byte for byte.
    :param pass_mark: least score of a submission that passes, in [0, 1].
    :param actions: what was done about tasks and annotators, None for nothing.
    """
    template = _ENVIRONMENT.get_template("page.html.j2")
    return template.render(
        report=report,
        actions=actions or Actions(),
        campaign=campaign,
        as_of=as_of,
        pass_mark=exact_percent(pass_mark),
        needed=report.decision.required_pass_rate,
        needed_text=exact_percent(report.decision.required_pass_rate),
        confusion=largest_classes(report.confusion, MOST_CLASSES),
        units_left_known=any(one.units_left is not None for one in report.annotators),
        has_tracks=any(one.idf1 is not None for one in report.annotators),
        has_seconds=any(one.median_seconds is not None for one in report.annotators),
        most_weeks=MOST_WEEKS,
        most_signs=MOST_SIGNS,
        most_not_computed=MOST_NOT_COMPUTED,
        percent=percent,
        tenths=tenths,
        interval=interval,
        chance=chance,
        hundredths=hundredths,
        duration=duration,
        lately=lately,
        signs=_SIGNS,
    )


def scorecard_text(annotators: Iterable[AnnotatorScore]) -> str:
    """Return the annotators' table for a terminal, one line each, in the order given."""
    header = ("annotator", "scored", "passed", "pass rate", "95 % interval", "mean score", "decision")
    table = [header, *(_text_cells(annotator) for annotator in annotators)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    lines = ["  ".join(_align(cell, widths, column) for column, cell in enumerate(row)).rstrip() for row in table]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _text_cells(annotator: AnnotatorScore) -> tuple[str, ...]:
    return (
        annotator.annotator_email,
        str(annotator.submissions),
        str(annotator.passes),
        percent(annotator.pass_rate),
        f"{percent(annotator.wilson_low)} to {percent(annotator.wilson_high)}",
        "-" if annotator.mean_score is None else f"{annotator.mean_score:.3f}",
        annotator.decision.value,
    )


def _align(cell: str, widths: list[int], column: int) -> str:
    is_text = column in {0, len(widths) - 1}
    return cell.ljust(widths[column]) if is_text else cell.rjust(widths[column])
