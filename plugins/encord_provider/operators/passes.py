from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from encord_provider.links.encord import EncordProjectLink, EncordStageLink
from encord_provider.operators.base import EncordBaseOperator
from encord_provider.operators.pass_memory import read_cursor, write_cursor
from encord_provider.sensors.turns import run_at_it

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.benchmark_qa.ledger.cursor import Cursor
    from include.benchmark_qa.ledger.model import Ledger


class EncordFindWorkOperator(EncordBaseOperator):
    """
    See whether there is anything for a pass to do, by at most five requests; skip the pass where there is nothing.

    There is something to do where tasks wait at the agent stage, where submissions or ground truth are new or were
    edited, where the campaign's settings changed, and where the last pass did not end well. What the last pass left is
    remembered with the one asset that this task names in ``inlets``; without that memory there is always something to
    do. No labels are read. Also skipped is a project that does not exist yet, and one that is over: somebody
    set its status to completed, cancelled or archived. Returns ``{"project_hash", "reason"}``; why a pass was
    skipped is under the key ``skipped``.

    :param project_title: the production project (templated)
    :param agent_stage: title of the agent stage (templated)
    :param scored_stage: title of the consensus block that is scored (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param terms: all settings that the outcome of a pass depends on (templated)
    :param yields_to: a Dag's id with the first and the last task of its own pass, which is not to be disturbed
    """

    template_fields: Sequence[str] = ("project_title", "agent_stage", "scored_stage", "workspace", "terms")
    operator_extra_links = (EncordProjectLink(), EncordStageLink())

    def __init__(
        self,
        *,
        project_title: str,
        agent_stage: str,
        scored_stage: str,
        workspace: str,
        terms: Mapping[str, Any],
        yields_to: tuple[str, str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project_title = project_title
        self.agent_stage = agent_stage
        self.scored_stage = scored_stage
        self.workspace = workspace
        self.terms = terms
        self.yields_to = yields_to
        self.project_hash = ""
        self.waiting = 0

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Look at what is likeliest to have changed first, up to the first change.

        :raises EncordWorkflowError: the project has no such stages
        """
        if self.yields_to and (run_id := run_at_it(context["ti"], *self.yields_to)):
            raise self._skipped(context, f"Run {run_id} of {self.yields_to[0]} is at it")
        project = self.hook.glance.project(self.project_title)
        if project is None:
            raise self._skipped(context, f"There is no project {self.project_title!r} yet")
        self.project_hash = project.project_hash
        if project.is_over:
            why = f"Project {self.project_title!r} is {project.status} in Encord: its campaign is over"
            raise self._skipped(context, why)
        self.hook.workflow.know(project.project_hash, project.stages)
        reason, cursor = self._reason(read_cursor(context))
        if cursor is None:
            self.log.info("There is work: %s", reason)
            return {"project_hash": project.project_hash, "reason": reason}
        raise self._skipped(context, self._rest(context, cursor))

    def _reason(self, cursor: Cursor | None) -> tuple[str, Cursor | None]:
        """Return what there is to do, in words, and None; or nothing, and the cursor."""
        from include.benchmark_qa.ledger.cursor import digest
        from include.benchmark_qa.ledger.store import LedgerStore
        from include.object_storage import open_bucket

        workflow = self.hook.workflow
        agent = workflow.agent_uuid(self.project_hash, self.agent_stage)
        if workflow.has_tasks(self.project_hash, agent):
            return f"tasks wait at {self.agent_stage!r}", None
        store = LedgerStore(open_bucket(self.workspace), self.project_hash)
        if cursor is None or cursor.project_hash != self.project_hash:
            return "no pass over this project is remembered", None
        if cursor.terms != digest(self.terms):
            return "the settings are others than the last time", None
        ledger = store.read()
        if cursor.ledger != store.digest():
            return "the last pass did not come to its end", None
        reason = self._change(ledger)
        return reason, None if reason else cursor

    def _change(self, ledger: Ledger) -> str:
        from encord.exceptions import AuthorisationError

        from encord_provider.operators.submissions import submissions_of
        from include.benchmark_qa.ledger.changes import find_change
        from include.benchmark_qa.ledger.moments import edited_after

        labels = self.hook.labels
        tasks = self.hook.workflow.listed_tasks(self.project_hash, self.scored_stage)
        self.waiting = len(tasks)
        submissions = [one for task in tasks for one in submissions_of(task)]
        if not ledger.benchmark_project:
            return "first submissions are there" if tasks else ""
        # The scores of tasks that have left the stage stand, whatever becomes of their labels.
        since = edited_after(ledger.submitted_until)
        edited = labels.edited_rows(self.project_hash, since, branches=True) if tasks else ()
        try:
            since = edited_after(ledger.truth_until)
            truths = labels.edited_rows(ledger.benchmark_project, since, branches=False)
        except AuthorisationError:  # what Encord says of a project that is not there
            return "the benchmark project is another one"
        return find_change(ledger, submissions, edited, truths)

    def _rest(self, context: Context, cursor: Cursor) -> str:
        """Look at one more stage, remember, and return what to say of a campaign with nothing to do."""
        from dataclasses import replace

        workflow = self.hook.workflow
        seen = (
            workflow.agent_uuid(self.project_hash, self.agent_stage),
            workflow.review_uuid(self.project_hash, self.scored_stage),
        )
        others = workflow.others(self.project_hash, seen)
        empty = () if self.waiting else self._empty_stages(others, cursor.empty_stages)
        write_cursor(context, replace(cursor, empty_stages=empty))
        if self.waiting:
            return f"Nothing changed since the last pass; {self.waiting} task(s) wait for a person to review them"
        if set(empty) == set(others):
            return "The campaign is complete: all tasks are in a final stage; new units make it go on"
        return "Nothing changed since the last pass: people are at work"

    def _empty_stages(self, others: Sequence[str], before: Sequence[str]) -> tuple[str, ...]:
        """
        Look at the stage whose last look is longest ago; return those that were empty, the oldest look first.

        One stage a pass: a look at all of them would be more requests than a pass with nothing to do may make.
        """
        empty = [one for one in before if one in others]
        unseen = [one for one in others if one not in empty]
        for stage_uuid in (unseen or empty)[:1]:
            if self.hook.workflow.has_tasks(self.project_hash, stage_uuid):
                return ()
            return (*(one for one in empty if one != stage_uuid), stage_uuid)
        return ()

    def _skipped(self, context: Context, why: str) -> AirflowSkipException:
        self.log.info("%s: this pass is skipped", why)  # Airflow does not show the reason of a skip
        context["ti"].xcom_push(key="skipped", value=why)
        return AirflowSkipException(why)


class RememberPassOperator(BaseOperator):
    """
    Remember that a pass has done all there was to do, so that the next one need only look for changes.

    Kept with the one asset that this task names in ``inlets``. A pass that does not come here is made up for: the
    ledger is then not as this task last saw it.

    :param project_hash: the production project (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param terms: as :class:`EncordFindWorkOperator` is given them (templated)
    :param pending: how many things the pass left for the next one to try again (templated)
    """

    template_fields: Sequence[str] = ("project_hash", "workspace", "terms", "pending")

    def __init__(
        self, *, project_hash: str, workspace: str, terms: Mapping[str, Any], pending: int | str = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.project_hash = project_hash
        self.workspace = workspace
        self.terms = terms
        self.pending = pending

    def execute(self, context: Context) -> None:
        """Take the ledger's digest down."""
        from include.benchmark_qa.ledger.cursor import Cursor, digest
        from include.benchmark_qa.ledger.store import LedgerStore
        from include.object_storage import open_bucket

        if int(self.pending):
            self.log.info("%s thing(s) are to be tried again: the next pass runs in full", self.pending)
            return
        store = LedgerStore(open_bucket(self.workspace), self.project_hash)
        write_cursor(context, Cursor(self.project_hash, store.digest(), digest(self.terms)))
        self.log.info("This pass did all there was to do; the next one looks for changes only")
