from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from include.benchmark_qa.decisions import Decision
from include.benchmark_qa.results.report import read_report
from include.benchmark_qa.results.scorecard import MOST_NOT_COMPUTED, render_scorecard, scorecard_text
from include.benchmark_qa.scoring.settings import DecisionSettings
from tests.unit.benchmark_qa.scoring_samples import pixel_box, row
from tests.unit.results.result_samples import EMPTY, GOOD, NOON, POOR, Scored

VOID = {"meta", "link", "line", "rect", "br"}


def render(report):
    return render_scorecard(report, campaign="demo", as_of="22 November 2026", pass_mark=0.8)


def words(page: str) -> str:
    """Return the text of a page without its tags and style."""
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())


@pytest.fixture
def report_of(write):
    def _report_of(*scored, decision=None, units=None):
        scores, verdicts = write(*scored)
        return read_report([scores], [verdicts], decision, units)

    return _report_of


def failed_by_all(unit):
    return [Scored(email, unit, POOR) for email in ("ann", "bob", "cid")]


def passed_by_all(units):
    return [Scored(email, unit, GOOD) for email in ("ann", "bob", "cid") for unit in units]


def test_the_report_of_nothing(tmp_path):
    report = read_report([], [])
    assert (report.annotators, report.units, report.suspects, report.not_computed) == ((), (), (), ())
    assert "No submission has been scored yet." in words(render(report))


def test_the_report_lists_units_and_what_was_not_computed(report_of):
    scored = [Scored("ann", 1, GOOD), Scored("ann", 2, POOR), Scored("bob", 2, POOR), Scored("bob", 3, EMPTY)]
    report = report_of(*scored, Scored("bob", 4, GOOD, truth=False))
    assert [(unit.data_title, unit.passes, unit.uses) for unit in report.worst_units(10)] == [
        ("street 3.jpg", 0, 1),
        ("street 2.jpg", 0, 2),
    ]
    (unscored,) = report.not_computed
    assert unscored.reason == "ground truth: there is none for this data unit"


def test_mistakes_of_an_earlier_score_are_gone(write):
    early = write(Scored("ann", 1, POOR))
    late = write(Scored("ann", 1, GOOD, version="v2"), at=NOON + timedelta(hours=1))
    assert read_report([early[0], late[0]], [early[1], late[1]]).mistakes == ()


def test_suspect_ground_truth_counts_until_it_is_told_not_to(report_of):
    scored = [*passed_by_all(range(3)), *failed_by_all(9)]
    decision = DecisionSettings(required_pass_rate=0.7, min_tasks=1)
    report = report_of(*scored, decision=decision)
    assert [unit.data_title for unit in report.suspects] == ["street 9.jpg"]
    assert {one.submissions for one in report.annotators} == {4}
    text = words(render(report))
    assert "Ground truth to check" in text
    assert "They still count." in text
    retired = report_of(*scored, decision=decision.model_copy(update={"retire_suspect_ground_truth": True}))
    assert [unit.data_title for unit in retired.suspects] == ["street 9.jpg"]
    assert {(one.submissions, one.passes) for one in retired.annotators} == {(3, 3)}
    assert "They count neither for nor against anybody." in words(render(retired))


def test_the_page_stands_alone_and_repeats(report_of):
    report = report_of(*(Scored("ann@x.org", unit, GOOD) for unit in range(20)))
    page = render(report)
    assert page == render(report)
    assert "http" not in page
    assert "src=" not in page
    assert "<script" not in page
    for text in ("ann@x.org", "PASS", "needed: 80 %", "a score of 80 % or more", 'width="100.00"'):
        assert text in page


def test_every_tag_of_the_page_is_closed(report_of):
    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open = []

        def handle_starttag(self, tag, attrs):
            if tag not in VOID:
                self.open.append(tag)

        def handle_endtag(self, tag):
            if tag not in VOID:
                assert self.open.pop() == tag

    parser = Tags()
    scored = [*passed_by_all(range(3)), *failed_by_all(9), Scored("bob", 4, GOOD, truth=False, seconds=5)]
    parser.feed(render(report_of(*scored, units=["data-1"])))
    assert parser.open == []


def test_the_page_escapes_what_others_wrote(report_of, write):
    nasty = '"><img src=x onerror=alert(1)>'
    report = report_of(
        Scored("<script>alert(1)</script>@x.org", 1, POOR, title=nasty),
        Scored("bob", 2, GOOD, truth=False, title=nasty),
    )
    page = render(report)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;@x.org" in page


def test_class_names_are_escaped(write):
    from copy import deepcopy

    from tests.unit.benchmark_qa.scoring_samples import ontology

    structure = deepcopy(ontology())
    for feature in structure["objects"]:
        feature["name"] = f"<b>{feature['name']}</b>"
    scores, verdicts = write(Scored("ann", 1, POOR), structure=structure)
    page = render(read_report([scores], [verdicts]))
    assert "<b>Car" not in page
    assert "&lt;b&gt;Car&lt;/b&gt; labelled as &lt;b&gt;Bus&lt;/b&gt;" in page


def test_what_is_not_known_takes_no_room(report_of):
    text = words(render(report_of(Scored("ann", 1, GOOD))))
    for absent in ("Median time", "Identity kept", "Units left", "Week by week", "Signs that", "Ground truth to check"):
        assert absent not in text


def test_what_is_known_is_shown(report_of):
    week = timedelta(days=7)
    three = row(*(pixel_box(name, x, 0, 30, 40) for name, x in zip("abc", (0, 60, 120), strict=True)))
    scored = [
        Scored("ann", 1, GOOD, seconds=90, submitted_at=NOON),
        Scored("ann", 2, POOR, seconds=90, submitted_at=NOON - week),
        Scored("bob", 3, three, truth=three),
    ]
    text = words(render(report_of(*scored, units=["data-1", "data-2", "data-3", "data-4"])))
    for shown in (
        "1 min 30 s",
        "Units left",
        "2026-W46 1 0 0 %",
        "3 of 3 objects equal the ground truth to the last digit",
        "Car labelled as Bus 1 1 street 2.jpg",
        "A Bus 0 1 0",
        "B Car 0 6 0",
    ):
        assert shown in text


def test_a_long_list_of_what_was_not_computed_is_cut_and_counted(report_of):
    count = MOST_NOT_COMPUTED + 5
    text = words(render(report_of(*(Scored("ann", unit, GOOD, truth=False) for unit in range(count)))))
    assert f"The first {MOST_NOT_COMPUTED} of {count}" in text
    assert text.count("there is none for this data unit") == MOST_NOT_COMPUTED


def test_the_decision_is_a_word_beside_its_colour(report_of):
    report = report_of(*(Scored("ann", unit, POOR) for unit in range(12)))
    (ann,) = report.annotators
    assert ann.decision is Decision.FAIL
    assert "✗ FAIL" in words(render(report))


def test_the_table_for_the_terminal(report_of):
    good = (Scored("ann@x.org", unit, GOOD) for unit in range(10))
    report = report_of(*good, Scored("bob@example.org", 1, GOOD, truth=False))
    assert scorecard_text(report.annotators).splitlines() == [
        "annotator        scored  passed  pass rate  95 % interval  mean score  decision",
        "---------------  ------  ------  ---------  -------------  ----------  ---------",
        "ann@x.org            10      10      100 %  72 % to 100 %       0.975  UNDECIDED",
        "bob@example.org       0       0          -   0 % to 100 %           -  UNDECIDED",
    ]
