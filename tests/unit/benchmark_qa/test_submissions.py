from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.submissions import Submission, batch_name, dump_batch, load_batch, split_batches


def submission(unit: int, annotator: int) -> Submission:
    return Submission(
        task_uuid=f"task-{unit}",
        data_hash=f"data-{unit:04}",
        data_title=f"ü {unit}.jpg",
        annotator_email=f"annotator-{annotator}@example.com",
        label_branch_name=f"encord-{annotator}",
        label_hash=None if annotator == 3 else f"label-{unit}-{annotator}",
    )


def submissions(units: int, annotators: int = 4) -> list[Submission]:
    return [submission(unit, annotator) for unit in range(units) for annotator in range(annotators)]


@pytest.mark.parametrize(
    ("size", "sizes"), [(1, [4, 4, 4]), (4, [4, 4, 4]), (5, [8, 4]), (8, [8, 4]), (9, [12]), (500, [12])]
)
def test_a_batch_is_full_once_it_has_its_size_and_its_last_unit(size: int, sizes: list[int]) -> None:
    assert [len(batch) for batch in split_batches(submissions(3), size)] == sizes


@given(st.integers(0, 12), st.integers(1, 5), st.integers(1, 20), st.randoms())
def test_batches_hold_everything_once_and_no_unit_twice(
    units: int, annotators: int, size: int, rng: random.Random
) -> None:
    given_ = submissions(units, annotators)
    shuffled = given_.copy()
    rng.shuffle(shuffled)
    batches = list(split_batches(shuffled, size))
    assert [one for batch in batches for one in batch] == given_
    assert all(len(batch) < size + annotators for batch in batches)
    assert not [pair for pair in pairwise({one.data_hash for one in batch} for batch in batches) if pair[0] & pair[1]]
    assert batches == list(split_batches(given_, size))


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_of_no_submissions_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"at least one submission, not {size}"):
        list(split_batches(submissions(1), size))


def test_a_batch_survives_its_way_through_the_workspace() -> None:
    batch = tuple(submissions(2))
    content = dump_batch(batch)
    assert load_batch(content) == batch
    assert load_batch(content)[3].label_hash is None


def test_a_batch_is_named_by_its_content() -> None:
    content = dump_batch(submissions(2))
    assert batch_name(content) == batch_name(dump_batch(submissions(2)))
    assert batch_name(content) != batch_name(dump_batch(submissions(3)))
    assert len(batch_name(content)) == 16
