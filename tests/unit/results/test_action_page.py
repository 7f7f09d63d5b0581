"""What was done about tasks and annotators, on the scorecard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from encord_provider.operators.scorecard import PublishScoresOperator
from include.benchmark_qa.ledger.actions import OPEN, ActionRecord, dump_records
from include.benchmark_qa.ledger.moments import stamp
from include.benchmark_qa.ledger.outcomes import ActionResult, Outcome, dump_results
from include.benchmark_qa.results.actions import ActionHistory, dump_history, load_history, read_actions
from tests.unit.encord_provider.provider_support import task_context

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
LATER = AT + timedelta(minutes=10)
REJECT = ActionRecord("k1", stamp(AT), "reject", "", ("ann@x", "bob@x"), "t", "d", "<x>.jpg", "t at one", "ann: 0.2")
NOTIFY = ActionRecord("k2", stamp(AT), "notify", "mail", ("ann@x",), "", "", "", OPEN, "0 of 9 passed")


def results(record: ActionRecord, outcome: Outcome, why: str = "", at: datetime = AT) -> bytes:
    return dump_results([ActionResult(record, outcome, why)], at)


def history(files: Sequence[bytes]) -> ActionHistory:
    """Take the files in one by one, as passes do that keep the history in between."""
    taken = ActionHistory()
    for number, content in enumerate(files):
        taken.take(f"{number}.jsonl", content)
        taken = load_history(dump_history(taken))
    return taken


def test_each_action_has_its_last_outcome_and_the_latest_comes_first() -> None:
    files = [
        dump_records([REJECT, NOTIFY]),
        results(NOTIFY, Outcome.FAILED, "ConnectionError"),
        results(REJECT, Outcome.REFUSED, "not now"),
        results(NOTIFY, Outcome.DONE, at=LATER),
    ]
    found = read_actions(history(files))
    assert [(one.at, one.what, one.name, one.outcome, one.note) for one in found.last] == [
        ("2026-03-01 12:40:00", "notify mail", "ann@x", "done", ""),
        ("2026-03-01 12:30:00", "reject", "<x>.jpg", "refused", "not now"),
    ]
    assert found.counts == (("notify mail: done", 1), ("reject: refused", 1))
    assert read_actions(history(files), most=1).last == found.last[:1]


def test_what_was_recorded_and_killed_is_begun_and_what_is_done_again_is_the_last() -> None:
    assert [one.outcome for one in read_actions(history([dump_records([REJECT])])).last] == ["begun"]
    files = [
        dump_records([REJECT]),
        results(REJECT, Outcome.REFUSED),
        dump_records([replace(REJECT, action="approve")]),
    ]
    assert [(one.what, one.outcome) for one in read_actions(history(files)).last] == [("approve", "begun")]


def test_a_history_that_cannot_be_read_is_made_anew() -> None:
    assert load_history(b"") == load_history(dump_history(history([dump_records([REJECT])]))[:-9]) == ActionHistory()


def publish(workspace: Path) -> str:
    PublishScoresOperator(
        task_id="publish", campaign_title="Roads", workspace=str(workspace), decision={}, settings={}
    ).execute(task_context())
    return (workspace / "scorecard.html").read_text(encoding="utf-8")


def test_the_scorecard_shows_actions_and_what_a_dry_run_would_do(tmp_path: Path) -> None:
    assert "Nothing was done about tasks or annotators" in publish(tmp_path)
    for key, content in {
        "actions/p/20260301T123000.000000-a.jsonl": dump_records([REJECT]),
        "actions/p/20260301T123001.000000-b.jsonl": results(REJECT, Outcome.REFUSED, "it does not come next"),
        "dry_run/p.jsonl": dump_records([NOTIFY]),
    }.items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(content)
    page = publish(tmp_path)
    assert "refused: it does not come next" in page
    assert "&lt;x&gt;.jpg" in page
    assert "<x>" not in page
    assert "A dry run would do this, and does nothing" in page
    assert "would do" in page
    assert "1 x reject: refused." in page
