from __future__ import annotations

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.mixing import HIGHEST, LOWEST, Waiting, plan_priorities

ORDINARY = 0.5
hashes = st.lists(st.uuids(), unique=True, max_size=60)
by_hand = st.one_of(st.floats(0, LOWEST, exclude_max=True), st.floats(HIGHEST, 1, exclude_min=True))


def tasks(names: list[str], priority: float | None = ORDINARY) -> list[Waiting]:
    return [Waiting(name, priority) for name in names]


def after(waiting: list[Waiting], changes: dict[str, float]) -> list[Waiting]:
    """Return the tasks as they are once Encord has set their priorities."""
    return [Waiting(task.data_hash, changes.get(task.data_hash, task.priority)) for task in waiting]


def queue(*waiting: Waiting) -> list[str]:
    return [task.data_hash for task in sorted(waiting, key=lambda task: -(task.priority or 0))]


def parted(names: list[UUID], share: int) -> tuple[list[Waiting], list[Waiting]]:
    split = len(names) * share // 100
    return tasks([str(one) for one in names[:split]]), tasks([str(one) for one in names[split:]])


def farthest(line: list[str], known: set[str]) -> float:
    """Return how far the number of known units in any beginning of the queue is from their share of it."""
    share, met = len(known) / len(line), 0
    distances = []
    for length, name in enumerate(line, start=1):
        met += name in known
        distances.append(abs(met - length * share))
    return max(distances)


@given(hashes.filter(bool), st.integers(0, 100))
def test_every_beginning_of_the_queue_has_its_share_of_known_units(names: list[UUID], share: int) -> None:
    known, real = parted(names, share)
    changes = plan_priorities(known, real, "interleave")
    line = queue(*after(known, changes), *after(real, changes))
    assert farthest(line, {task.data_hash for task in known}) <= 1 + 1e-9


@given(hashes, st.integers(0, 100), st.sampled_from(["interleave", "first"]), st.randoms())
def test_a_second_pass_changes_nothing_in_whatever_order_tasks_are_listed(
    names: list[UUID], share: int, mix: str, random: object
) -> None:
    known, real = parted(names, share)
    changes = plan_priorities(known, real, mix)
    done_known, done_real = after(known, changes), after(real, changes)
    random.shuffle(done_known)
    random.shuffle(done_real)
    assert plan_priorities(done_known, done_real, mix) == {}


@given(hashes, st.integers(0, 100), st.integers(0, 60), st.integers(0, 40))
def test_real_tasks_that_come_later_are_mixed_and_those_before_stay_in_their_order(
    names: list[UUID], share: int, late: int, done: int
) -> None:
    known, real = parted(names, share)
    before = plan_priorities(known, real[late:], "interleave")
    left = after([*known, *real[late:]], before)
    left = sorted(left, key=lambda task: -(task.priority or 0))[done:]
    benchmark = {task.data_hash for task in known}
    known_left = [task for task in left if task.data_hash in benchmark]
    real_left = [task for task in left if task.data_hash not in benchmark]
    changes = plan_priorities(known_left, [*real_left, *real[:late]], "interleave")
    assert changes.keys() <= {task.data_hash for task in [*known_left, *real[:late]]}
    if line := queue(*after(known_left, changes), *after([*real_left, *real[:late]], changes)):
        assert farthest(line, {task.data_hash for task in known_left}) <= 1 + 1e-9


@given(hashes, st.integers(0, 100), by_hand)
def test_what_a_person_has_moved_stays_there(names: list[UUID], share: int, priority: float) -> None:
    known, real = parted(names, share)
    moved = [Waiting("moved real", priority)]
    moved_known = [Waiting("moved known", priority)]
    for mix in ("interleave", "first"):
        changes = plan_priorities([*known, *moved_known], [*real, *moved], mix)
        assert changes.keys().isdisjoint({"moved real", "moved known"})
        assert all(LOWEST <= value <= HIGHEST for value in changes.values())


def test_first_puts_known_units_before_all_others_and_leaves_these_alone() -> None:
    known, real = tasks([f"known {n}" for n in range(3)]), tasks([f"real {n}" for n in range(5)])
    for before in ({}, plan_priorities(known, real, "interleave")):
        changes = plan_priorities(after(known, before), after(real, before), "first")
        assert set(changes) == {task.data_hash for task in known}
        line = queue(*after(after(real, before), changes), *after(after(known, before), changes))
        assert {one.partition(" ")[0] for one in line[:3]} == {"known"}


def test_none_leaves_priorities_as_they_are() -> None:
    assert plan_priorities(tasks(["known"]), tasks(["real"]), "none") == {}


@pytest.mark.parametrize("share", [5, 10, 25])
def test_known_units_do_not_come_at_equal_distances(share: int) -> None:
    known, real = tasks([f"known {n}" for n in range(40)]), tasks([f"real {n}" for n in range(40 * (100 // share - 1))])
    changes = plan_priorities(known, real, "interleave")
    line = queue(*after(known, changes), *after(real, changes))
    places = [place for place, name in enumerate(line) if name.startswith("known")]
    distances = {later - earlier for earlier, later in pairwise(places)}
    assert len(distances) >= 4
    assert len({place % (100 // share) for place in places}) >= 3


def test_a_priority_that_encord_does_not_tell_is_set() -> None:
    assert set(plan_priorities(tasks(["known"], None), tasks(["real"], None), "interleave")) == {"known", "real"}
