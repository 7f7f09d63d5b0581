"""What a task's log says of actions: how many of each sort, and the first of them; all are in the records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from include.benchmark_qa.ledger.action_plan import ActionPlan
    from include.benchmark_qa.ledger.actions import ActionRecord
    from include.benchmark_qa.ledger.outcomes import ActionResult

MOST_LINES = 20


def say_plan(log: Any, plan: ActionPlan, *, dry_run: bool) -> None:
    """Say what is about to be done, or would be, and what is left alone."""
    if dry_run:
        log.info("Dry run: nothing is done in Encord, and nobody is told")
    log.info("%s: %s", "Would do" if dry_run else "To do", _counted(plan.records))
    for one in plan.records[:MOST_LINES]:
        log.info("%s%s: %s", "Would " if dry_run else "", _named(one), one.reason)
    for text in list(dict.fromkeys(_hints(plan.records)))[:MOST_LINES]:
        log.info("Hints for %s", text)
    if more := plan.records[MOST_LINES:]:
        log.info("... and %d more: %s", len(more), _counted(more))
    if plan.left or plan.done:
        log.info("Left alone: %d by the policy, %d came back as they were", len(plan.left), plan.done)


def say_results(log: Any, results: Sequence[ActionResult], project_url: str) -> None:
    """Say what was done, and warn of what was not."""
    from include.benchmark_qa.ledger.outcomes import Outcome

    undone = [one for one in results if one.outcome is not Outcome.DONE]
    log.info("Done: %s; see %s", _counted(one.record for one in results if one.outcome is Outcome.DONE), project_url)
    for one in undone[:MOST_LINES]:
        log.warning("%s: %s: %s", one.outcome.capitalize(), _named(one.record), one.why)
    if more := undone[MOST_LINES:]:
        log.warning("... and %d more were not done: %s", len(more), _counted(one.record for one in more))


def _named(record: ActionRecord) -> str:
    return f"{record.what} {record.name}" + (f" ({record.task_uuid})" if record.task_uuid else "")


def _hints(records: Iterable[ActionRecord]) -> Iterator[str]:
    """Yield the hints of each annotator on each file; an issue has those of its task."""
    for one in records:
        for email, hints in one.hints:
            yield f"{email} on {one.data_title}: {'; '.join(hints)}"


def _counted(records: Iterable[ActionRecord]) -> str:
    counts = Counter(one.what for one in records)
    return ", ".join(f"{count} x {what}" for what, count in sorted(counts.items())) or "nothing"
