from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from encord_provider.adapters.refusals import Sent
    from encord_provider.hooks.encord import EncordHook
    from encord_provider.operators.action_log import ActionLog
    from include.benchmark_qa.ledger.actions import ActionRecord
    from include.benchmark_qa.ledger.outcomes import ActionResult

REVIEWS = ("approve", "reject")
MOVES = ("move", "proceed")
TASK_ACTIONS = REVIEWS + MOVES


class Actor:
    """
    Do in Encord what was recorded, kind by kind, and write down what came of each.

    Tasks go first: an issue or a notice can follow when a task has moved, and a task cannot follow an issue that Encord
    may count as a change of it. What Encord refuses does not keep the rest from being done.

    :param notify: sends the notice of a record, with why its annotator was not removed, if so; whatever it raises is
        that notifier's own failure
    """

    def __init__(
        self, hook: EncordHook, project_hash: str, scored_stage: str, notify: Callable[[ActionRecord, str], None]
    ) -> None:
        self._hook = hook
        self._project_hash = project_hash
        self._scored_stage = scored_stage
        self._notify = notify

    def destinations(self, records: Iterable[ActionRecord]) -> dict[str, str]:
        """
        Return where tasks are to be moved, ``{task uuid: stage uuid}``; titles are looked up before any moves.

        :raises EncordWorkflowError: the project has no such stage or pathway
        """
        workflow = self._hook.workflow
        find = {"move": workflow.stage_uuid, "proceed": workflow.pathway_end}
        moves = [one for one in records if one.action in find]
        ends = {
            (action, target): find[action](self._project_hash, target)
            for action, target in sorted({(one.action, one.target) for one in moves})
        }
        return {one.task_uuid: ends[one.action, one.target] for one in moves}

    def act(
        self, records: Sequence[ActionRecord], destinations: Mapping[str, str], log: ActionLog
    ) -> list[ActionResult]:
        """Do it; return what came of everything. What stops in between has noted what was done until then."""
        workflow = self._hook.workflow
        reviews = [one for one in records if one.action in REVIEWS]
        moves = [one for one in records if one.action in MOVES]
        results = self._send(workflow.review, reviews, {one.task_uuid: one.action for one in reviews}, log)
        results += self._send(workflow.move, moves, destinations, log)
        results += self._write_issues([one for one in records if one.action == "issue"], log)
        return results + self._act_on_people([one for one in records if one.action in ("remove", "notify")], log)

    def _send(
        self,
        send: Callable[[str, str, Mapping[str, str]], Sent],
        records: Sequence[ActionRecord],
        wanted: Mapping[str, str],
        log: ActionLog,
    ) -> list[ActionResult]:
        from include.benchmark_qa.ledger.outcomes import ActionResult, Outcome

        if not records:
            return []
        refused = send(self._project_hash, self._scored_stage, wanted).refused
        results = [
            ActionResult(one, Outcome.REFUSED, f"stage {self._scored_stage!r}: {refused[one.task_uuid]}")
            if one.task_uuid in refused
            else ActionResult(one, Outcome.DONE)
            for one in records
        ]
        log.note(results)
        return results

    def _write_issues(self, records: Sequence[ActionRecord], log: ActionLog) -> list[ActionResult]:
        from encord.exceptions import AuthorisationError, InvalidArgumentsError, ResourceNotFoundError

        from include.benchmark_qa.ledger.outcomes import ActionResult, Outcome

        results: list[ActionResult] = []
        by_unit = sorted(records, key=lambda one: (one.data_hash, one.key))
        for data_hash, group in groupby(by_unit, key=lambda one: one.data_hash):
            issues = list(group)
            outcome, why = Outcome.DONE, ""
            try:
                self._hook.issues.ensure(self._project_hash, data_hash, dict(map(issue_text, issues)))
            except (AuthorisationError, InvalidArgumentsError, ResourceNotFoundError) as error:
                outcome, why = Outcome.REFUSED, error.message
            results += [ActionResult(one, outcome, why) for one in issues]
        log.note(results)
        return results

    def _act_on_people(self, records: Sequence[ActionRecord], log: ActionLog) -> list[ActionResult]:
        """Remove and tell, each removal before the notices of it."""
        results: list[ActionResult] = []
        notes: dict[str, str] = {}
        for one in records:
            [email] = one.who
            if one.action == "remove":
                result = self._remove(one)
                notes[email] = result.why
            else:
                result = self._tell(one, notes.get(email, ""))
            log.note([result])
            results.append(result)
        return results

    def _remove(self, record: ActionRecord) -> ActionResult:
        from include.benchmark_qa.ledger.outcomes import ActionResult, Outcome

        why = self._hook.people.remove_annotator(self._project_hash, record.who[0])
        return ActionResult(record, Outcome.REFUSED if why else Outcome.DONE, why)

    def _tell(self, record: ActionRecord, note: str) -> ActionResult:
        from include.benchmark_qa.ledger.outcomes import ActionResult, Outcome

        try:
            self._notify(record, note)
        except Exception as error:  # noqa: BLE001 - whatever a notifier raises must not keep the rest from being done
            # Its text may hold a web hook's address, which is a secret.
            return ActionResult(record, Outcome.FAILED, f"{type(error).__name__}; tried again by the next pass")
        return ActionResult(record, Outcome.DONE)


def issue_text(record: ActionRecord) -> tuple[str, str]:
    """Return the mark by which a record's issue is known, and its text: to whom it goes, and at most three hints."""
    mark = f"[ref {record.key.removeprefix('issue:')[:16]}]"
    [(email, hints)] = record.hints
    return mark, f"{email}: {'; '.join(hints)} {mark}"
