from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from encord_provider.links.encord import EncordProjectLink
from encord_provider.operators.base import EncordBaseOperator
from encord_provider.operators.labels import submissions_of
from include.benchmark_qa import paths

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.sdk import Context

    from encord_provider.adapters.reviews import ConsensusTask
    from include.benchmark_qa.ledger.actions import ActionRecord
    from include.benchmark_qa.ledger.model import Ledger, LedgerEntry
    from include.benchmark_qa.policy import TaskAction
    from include.object_storage.protocol import Bucket

REVIEWS = ("approve", "reject")


class EncordApplyDecisionsOperator(EncordBaseOperator):
    """
    Act on scores as the campaign's policy says: on each benchmark task that waits in the scored stage with all scores.

    The scores may be of an earlier pass. Each action is recorded in the workspace before it is done, with its reason
    and the scores that caused it, and done once for the same submissions and verdict. What concerns annotators, and
    issues, is recorded as planned. Returns ``{"scored": tasks looked at, "acted": tasks acted on}``.

    :param scores: what the mapped :class:`EncordScoreLabelsOperator` returned, None for nothing (templated)
    :param project_hash: the production project (templated)
    :param scored_stage: title of the consensus block (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param policy: the fields of ``PolicySettings``
    :param decision: the fields of ``DecisionSettings`` (templated)
    """

    template_fields: Sequence[str] = ("scores", "project_hash", "scored_stage", "workspace", "decision")
    operator_extra_links = (EncordProjectLink(),)

    def __init__(
        self,
        *,
        scores: Sequence[Mapping[str, Any]] | None,
        project_hash: str,
        scored_stage: str,
        workspace: str,
        policy: Mapping[str, Any],
        decision: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scores = scores
        self.project_hash = project_hash
        self.scored_stage = scored_stage
        self.workspace = workspace
        self.policy = policy
        self.decision = decision

    def execute(self, context: Context) -> dict[str, int]:
        """
        Take the scores into the ledger, plan, record, act.

        :raises EncordWorkflowError: the policy names a stage or a pathway that the project lacks
        """
        from include.benchmark_qa.ledger.actions import note_done
        from include.benchmark_qa.ledger.store import LedgerStore
        from include.object_storage import open_bucket

        workspace = open_bucket(self.workspace)
        store = LedgerStore(workspace, self.project_hash)
        ledger = store.read()
        # A slice fetches all mapped results at once; iterating would be one call each, and one more to find the end.
        names = [score["batch"] for score in self.scores[:]] if self.scores is not None else []
        scored = {entry.data_hash for entry in store.take_in(ledger, [*names, *ledger.outstanding])}
        self._note_records(workspace, ledger)
        tasks = self.hook.workflow.consensus_tasks(self.project_hash, self.scored_stage)
        records = self._plan(ledger, tasks, at := context["ti"].start_date)
        destinations = self._destinations(records)
        self._record(workspace, ledger, records, at)
        store.write(ledger)
        acted = self._act(records, destinations)
        note_done(ledger, records)
        store.write(ledger)
        looked_at = scored | {task.data_hash for task in tasks}
        self.log.info("Acted on %d of %d scored task(s)", acted, len(looked_at))
        return {"scored": len(looked_at), "acted": acted}

    def _plan(self, ledger: Ledger, tasks: Sequence[ConsensusTask], at: datetime) -> list[ActionRecord]:
        """Return the records of what is to be done, and was not."""
        from include.benchmark_qa.ledger.actions import annotator_record, is_done, task_record
        from include.benchmark_qa.policy import plan_actions, plan_annotator_actions
        from include.benchmark_qa.scoring.settings import DecisionSettings, PolicySettings

        policy = PolicySettings.model_validate(self.policy)
        decision = DecisionSettings.model_validate(self.decision or {})
        states = {task.task_uuid: f"{task.task_uuid} {task.updated_at.isoformat()}" for task in tasks}
        scores = self._scores(ledger, tasks)
        records = []
        for action in plan_actions([entry for entries in scores.values() for entry in entries], policy):
            record = task_record(action, scores[action.task_uuid], states[action.task_uuid], at)
            done = action.action != "leave" and is_done(ledger, record)
            self._log_action(action, done=done)
            if action.action != "leave" and not done:
                records.append(record)
        for person in plan_annotator_actions(ledger.entries.values(), policy, decision):
            record = annotator_record(person, ledger.entries.values(), at)
            if not is_done(ledger, record):
                self.log.warning("Planned: %s %s: %s", person.action, person.annotator_email, person.reason)
                records.append(record)
        return records

    def _scores(self, ledger: Ledger, tasks: Iterable[ConsensusTask]) -> dict[str, list[LedgerEntry]]:
        """Return the scores of the tasks that have all of theirs, by task, under the task's uuid of today."""
        from dataclasses import replace

        from include.benchmark_qa.ledger.planning import current_entries

        found = {task.task_uuid: current_entries(ledger, submissions_of(task)) for task in tasks}
        return {
            task_uuid: [replace(entry, task_uuid=task_uuid) for entry in entries]
            for task_uuid, entries in found.items()
            if entries
        }

    def _destinations(self, records: Iterable[ActionRecord]) -> dict[str, str]:
        """Return where tasks are to be moved, ``{task uuid: stage uuid}``; titles are looked up before any moves."""
        workflow = self.hook.workflow
        find = {"move": workflow.stage_uuid, "proceed": workflow.pathway_end}
        moves = [one for one in records if one.action in find]
        ends = {
            (action, target): find[action](self.project_hash, target)
            for action, target in sorted({(one.action, one.target) for one in moves})
        }
        return {one.task_uuid: ends[one.action, one.target] for one in moves}

    def _record(self, workspace: Bucket, ledger: Ledger, records: Sequence[ActionRecord], at: datetime) -> None:
        from include.benchmark_qa.ledger.actions import dump_records, note_records, records_name

        # What a killed pass recorded and did not do is done now, and needs no second record.
        unrecorded = [one for one in records if ledger.acted.get(one.key) != one.state]
        if not unrecorded:
            return
        content = dump_records(unrecorded)
        name = records_name(content, at)
        workspace.write(f"{paths.actions(self.project_hash)}{name}", content)
        note_records(ledger, name, content)

    def _note_records(self, workspace: Bucket, ledger: Ledger) -> None:
        """Take records into the ledger that a killed pass wrote, or another Dag."""
        from include.benchmark_qa.ledger.actions import note_records
        from include.object_storage import BucketNotFoundError

        folder = paths.actions(self.project_hash)
        known = set(ledger.action_files)
        try:
            keys = [key for batch in workspace.list(folder) for key in batch.keys]
        except BucketNotFoundError:  # a folder appears with the first write
            return
        for key in keys:
            if (name := key.removeprefix(folder)) not in known:
                note_records(ledger, name, workspace.read(key))

    def _act(self, records: Iterable[ActionRecord], destinations: Mapping[str, str]) -> int:
        workflow = self.hook.workflow
        reviews = {one.task_uuid: one.action for one in records if one.action in REVIEWS}
        acted = workflow.review(self.project_hash, self.scored_stage, reviews) if reviews else 0
        moved = workflow.move(self.project_hash, self.scored_stage, destinations) if destinations else 0
        return acted + moved

    def _log_action(self, action: TaskAction, *, done: bool) -> None:
        what = f"{action.action} {action.target}".strip()
        note = " (done before, and it came back as it was: left alone)" if done else ""
        self.log.info("%s %s (%s): %s%s", what, action.data_title, action.task_uuid, action.reason, note)
        for email, hints in action.hints:
            self.log.info("Hints for %s: %s", email, "; ".join(hints))
