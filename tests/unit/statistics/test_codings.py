from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.labels.columns import AnswerColumns
from include.benchmark_qa.scoring.verdicts import Verdict
from include.benchmark_qa.statistics.codings import MISSING, answer_codings, class_codings
from include.benchmark_qa.statistics.reliability import krippendorff_alpha
from tests.unit.statistics.statistics_support import verdict_table

CAR, BUS = 0, 1
COLOUR, SIZE = 5, 6


def found(submission, truth, drawn, frame=0, frames=1):
    return (submission, Verdict.MATCHED, CAR, truth, CAR, drawn, frame, frames)


def taken_for_a_bus(submission, truth, drawn, frame=0):
    return (submission, Verdict.MISLABELLED, CAR, truth, BUS, drawn, frame, 1)


def missed(submission, truth, frame=0):
    return (submission, Verdict.MISSING, CAR, truth, -1, -1, frame, 1)


def extra(submission, drawn, frame=0):
    return (submission, Verdict.EXTRA, -1, -1, BUS, drawn, frame, 1)


def answers(*rows):
    """Return static answers from (owner, question, value)."""
    owner, attribute, value = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return AnswerColumns(owner, attribute, value, np.zeros_like(owner), np.zeros_like(owner))


def as_set(codings):
    return set(zip(codings.annotator.tolist(), codings.unit.tolist(), codings.value.tolist(), strict=True))


def test_classes_that_three_annotators_gave_the_same_objects():
    rows = [found(0, 30, 1), found(0, 31, 2), found(1, 30, 3), taken_for_a_bus(1, 31, 4), extra(1, 5), missed(2, 30)]
    rows += [missed(2, 31), found(0, 30, 1, frame=9)]
    codings = class_codings(verdict_table(rows), np.array([100, 101, 102]))
    assert as_set(codings) == {
        (100, 0, CAR),
        (100, 2, CAR),
        (101, 0, CAR),
        (101, 2, BUS),
        (102, 0, MISSING),
        (102, 2, MISSING),
        (100, 1, CAR),
    }


def test_their_alpha():
    rows = [found(0, 30, 1), found(1, 30, 2), found(0, 31, 3), missed(1, 31), missed(0, 32), missed(1, 32)]
    codings = class_codings(verdict_table(rows), np.array([0, 1]))
    expected = krippendorff.alpha(np.array([[0.0, 0, -1], [0, -1, -1]]), level_of_measurement="nominal")
    assert krippendorff_alpha(codings.unit, codings.value) == pytest.approx(expected, abs=1e-12)


def test_submissions_of_nobody_are_left_out():
    verdicts = verdict_table([found(0, 30, 1), found(1, 30, 2)])
    assert as_set(class_codings(verdicts, np.array([-1, 4]))) == {(4, 0, CAR)}
    assert as_set(answer_codings(verdicts, answers((1, COLOUR, 8), (2, COLOUR, 9)), COLOUR, np.array([-1, 4]))) == {
        (4, 30, 9)
    }


def test_answers_about_objects_that_were_found():
    rows = [found(0, 30, 1), found(1, 30, 2), found(2, 30, 3), taken_for_a_bus(0, 31, 4), missed(1, 31), extra(2, 5)]
    given_answers = answers((1, COLOUR, 8), (1, SIZE, 7), (2, COLOUR, 9), (4, COLOUR, 9), (5, COLOUR, 9))
    codings = answer_codings(verdict_table(rows), given_answers, COLOUR, np.array([0, 1, 2]))
    assert as_set(codings) == {(0, 30, 8), (1, 30, 9)}


def test_the_partner_of_most_frames_answers_for_an_object_of_a_video():
    rows = [found(0, 30, 1), found(0, 30, 2, frame=1), found(0, 30, 2, frame=2)]
    codings = answer_codings(verdict_table(rows), answers((1, COLOUR, 8), (2, COLOUR, 9)), COLOUR, np.array([0]))
    assert as_set(codings) == {(0, 30, 9)}


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 9)), max_size=12), st.data())
def test_the_order_of_verdicts_and_answers_does_not_matter(pairs, data):
    rows = [found(submission, truth, drawn) for submission, truth, drawn in pairs]
    some = [(owner, COLOUR, owner % 3) for owner in range(0, 10, 2)]
    shuffled_rows, shuffled_answers = data.draw(st.permutations(rows)), data.draw(st.permutations(some))
    people = np.arange(3)
    assert as_set(answer_codings(verdict_table(rows), answers(*some), COLOUR, people)) == as_set(
        answer_codings(verdict_table(shuffled_rows), answers(*shuffled_answers), COLOUR, people)
    )
    assert as_set(class_codings(verdict_table(rows), people)) == as_set(
        class_codings(verdict_table(shuffled_rows), people)
    )


def test_nothing_to_code():
    nothing = verdict_table([])
    assert len(class_codings(nothing, np.array([], dtype=np.int64))) == 0
    assert len(answer_codings(nothing, answers(), COLOUR, np.array([], dtype=np.int64))) == 0
