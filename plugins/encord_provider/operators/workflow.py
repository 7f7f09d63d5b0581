from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from encord_provider import metrics
from encord_provider.exceptions import EncordNotFoundError, EncordWorkflowError
from encord_provider.links.encord import EncordProjectLink, EncordStageLink
from encord_provider.operators.base import EncordBaseOperator
from encord_provider.operators.task_mixing import TaskMixing
from encord_provider.operators.task_routing import TaskRouting
from include.benchmark_qa import paths
from include.benchmark_qa.routing import plan_routes

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.workflow import AgentTask
    from include.benchmark_qa.campaign_parts import BenchmarkMix

# The first pause between two looks for tasks that Encord has not made yet, and the longest, in seconds.
SETTLE_PAUSES = (1.0, 15.0)
# To ask for more units than these by name costs more than to ask for all.
FEW_UNITS = 2_000


class EncordRouteTasksOperator(EncordBaseOperator):
    """
    Send every task at the agent stage along its pathway: known units one way, all others the other way.

    All tasks are listed before any is moved, until the stage is empty. Before they move they get the priorities that
    put known units where they belong among the real work. Everything that could be wrong (stage, pathway, dataset) is
    an error before anything moves; a stage without tasks is only looked at. Returns ``{"project_hash", "routed":
    {pathway: tasks routed now}, "waiting": {"known", "real"}}``: units that annotators still have to label, None where
    nothing was routed.

    :param project_title: the production project (templated)
    :param benchmark_dataset_title: the dataset whose units are known (templated)
    :param agent_stage: title of the agent stage (templated)
    :param benchmark_pathway: pathway of known units (templated)
    :param production_pathway: pathway of all others (templated)
    :param benchmark_mix: where known units lie in the queue: ``interleave``, ``first`` or ``none`` (templated)
    :param workspace: URI of the campaign's workspace, where it is written down how much work waits; None: nowhere
        (templated)
    :param skip_without_project: skip, instead of failing, while the project does not exist yet
    :param settle_seconds: how long to wait for tasks that Encord has not made yet of units just attached; those that
        are later still are the next pass's
    """

    template_fields: Sequence[str] = (
        "project_title",
        "benchmark_dataset_title",
        "agent_stage",
        "benchmark_pathway",
        "production_pathway",
        "benchmark_mix",
        "workspace",
    )
    operator_extra_links = (EncordProjectLink(), EncordStageLink())

    def __init__(
        self,
        *,
        project_title: str,
        benchmark_dataset_title: str,
        agent_stage: str = "Benchmark Task?",
        benchmark_pathway: str = "YES",
        production_pathway: str = "NO",
        benchmark_mix: BenchmarkMix = "interleave",
        workspace: str | None = None,
        skip_without_project: bool = False,
        settle_seconds: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project_title = project_title
        self.benchmark_dataset_title = benchmark_dataset_title
        self.agent_stage = agent_stage
        self.benchmark_pathway = benchmark_pathway
        self.production_pathway = production_pathway
        self.benchmark_mix = benchmark_mix
        self.workspace = workspace
        self.skip_without_project = skip_without_project
        self.settle_seconds = settle_seconds
        self.project_hash: str | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Check, then route until nothing is left to route.

        :raises EncordNotFoundError: the project or the dataset does not exist
        :raises EncordWorkflowError: the stage, a pathway or the attached dataset is missing, the dataset is empty, or
            Encord refuses to move tasks that are there
        """
        self.project_hash = project_hash = self._find_project()
        names = (self.benchmark_pathway, self.production_pathway)
        pathways = self.hook.workflow.pathways(project_hash, self.agent_stage, names)
        if self.settle_seconds:
            self._settle(project_hash)
        ways: dict[str, str] = {}
        waiting = None
        routing = TaskRouting(self.hook.workflow, project_hash, self.agent_stage)
        while tasks := routing.tasks():
            if not ways.keys() >= {task.task_uuid for task in tasks}:  # those that were refused are mixed already
                waiting = self._mix(context)
            ways |= self._plan(tasks)
            routing.send(tasks, {task.task_uuid: pathways[ways[task.task_uuid]] for task in tasks})
        if waiting and self._mixing.is_lost:
            self.log.info("Encord has forgotten the priorities on the way: they are set again")
            self._mix(context)
        routed = self._tell(names, ways)
        metrics.count_each(context, "tasks_routed", "pathway", routed)
        return {"project_hash": project_hash, "routed": routed, "waiting": waiting}

    def _find_project(self) -> str:
        if project_hash := self.hook.projects.find(self.project_title):
            return project_hash
        if self.skip_without_project:
            self.log.info("There is no project %r yet: nothing to route", self.project_title)  # Airflow shows no reason
            raise AirflowSkipException(f"there is no project {self.project_title!r} yet")
        raise EncordNotFoundError(f"no project is called {self.project_title!r}: was it renamed in Encord?")

    @cached_property
    def _known_units(self) -> set[str]:
        project_hash = str(self.project_hash)
        dataset_hash = self.hook.datasets.find(self.benchmark_dataset_title)
        if dataset_hash is None:
            raise EncordNotFoundError(
                f"no dataset is called {self.benchmark_dataset_title!r}: was it renamed in Encord?"
            )
        if dataset_hash not in self.hook.projects.dataset_hashes(project_hash):
            raise EncordWorkflowError(
                f"benchmark dataset {self.benchmark_dataset_title!r} ({dataset_hash}) is not attached to project "
                f"{self.project_title!r} ({project_hash}): every task would be routed {self.production_pathway}"
            )
        if known := self.hook.datasets.data_hashes(dataset_hash):
            return known
        raise EncordWorkflowError(
            f"benchmark dataset {self.benchmark_dataset_title!r} ({dataset_hash}) has no units: "
            f"every task would be routed {self.production_pathway}"
        )

    def _settle(self, project_hash: str) -> None:
        """Wait until every unit has a task; one that appears only after the last look is routed all the same."""
        deadline = time.time() + self.settle_seconds
        units = self.hook.unit_hashes(project_hash)
        pause, longest = SETTLE_PAUSES
        missing = self._without_task(project_hash, units)
        while missing and (left := deadline - time.time()) > 0:
            self.log.info("%d of %d units have no task yet", len(missing), len(units))
            time.sleep(min(pause, left))
            missing, pause = self._without_task(project_hash, missing), min(pause * 1.5, longest)

    def _without_task(self, project_hash: str, units: set[str]) -> set[str]:
        asked = units if len(units) <= FEW_UNITS else None
        rows = self.hook.labels.rows(project_hash, asked)
        return units - {row.data_hash for row in rows if row.stage_title is not None}

    @cached_property
    def _mixing(self) -> TaskMixing:
        return TaskMixing(self.hook, str(self.project_hash), self._known_units, self.benchmark_mix)

    def _mix(self, context: Context) -> dict[str, int]:
        queue = self._mixing.ensure(context["ti"].start_date)
        if self.workspace:
            from include.object_storage import open_bucket

            open_bucket(self.workspace).write(paths.WORK_QUEUE, queue.to_json())
        return {"known": queue.known_waiting, "real": queue.real_waiting}

    def _plan(self, tasks: Sequence[AgentTask]) -> dict[str, str]:
        routes = plan_routes(tasks, self._known_units)
        benchmark = dict.fromkeys(routes.benchmark, self.benchmark_pathway)
        return benchmark | dict.fromkeys(routes.production, self.production_pathway)

    def _tell(self, names: Sequence[str], ways: dict[str, str]) -> dict[str, int]:
        counts = Counter(ways.values())
        routed = {name: counts[name] for name in names}
        said = ", ".join(f"{count} to {name}" for name, count in routed.items())
        self.log.info("Routed now: %s; %s", said, self.hook.project_url(str(self.project_hash)))
        return routed
