from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.emulator.emulator_support import BENCHMARK_QA, MANAGER
from tests.unit.encord_provider.provider_support import DATASETS, PRODUCTION_PROJECT, router, run

if TYPE_CHECKING:
    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

ACTIONS = "POST .*workflow/stages/.*/actions$"


def seed(control: Control, known: int, real: int) -> str:
    """Make a production project with so many tasks at its agent stage; return its hash."""
    counts = {"benchmark": known, "production": real}
    document: dict[str, Any] = {
        "ontologies": [{"title": "Nothing", "structure": {"objects": [], "classifications": []}}],
        "folders": [
            {"name": kind, "items": [{"name": f"{kind}.jpg", "repeat": count}]} for kind, count in counts.items()
        ],
        "datasets": [{"title": DATASETS[kind], "folder": kind} for kind in counts],
        "projects": [
            {
                "title": PRODUCTION_PROJECT,
                "ontology": "Nothing",
                "workflow_template": BENCHMARK_QA,
                "datasets": list(DATASETS.values()),
                "users": [{"email": MANAGER, "role": "admin"}],
            }
        ],
    }
    control.call("POST", "seed", document)
    control.switch(page_size=1_000)
    return next(one["project_hash"] for one in control.call("GET", "state")["projects"])


def sent(control: Control, after: int, ending: str) -> list[int]:
    """Return the statuses of the requests whose path ends so."""
    return [one["status"] for one in control.requests(after=after) if one["path"].endswith(ending)]


def moved(control: Control, project_hash: str) -> dict[str, int]:
    routed: dict[str, int] = control.project(project_hash)["routed"]["Benchmark Task?"]
    return routed


def test_a_thousand_tasks_go_in_one_request(control: Control) -> None:
    project_hash = seed(control, 150, 2_350)
    assert run(router())["routed"] == {"YES": 150, "NO": 2_350}
    assert moved(control, project_hash) == {"YES": 150, "NO": 2_350}
    assert sent(control, 0, "/actions") == [200] * 3
    assert sent(control, 0, "/priorities") == [200] * 3
    assert len(sent(control, 0, "/tasks")) == 4  # three pages of 1,000, and a look that finds nothing


@pytest.mark.parametrize("limit", [3, 100])
def test_a_limit_on_actions_in_one_request_is_found_and_kept_to(control: Control, limit: int) -> None:
    project_hash = seed(control, 20, 280)
    control.switch(actions_limit=limit)
    assert run(router())["routed"] == {"YES": 20, "NO": 280}
    assert moved(control, project_hash) == {"YES": 20, "NO": 280}
    statuses = sent(control, 0, "/actions")
    assert statuses.count(200) <= 300 // (limit // 2) + 1
    assert statuses.count(400) <= 16


def test_one_task_that_encord_never_moves_does_not_keep_the_others(control: Control) -> None:
    from encord.exceptions import InvalidArgumentsError

    from encord_provider.exceptions import EncordWorkflowError

    project_hash = seed(control, 20, 1_180)
    operator = router()
    workflow = operator.hook.workflow
    bad = workflow.agent_tasks(project_hash, "Benchmark Task?")[700]
    proceed = workflow.proceed

    def refuse_one(tasks: list[Any], pathways: dict[str, str]) -> None:
        if bad in tasks:
            raise InvalidArgumentsError("no")
        proceed(tasks, pathways)

    workflow.proceed = refuse_one
    with pytest.raises(EncordWorkflowError, match=rf"refuses to move 1 task\(s\) .* such as {bad.task_uuid}"):
        run(operator)
    assert sum(moved(control, project_hash).values()) == 1_199
    assert len(sent(control, 0, "/actions")) <= 30


def test_too_many_requests_are_waited_for_as_long_as_encord_says(control: Control) -> None:
    project_hash = seed(control, 20, 1_480)
    control.call("POST", "faults", {"match": ACTIONS, "status": 429, "retry_after": 1, "times": 2})
    assert run(router())["routed"] == {"YES": 20, "NO": 1_480}
    assert moved(control, project_hash) == {"YES": 20, "NO": 1_480}
    assert sent(control, 0, "/actions") == [429, 429, 200, 200]
