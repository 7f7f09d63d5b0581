from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.routing import Routes, plan_routes


@dataclass(frozen=True)
class Task:
    task_uuid: str
    data_hash: str


HASH = "8b9d6a3e-0f1c-4a5d-9b2e-7c4f1d2e3a4b"
OTHER = "0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e4f"


def test_known_units_go_to_the_benchmark_side_in_the_order_they_were_listed() -> None:
    tasks = [Task("t1", OTHER), Task("t2", HASH), Task("t3", OTHER), Task("t4", HASH)]
    assert plan_routes(tasks, [HASH]) == Routes(benchmark=("t2", "t4"), production=("t1", "t3"))


@pytest.mark.parametrize("known", [HASH, UUID(HASH), HASH.upper()], ids=["text", "uuid", "upper case"])
@pytest.mark.parametrize("listed", [HASH, UUID(HASH), HASH.upper()], ids=["text", "uuid", "upper case"])
def test_a_hash_is_the_same_in_every_form_the_sdk_gives_it(listed: str, known: str | UUID) -> None:
    assert plan_routes([Task("t1", listed)], [known]).benchmark == ("t1",)


def test_without_tasks_there_is_nothing_to_route() -> None:
    assert plan_routes([], [HASH]) == Routes((), ())


@given(st.lists(st.uuids(), unique=True, max_size=30), st.data())
def test_every_task_goes_one_way_exactly_once(hashes: list[UUID], data: st.DataObject) -> None:
    known = data.draw(st.sets(st.sampled_from(hashes))) if hashes else set()
    tasks = [Task(f"task of {one}", str(one)) for one in hashes]
    routes = plan_routes(tasks, known)
    assert set(routes.benchmark) == {f"task of {one}" for one in known}
    assert sorted(routes.benchmark + routes.production) == sorted(task.task_uuid for task in tasks)
