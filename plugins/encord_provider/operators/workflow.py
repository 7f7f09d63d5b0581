from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from encord_provider.exceptions import EncordNotFoundError, EncordWorkflowError
from encord_provider.links.encord import EncordProjectLink
from encord_provider.operators.base import EncordBaseOperator
from include.benchmark_qa.routing import plan_routes

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.workflow import AgentTask

# A refused bundle is listed anew and sent again; a stage that still refuses after so many is not merely busy.
MAX_REFUSALS = 5
SETTLE_POLL_SECONDS = 1.0


class EncordRouteTasksOperator(EncordBaseOperator):
    """
    Send every task at the agent stage along its pathway: known units one way, all others the other way.

    All tasks are listed before any is moved, until the stage is empty. Everything that could be wrong (stage, pathway,
    dataset) is an error before anything moves. Returns ``{"project_hash", "routed": {pathway: tasks routed now}}``.

    :param project_title: the production project (templated)
    :param benchmark_dataset_title: the dataset whose units are known (templated)
    :param agent_stage: title of the agent stage (templated)
    :param benchmark_pathway: pathway of known units (templated)
    :param production_pathway: pathway of all others (templated)
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
    )
    operator_extra_links = (EncordProjectLink(),)

    def __init__(
        self,
        *,
        project_title: str,
        benchmark_dataset_title: str,
        agent_stage: str = "Benchmark Task?",
        benchmark_pathway: str = "YES",
        production_pathway: str = "NO",
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
        self.skip_without_project = skip_without_project
        self.settle_seconds = settle_seconds
        self.project_hash: str | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Check, then route until nothing is left to route.

        :raises EncordNotFoundError: the project or the dataset does not exist
        :raises EncordWorkflowError: the stage, a pathway or the attached dataset is missing, or the dataset is empty
        """
        self.project_hash = self._find_project()
        names = (self.benchmark_pathway, self.production_pathway)
        pathways = self.hook.workflow.pathways(self.project_hash, self.agent_stage, names)
        known = self._known_units(self.project_hash)
        sent: dict[str, str] = {}
        deadline = time.time() + self.settle_seconds
        while True:
            # Asked before routing: a task that appears between the two is routed, not taken for routed.
            settled = time.time() >= deadline or self._all_units_have_tasks(self.project_hash)
            sent |= self._route_all(self.project_hash, pathways, known)
            if settled:
                break
            time.sleep(SETTLE_POLL_SECONDS)
        routed = {name: sum(pathway == name for pathway in sent.values()) for name in names}
        self.log.info("Routed now: %s", ", ".join(f"{count} {name}" for name, count in routed.items()))
        return {"project_hash": self.project_hash, "routed": routed}

    def _find_project(self) -> str:
        if project_hash := self.hook.projects.find(self.project_title):
            return project_hash
        if self.skip_without_project:
            self.log.info("There is no project %r yet: nothing to route", self.project_title)  # Airflow shows no reason
            raise AirflowSkipException(f"there is no project {self.project_title!r} yet")
        raise EncordNotFoundError(f"no project is called {self.project_title!r}: was it renamed in Encord?")

    def _known_units(self, project_hash: str) -> set[str]:
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

    def _route_all(self, project_hash: str, pathways: dict[str, str], known: set[str]) -> dict[str, str]:
        """Route until the stage is empty; return ``{task uuid: pathway name}`` of those that have left it."""
        sent: dict[str, str] = {}
        refusals = 0
        while tasks := self.hook.workflow.agent_tasks(project_hash, self.agent_stage):
            routes = self._plan(tasks, known)
            sent |= routes
            if self._proceed(tasks, {task: pathways[name] for task, name in routes.items()}):
                refusals = 0
            elif (refusals := refusals + 1) > MAX_REFUSALS:
                raise EncordWorkflowError(
                    f"Encord refuses to move {len(tasks)} task(s) out of agent stage {self.agent_stage!r} "
                    f"of project {project_hash}, such as {tasks[0].task_uuid} ({tasks[0].data_title})"
                )
        return sent

    def _plan(self, tasks: Sequence[AgentTask], known: set[str]) -> dict[str, str]:
        routes = plan_routes(tasks, known)
        benchmark = dict.fromkeys(routes.benchmark, self.benchmark_pathway)
        return benchmark | dict.fromkeys(routes.production, self.production_pathway)

    def _proceed(self, tasks: Sequence[AgentTask], pathways: dict[str, str]) -> bool:
        from encord.exceptions import InvalidArgumentsError

        try:
            self.hook.workflow.proceed(tasks, pathways)
        except InvalidArgumentsError as error:
            # Somebody, perhaps this call's own first try whose answer was lost, has moved one of the tasks.
            self.log.warning("Encord refused a bundle, listing the stage again: %s", error)
            return False
        return True

    def _all_units_have_tasks(self, project_hash: str) -> bool:
        with_task = {row.data_hash for row in self.hook.labels.rows(project_hash) if row.stage_title is not None}
        units = self.hook.unit_hashes(project_hash)
        if missing := units - with_task:
            self.log.info("%d of %d units have no task yet", len(missing), len(units))
        return not missing
