from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from encord.exceptions import RequestException
from encord.orm.label_row import LabelRowMetadata

from encord_provider.exceptions import EncordWorkflowError
from include.benchmark_qa import paths
from include.benchmark_qa.work_queue import WorkQueue
from tests.emulator.emulator_support import ANNOTATORS
from tests.unit.encord_provider.provider_support import (
    PRODUCTION_PROJECT,
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

MakeProduction = Callable[..., str]
PRIORITIES = "POST .*/priorities$"


@pytest.fixture
def make_production(workspace: Path) -> MakeProduction:
    """Return a function that makes, or adds to, a production project with so many known and other images."""

    def make(benchmark: int = 5, production: int = 20) -> str:
        write_manifest(
            workspace, {"benchmark": images("benchmark", benchmark), "production": images("production", production)}
        )
        done = run(importer(workspace))
        datasets = [done["benchmark_dataset"], done["production_dataset"]]
        users = [{"email": one, "role": "ANNOTATOR"} for one in ANNOTATORS]
        return str(run(project_maker(PRODUCTION_PROJECT, datasets, users=users)))

    return make


def take_all(control: Control, project_hash: str, who: str = ANNOTATORS[0]) -> list[str]:
    """Return the sorts of the units that an annotator is given, in the order of the queue."""
    taken = control.take(who, project_hash, "ANNOTATION", "CONSENSUS_ANNOTATION", limit=1_000)
    return [task["data_title"].partition("/")[0] for task in taken]


def is_even(line: list[str]) -> bool:
    """Say whether each beginning of the queue has its share of known units, give or take one."""
    share = line.count("benchmark") / len(line)
    return all(abs(line[:n].count("benchmark") - n * share) <= 1 for n in range(1, len(line) + 1))


def priorities(client: EncordUserClient, project_hash: str) -> dict[str, float]:
    return {row.data_title: row.priority for row in client.get_project(project_hash).list_label_rows_v2()}


def sent(control: Control, after: int, ending: str) -> int:
    return sum(one["path"].endswith(ending) for one in control.requests(after=after))


@pytest.mark.parametrize("on_the_way", ["kept", "renewed"])
def test_annotators_are_given_known_units_evenly_among_the_others(
    make_production: MakeProduction, control: Control, on_the_way: str
) -> None:
    control.switch(task_priority=on_the_way)
    project_hash = make_production()
    run(router())
    line = take_all(control, project_hash)
    assert (line.count("benchmark"), line.count("production")) == (5, 20)
    assert is_even(line)


def test_first_gives_known_units_before_all_others(make_production: MakeProduction, control: Control) -> None:
    project_hash = make_production()
    run(router(benchmark_mix="first"))
    assert take_all(control, project_hash) == ["benchmark"] * 5 + ["production"] * 20


def test_none_sets_no_priority(make_production: MakeProduction, client: EncordUserClient, control: Control) -> None:
    project_hash = make_production()
    assert run(router(benchmark_mix="none"))["waiting"] == {"known": 5, "real": 20}
    assert set(priorities(client, project_hash).values()) == {0.5}
    assert sent(control, 0, "/priorities") == 0


def test_known_units_that_are_left_are_spread_over_work_that_comes_later(
    make_production: MakeProduction, control: Control
) -> None:
    project_hash = make_production()
    run(router())
    taken = control.take(ANNOTATORS[0], project_hash, "ANNOTATION", limit=8)
    control.submit(ANNOTATORS[0], project_hash, taken)
    make_production(5, 60)
    assert run(router())["waiting"] == {"known": 5, "real": 52}
    assert is_even(take_all(control, project_hash))


def test_a_pass_without_new_tasks_asks_for_no_priority(make_production: MakeProduction, control: Control) -> None:
    make_production()
    run(router())
    asked = control.requests()[-1]["n"]
    run(router())
    assert sent(control, asked, "/priorities") == 0
    assert len(control.requests(after=asked)) <= 4


def test_a_task_that_a_person_has_moved_stays_where_it_is(
    make_production: MakeProduction, client: EncordUserClient
) -> None:
    project_hash = make_production()
    rows = {row.data_title: row for row in client.get_project(project_hash).list_label_rows_v2()}
    rows["production/3.jpg"].set_priority(0.9)
    rows["production/4.jpg"].set_priority(0.1)
    run(router())
    after = priorities(client, project_hash)
    assert (after.pop("production/3.jpg"), after.pop("production/4.jpg")) == (0.9, 0.1)
    assert len(set(after.values())) == len(after)
    assert all(0.4 <= priority <= 0.6 for priority in after.values())


def test_priorities_lost_on_the_way_are_set_by_the_next_try(
    make_production: MakeProduction, client: EncordUserClient, control: Control, one_attempt: None
) -> None:
    project_hash = make_production()
    for drop in ("before", "after"):
        control.call("POST", "faults", {"match": PRIORITIES, "drop": drop, "times": 1})
        with pytest.raises(RequestException):
            run(router())
        assert control.project(project_hash)["routed"]["Benchmark Task?"] == {"YES": 0, "NO": 0}
    assert run(router())["routed"] == {"YES": 5, "NO": 20}
    assert len(set(priorities(client, project_hash).values())) == 25
    assert is_even(take_all(control, project_hash))


def test_a_pass_killed_before_it_routes_leaves_tasks_mixed(
    make_production: MakeProduction, client: EncordUserClient, control: Control, one_attempt: None
) -> None:
    project_hash = make_production()
    control.call("POST", "faults", {"match": "POST .*/actions$", "drop": "after", "times": 1})
    with pytest.raises(RequestException):
        run(router())
    mixed = priorities(client, project_hash)
    run(router())
    assert priorities(client, project_hash) == mixed
    assert is_even(take_all(control, project_hash))


def test_refused_priorities_are_said_with_what_to_do(make_production: MakeProduction, control: Control) -> None:
    make_production(1, 2)
    control.call("POST", "faults", {"match": PRIORITIES, "status": 400})
    with pytest.raises(EncordWorkflowError, match=r"refuses to set priorities of 3 task\(s\).*benchmark_mix: none"):
        run(router())


def test_the_workspace_is_told_how_much_waits(make_production: MakeProduction, tmp_path: Path) -> None:
    make_production()
    run(router(workspace=str(tmp_path / "told")))
    queue = WorkQueue.from_json((tmp_path / "told" / paths.WORK_QUEUE).read_bytes())
    assert (queue.known_waiting, queue.real_waiting, queue.known_units, queue.real_units) == (5, 20, 5, 20)
    assert queue.known_share == 0.2
    assert WorkQueue.from_json(queue.to_json()) == queue


def test_the_queue_is_listed_without_an_object_of_the_sdk_for_each_row(
    make_production: MakeProduction, client: EncordUserClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_hash = make_production()
    operator = router()
    run(operator)
    told = {
        (row.data_hash, str(row.workflow_graph_node.uuid), row.priority)
        for row in client.get_project(project_hash).list_label_rows_v2()
        if row.workflow_graph_node
    }

    def refuse(_told: object) -> None:
        raise AssertionError

    monkeypatch.setattr(LabelRowMetadata, "from_dict", refuse)
    units = operator.hook.priorities.units(project_hash)
    assert {(unit.data_hash, unit.stage_uuid, unit.priority) for unit in units} == told
    assert len(told) == 25
