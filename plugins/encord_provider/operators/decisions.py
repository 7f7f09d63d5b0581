from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from encord_provider import metrics
from encord_provider.links.encord import EncordProjectLink, EncordStageLink
from encord_provider.operators.acting import TASK_ACTIONS, Actor
from encord_provider.operators.action_log import ActionLog
from encord_provider.operators.action_words import say_plan, say_results
from encord_provider.operators.base import EncordBaseOperator
from encord_provider.operators.notices import Notifiers, notice_of
from encord_provider.operators.submissions import submissions_of
from include.benchmark_qa import paths

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.reviews import ConsensusTask
    from include.benchmark_qa.ledger.action_plan import ActionPlan, WaitingTask
    from include.benchmark_qa.ledger.actions import ActionRecord
    from include.benchmark_qa.ledger.model import Ledger
    from include.benchmark_qa.ledger.outcomes import ActionResult
    from include.benchmark_qa.scoring.settings import DecisionSettings
    from include.object_storage.protocol import Bucket


class EncordApplyDecisionsOperator(EncordBaseOperator):
    """
    Act on scores as the campaign's policy says: on benchmark tasks that wait with all their scores, and on annotators.

    The scores may be of an earlier pass. Each action is recorded in the workspace before it is done, with its reason
    and the scores that caused it, and its outcome after it; it is done once for the same submissions and verdict. What
    Encord refuses keeps nothing else from being done, and is not tried again before something changed. Returns
    ``{"scored": tasks looked at, "acted": tasks acted on, "pending": notices that the next pass has to try again}``.

    :param scores: what the mapped :class:`EncordScoreLabelsOperator` returned, None for nothing (templated)
    :param project_hash: the production project (templated)
    :param scored_stage: title of the consensus block (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param policy: the fields of ``PolicySettings`` (templated; what the templates of notifiers name is known only when
        they are sent, so a policy with such templates must come from a callable, which Airflow takes as it is)
    :param decision: the fields of ``DecisionSettings`` (templated)
    """

    template_fields: Sequence[str] = ("scores", "project_hash", "scored_stage", "workspace", "policy", "decision")
    operator_extra_links = (EncordProjectLink(), EncordStageLink())

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
        :raises ValueError: the policy names a notifier that there is none, or that does not take its arguments
        """
        from include.benchmark_qa.ledger.action_plan import make_plan
        from include.benchmark_qa.ledger.store import LedgerStore
        from include.benchmark_qa.scoring.settings import DecisionSettings, PolicySettings
        from include.object_storage import open_bucket

        policy = PolicySettings.model_validate(self.policy)
        decision = DecisionSettings.model_validate(self.decision or {})
        notifiers = Notifiers(policy.notify)
        workspace = open_bucket(self.workspace)
        store = LedgerStore(workspace, self.project_hash)
        ledger = store.read()
        scored = {entry.data_hash for entry in store.take_in(ledger, [*self._batches(), *ledger.outstanding])}
        actions = ActionLog(workspace, self.project_hash, ledger, context["run_id"])
        actions.take_in()
        tasks = self.hook.workflow.consensus_tasks(self.project_hash, self.scored_stage)
        waiting = list(map(_waiting, tasks))
        plan = make_plan(
            ledger,
            waiting,
            policy,
            decision,
            notifiers=notifiers.names,
            at=context["ti"].start_date,
            archived=store.archived(ledger) if policy.on_annotator_fail != "leave" else (),
        )
        send = partial(self._send_notice, notifiers, plan, decision, context)
        actor = Actor(self.hook, self.project_hash, self.scored_stage, send)
        destinations = actor.destinations(plan.records)
        say_plan(self.log, plan, dry_run=policy.dry_run)
        _write_dry_run(workspace, self.project_hash, plan.records if policy.dry_run else ())
        results: list[ActionResult] = []
        if not policy.dry_run:
            left_open = self._tidy_up(ledger, actions, plan, waiting)
            actions.record(plan.records)
            store.write(ledger)
            results = actor.act([*plan.records, *left_open], destinations, actions)
            say_results(self.log, results, self.hook.project_url(self.project_hash))
        store.write(ledger)
        metrics.count_each(context, "actions", "action", _done(results))
        return {"scored": len(scored | {task.data_hash for task in tasks}), **_counts(results)}

    def _batches(self) -> list[str]:
        # A slice fetches all mapped results at once; iterating would be one call each, and one more to find the end.
        return [score["batch"] for score in self.scores[:]] if self.scores is not None else []

    def _tidy_up(
        self, ledger: Ledger, actions: ActionLog, plan: ActionPlan, waiting: Sequence[WaitingTask]
    ) -> list[ActionRecord]:
        """Note what killed passes did and what no longer holds; return the issues that they left to be written."""
        from include.benchmark_qa.ledger.action_plan import gone_on, still_open
        from include.benchmark_qa.ledger.outcomes import ActionResult, Outcome

        issues, notices = still_open(ledger, plan.records)
        moved = gone_on(ledger, waiting)
        found = {one.key: one for one in actions.find([*moved, *issues, *notices])}
        for key in {*moved, *issues, *notices} - found.keys():
            del ledger.acted[key]  # its record is damaged: nobody can tell any more what it was
        later = partial(ActionResult, outcome=Outcome.DONE, why="noted later: the task had gone on")
        dropped = partial(ActionResult, outcome=Outcome.WITHDRAWN, why="no longer asked for")
        actions.note(
            [
                *(later(found[key]) for key in moved if key in found),
                *(dropped(found[key]) for key in notices if key in found),
                *plan.withdrawn,
            ]
        )
        return [found[key] for key in issues if key in found]

    def _send_notice(
        self,
        notifiers: Notifiers,
        plan: ActionPlan,
        decision: DecisionSettings,
        context: Context,
        record: ActionRecord,
        note: str,
    ) -> None:
        if not record.target:  # nobody is named: what the log says is the notice
            return
        person = plan.failing[record.who[0]]
        notice = notice_of(person, record, decision, self.hook.project_url(self.project_hash), note)
        notifiers.send(record.target, notice, context)


def _waiting(task: ConsensusTask) -> WaitingTask:
    from include.benchmark_qa.ledger.action_plan import WaitingTask

    state = f"{task.task_uuid} {task.updated_at.isoformat()}"
    return WaitingTask(task.task_uuid, state, submissions_of(task))


def _write_dry_run(workspace: Bucket, project_hash: str, records: Sequence[ActionRecord]) -> None:
    """Replace what the last dry run would have done; nothing is written where there never was a dry run."""
    from include.benchmark_qa.ledger.actions import dump_records

    key = paths.dry_run(project_hash)
    if records or workspace.exists(key):
        workspace.write(key, dump_records(records))


def _done(results: Sequence[ActionResult]) -> Counter[str]:
    from include.benchmark_qa.ledger.outcomes import Outcome

    return Counter(one.record.action for one in results if one.outcome is Outcome.DONE)


def _counts(results: Sequence[ActionResult]) -> dict[str, int]:
    from include.benchmark_qa.ledger.outcomes import Outcome

    done = _done(results)
    return {
        "acted": sum(count for action, count in done.items() if action in TASK_ACTIONS),
        "pending": sum(one.outcome is Outcome.FAILED for one in results),
    }
