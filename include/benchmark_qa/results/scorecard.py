from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.benchmark_qa.decisions import Decision
from include.benchmark_qa.results.annotators import AnnotatorScore
from include.benchmark_qa.results.report import ScoreReport

_SIGNS = {Decision.PASS: "✓", Decision.FAIL: "✗", Decision.UNDECIDED: "?"}

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
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


def render_scorecard(report: ScoreReport, *, campaign: str, as_of: str, pass_mark: float) -> str:
    """
    Return the scorecard as one HTML page without any other file; every text in it is escaped.

    :param campaign: the campaign's name, for the title.
    :param as_of: when the scores were made, as people write it; given, so that the page repeats byte for byte.
    :param pass_mark: least score of a submission that passes, in [0, 1].
    """
    template = _ENVIRONMENT.get_template("scorecard.html.j2")
    return template.render(
        report=report,
        campaign=campaign,
        as_of=as_of,
        pass_mark=exact_percent(pass_mark),
        needed=report.decision.required_pass_rate,
        needed_text=exact_percent(report.decision.required_pass_rate),
        percent=percent,
        tenths=tenths,
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
