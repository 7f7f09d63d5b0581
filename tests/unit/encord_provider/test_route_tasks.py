from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from encord.exceptions import RequestException

from encord_provider.exceptions import EncordNotFoundError, EncordWorkflowError
from tests.emulator.emulator_support import ESTABLISHING
from tests.unit.encord_provider.provider_support import (
    DATASETS,
    PRODUCTION_PROJECT,
    empty_dataset,
    images,
    importer,
    project_maker,
    router,
    run,
    write_manifest,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

MakeProject = Callable[..., str]
ACTIONS = "POST .*workflow/stages/.*/actions$"


@pytest.fixture
def make_production(workspace: Path) -> MakeProject:
    """Return a function that makes a production project of so many known and other images; returns its hash."""

    def make(benchmark: int = 4, production: int = 7) -> str:
        write_manifest(
            workspace, {"benchmark": images("benchmark", benchmark), "production": images("production", production)}
        )
        done = run(importer(workspace))
        return str(run(project_maker(PRODUCTION_PROJECT, [done["benchmark_dataset"], done["production_dataset"]])))

    return make


def whereabouts(client: EncordUserClient, project_hash: str) -> dict[str, set[str]]:
    """Return the stage of each task, ``{stage: {"benchmark", "production"}}``: whose units are where."""
    found: dict[str, set[str]] = {}
    for row in client.get_project(project_hash).list_label_rows_v2():
        found.setdefault(row.workflow_graph_node.title, set()).add(row.data_title.partition("/")[0])
    return found


def moved(control: Control) -> dict[str, int]:
    """Return how many tasks ever left the agent stage of the production project, by pathway."""
    [project] = control.call("GET", "state")["projects"]
    return dict(project["routed"]["Benchmark Task?"])


@pytest.mark.parametrize("page_size", [3, 100])
@pytest.mark.parametrize("paging", ["keyset", "offset"])
def test_known_units_go_one_way_and_all_others_the_other(
    make_production: MakeProject, client: EncordUserClient, control: Control, paging: str, page_size: int
) -> None:
    control.switch(task_paging=paging, page_size=page_size)
    project_hash = make_production()
    done = {"project_hash": project_hash, "routed": {"YES": 4, "NO": 7}, "waiting": {"known": 4, "real": 7}}
    assert run(router()) == done
    assert whereabouts(client, project_hash) == {"Consensus 1": {"benchmark"}, "Annotate": {"production"}}
    assert moved(control) == {"YES": 4, "NO": 7}
    idle = {"project_hash": project_hash, "routed": {"YES": 0, "NO": 0}, "waiting": None}
    assert run(router()) == idle


def test_a_thousand_tasks_are_two_requests(make_production: MakeProject, control: Control) -> None:
    make_production(3, 1_100)
    asked = control.requests()[-1]["n"]
    assert run(router())["routed"] == {"YES": 3, "NO": 1_100}
    sent = [one for one in control.requests(after=asked) if one["path"].endswith("/actions")]
    assert len(sent) == 2


def test_units_linked_under_one_data_hash_are_known_too(make_production: MakeProject, control: Control) -> None:
    control.switch(data_hash_scope="item")
    make_production()
    assert run(router())["routed"] == {"YES": 4, "NO": 7}


def test_the_pathways_may_have_other_names(make_production: MakeProject) -> None:
    make_production()
    done = run(router(benchmark_pathway="NO", production_pathway="YES"))
    assert done["routed"] == {"NO": 4, "YES": 7}


WRONG = {
    "stage": ({"agent_stage": "Benchmark task"}, EncordWorkflowError, "no AgentStages with title 'Benchmark task'"),
    "stage of another type": ({"agent_stage": "Annotate"}, EncordWorkflowError, "'Benchmark Task\\?' \\(AGENT\\)"),
    "pathway": ({"benchmark_pathway": "Yes"}, EncordWorkflowError, "lacks pathway\\(s\\) 'Yes'; it has 'YES', 'NO'"),
    "dataset": ({"benchmark_dataset_title": "Bench"}, EncordNotFoundError, "no dataset is called 'Bench'"),
    "project": ({"project_title": "Produce"}, EncordNotFoundError, "no project is called 'Produce'"),
    "dataset of no project": ({"benchmark_dataset_title": "Loose"}, EncordWorkflowError, "not attached to project"),
    "dataset without units": ({"benchmark_dataset_title": "Empty"}, EncordWorkflowError, "has no units"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_said_before_anything_moves(
    make_production: MakeProject, client: EncordUserClient, control: Control, wrong: str
) -> None:
    project_hash = make_production(1, 2)
    empty_dataset("Loose")
    client.get_project(project_hash).add_datasets([empty_dataset("Empty")])
    arguments, error, message = WRONG[wrong]
    with pytest.raises(error, match=message):
        run(router(**arguments))
    assert moved(control) == {"YES": 0, "NO": 0}


def test_a_workflow_without_agent_stage_lists_its_stages() -> None:
    run(project_maker(PRODUCTION_PROJECT, [], workflow_template=ESTABLISHING))
    with pytest.raises(EncordWorkflowError, match=r"its stages are: 'Annotate' \(ANNOTATION\), 'Review' \(REVIEW\)"):
        run(router())


def test_the_loop_skips_while_there_is_no_project() -> None:
    with pytest.raises(AirflowSkipException, match="there is no project 'Production project' yet"):
        run(router(skip_without_project=True))


@pytest.mark.parametrize("stale_action", ["400", "200"])
def test_an_answer_lost_after_encord_has_acted_changes_nothing(
    make_production: MakeProject,
    client: EncordUserClient,
    control: Control,
    one_attempt: None,
    stale_action: str,
) -> None:
    control.switch(stale_action=stale_action)
    project_hash = make_production()
    control.call("POST", "faults", {"match": ACTIONS, "drop": "after", "times": 1})
    with pytest.raises(RequestException):
        run(router())
    run(router())  # Airflow's next try
    assert whereabouts(client, project_hash) == {"Consensus 1": {"benchmark"}, "Annotate": {"production"}}
    assert moved(control) == {"YES": 4, "NO": 7}


def test_a_task_that_somebody_else_moves_does_not_stop_the_others(
    make_production: MakeProject, client: EncordUserClient, control: Control
) -> None:
    project_hash = make_production()
    operator = router()
    workflow = operator.hook.workflow
    listed = workflow.agent_tasks
    rivals = iter([True])

    def list_then_lose_one(project: str, stage: str) -> list[Any]:
        tasks = listed(project, stage)
        if next(rivals, False):  # between this pass's look and its move, another one moves a task
            tasks[0].handle.proceed("YES" if tasks[0].data_title.startswith("benchmark") else "NO")
        return tasks

    workflow.agent_tasks = list_then_lose_one
    run(operator)
    assert whereabouts(client, project_hash) == {"Consensus 1": {"benchmark"}, "Annotate": {"production"}}
    assert moved(control) == {"YES": 4, "NO": 7}


def test_a_stage_that_refuses_for_ever_is_an_error(make_production: MakeProject, control: Control) -> None:
    make_production(1, 1)
    control.call("POST", "faults", {"match": ACTIONS, "status": 400})
    with pytest.raises(EncordWorkflowError, match=r"refuses to move 2 task\(s\) out of agent stage 'Benchmark Task\?'"):
        run(router())
    assert control.call("GET", "faults")[0]["matched"] == 4  # both, both once more, each alone


def test_tasks_that_encord_makes_late_are_waited_for(
    make_production: MakeProject, client: EncordUserClient, control: Control
) -> None:
    control.switch(task_delay_s=1)
    project_hash = make_production(2, 3)
    assert run(router(settle_seconds=20))["routed"] == {"YES": 2, "NO": 3}
    assert whereabouts(client, project_hash) == {"Consensus 1": {"benchmark"}, "Annotate": {"production"}}


def test_a_pass_that_does_not_settle_leaves_late_tasks_to_the_next(
    make_production: MakeProject, control: Control
) -> None:
    control.switch(task_delay_s=3600)
    make_production(2, 3)
    assert run(router())["routed"] == {"YES": 0, "NO": 0}
    assert moved(control) == {"YES": 0, "NO": 0}


def test_units_that_come_later_are_routed_by_a_later_pass(
    make_production: MakeProject, client: EncordUserClient
) -> None:
    project_hash = make_production(1, 2)
    run(router())
    make_production(2, 5)
    assert run(router())["routed"] == {"YES": 1, "NO": 3}
    assert whereabouts(client, project_hash) == {"Consensus 1": {"benchmark"}, "Annotate": {"production"}}
    assert DATASETS["benchmark"] in {one.title for one in client.get_project(project_hash).list_datasets()}
