from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.scoring.classifications import find_crowds, judge_classifications
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.verdicts import Verdict
from tests.unit.scoring.hand_made import ONTOLOGY, label_columns
from tests.unit.scoring.plain_answers import plain_agreement

LIMITS = settings(max_examples=40, deadline=None)
SETTINGS = ScoringSettings()

SKY = {
    "sky": st.sampled_from([frozenset({"sun"}), frozenset({"rain"})]),
    "heavy": st.sampled_from(["very", "vary", "a bit"]),
}
TAGS = {"tag": st.sets(st.sampled_from(["red", "green", "blue"]), min_size=1).map(frozenset)}
FRAMES = 10
ONE_RANGE = st.tuples(st.integers(0, 5), st.integers(0, 3)).map(lambda r: (r[0], r[0] + r[1]))


def instances(most, ranges):
    """Return a strategy for the classifications of a row: (class, ranges, answers)."""
    return st.lists(
        st.one_of(
            st.tuples(st.just("weather"), ranges, st.fixed_dictionaries({}, optional=SKY)),
            st.tuples(st.just("tags"), ranges, st.fixed_dictionaries({}, optional=TAGS)),
        ),
        max_size=most,
    )


ROW = instances(4, st.lists(ONE_RANGE, min_size=1, max_size=3))
IMAGE_ROW = instances(2, st.just([(0, 0)]))


def columns(vocabulary, rows, data_types, order=1):
    """Return label columns of rows of (class, ranges, answers); owner i is the i-th of all."""
    flat = [(row, *one) for row, labels in enumerate(rows) for one in labels]
    held = [(row, name, owner, *one) for owner, (row, name, ranges, _) in enumerate(flat) for one in ranges]
    answers = [(owner, *one) for owner, (*_, given_answers) in enumerate(flat) for one in given_answers.items()]
    return label_columns(
        vocabulary,
        hashes=[f"h{i:03}" for i in range(len(flat))],
        answers=answers[::order],
        classifications=held[::order],
        data_types=data_types,
    )


def judge(truths, submissions, truth_row, data_type="video", order=1):
    vocabulary = Vocabulary()
    truth = columns(vocabulary, truths, [data_type] * len(truths))
    submitted = columns(vocabulary, submissions, [data_type] * len(submissions), order)
    return judge_classifications(truth, submitted, np.array(truth_row, dtype=np.int64), ONTOLOGY, vocabulary, SETTINGS)


def entries(judged):
    """Return the verdicts as readable tuples."""
    return [
        (int(s), list(Verdict)[v].value, int(a), int(b), int(first), int(last), int(n))
        for s, v, a, b, first, last, n in zip(
            judged.submission,
            judged.verdict,
            judged.truth_owner,
            judged.submitted_owner,
            judged.first_frame,
            judged.last_frame,
            judged.frames,
            strict=True,
        )
    ]


def by_frame(judged):
    """Return, by submission, class and frame: how many are missing, extra and paired, and the credit of the pairs."""
    frames = {}
    for i in range(len(judged)):
        code = max(int(judged.truth_class[i]), int(judged.submitted_class[i]))
        both = judged.truth_owner[i] >= 0 and judged.submitted_owner[i] >= 0
        credit = np.nan_to_num(judged.agreement[i], nan=1.0) if both else 0.0
        for frame in range(int(judged.first_frame[i]), int(judged.last_frame[i]) + 1):
            key = (int(judged.submission[i]), ONTOLOGY.class_hashes[code], frame)
            missing, extra, paired, total = frames.get(key, (0, 0, 0, 0.0))
            alone = (judged.submitted_owner[i] < 0, judged.truth_owner[i] < 0)
            frames[key] = (missing + alone[0], extra + alone[1], paired + both, total + credit)
    return frames


def plainly(truths, submissions, truth_row):
    """Return the same as ``by_frame``, frame by frame, trying every pairing."""
    frames = {}
    for submission, row in enumerate(truth_row):
        if row < 0:
            continue
        for name in ("weather", "tags"):
            for frame in range(FRAMES):
                ours, theirs = (holding(labels, name, frame) for labels in (truths[row], submissions[submission]))
                if ours or theirs:
                    paired = min(len(ours), len(theirs))
                    frames[submission, name, frame] = (
                        len(ours) - paired,
                        len(theirs) - paired,
                        paired,
                        best_credit(ours, theirs),
                    )
    return frames


def assert_alike(found, expected):
    assert {key: value[:3] for key, value in found.items()} == {key: value[:3] for key, value in expected.items()}
    assert [found[key][3] for key in expected] == pytest.approx([value[3] for value in expected.values()])


def holding(labels, name, frame):
    return [answers for kind, ranges, answers in labels if kind == name and any(a <= frame <= b for a, b in ranges)]


def best_credit(ours, theirs):
    """Return the most credit over all ways to pair as many as there can be."""
    fewer, more = sorted([ours, theirs], key=len)
    turned = fewer is not ours
    return max(
        sum(credit(b, a) if turned else credit(a, b) for a, b in zip(fewer, some, strict=True))
        for some in permutations(more, len(fewer))
    )


def credit(truth, submitted):
    total, count = plain_agreement(truth, submitted, SETTINGS)
    return total / count if count else 1.0


@given(st.lists(ROW, min_size=1, max_size=2), st.lists(st.tuples(ROW, st.integers(-1, 1)), min_size=1, max_size=3))
@LIMITS
def test_verdicts_are_those_of_every_frame_by_itself(truths, submissions):
    rows = [min(row, len(truths) - 1) for _, row in submissions]
    labels = [row for row, _ in submissions]
    assert_alike(by_frame(judge(truths, labels, rows)), plainly(truths, labels, rows))


@given(st.lists(IMAGE_ROW, min_size=1, max_size=3), st.lists(IMAGE_ROW, min_size=1, max_size=4))
@LIMITS
def test_images_are_judged_like_videos_of_one_frame(truths, submissions):
    rows = [i % len(truths) for i in range(len(submissions))]
    assert_alike(by_frame(judge(truths, submissions, rows, "image")), plainly(truths, submissions, rows))


@given(ROW, ROW)
@LIMITS
def test_the_order_of_labels_never_matters(truth, submission):
    one, other = (judge([truth], [submission], [0], order=order) for order in (1, -1))
    assert entries(one) == entries(other)
    assert np.array_equal(one.agreement, other.agreement, equal_nan=True)


@given(ROW, ROW)
@LIMITS
def test_swapping_the_sides_swaps_missing_and_extra(truth, submission):
    def turned(frames):
        return {key: (extra, missing, pairs) for key, (missing, extra, pairs, _) in frames.items()}

    one, other = by_frame(judge([truth], [submission], [0])), by_frame(judge([submission], [truth], [0]))
    assert turned(one) == {key: value[:3] for key, value in other.items()}


@given(st.lists(ROW, min_size=2, max_size=4))
@LIMITS
def test_a_submission_is_judged_alike_alone_and_among_others(rows):
    together = entries(judge(rows[:1], rows, [0] * len(rows)))
    for submission, labels in enumerate(rows):
        before = sum(len(row) for row in rows[:submission])
        alone = entries(judge(rows[:1], [labels], [0]))
        shifted = [(submission, *one[1:3], one[3] + before * (one[3] >= 0), *one[4:]) for one in alone]
        assert [one for one in together if one[0] == submission] == shifted


@given(ROW, ROW)
@LIMITS
def test_where_there_are_no_frames_a_class_counts_once_with_the_mean_over_its_ranges(truth, submission):
    judged = judge([truth], [submission], [0], "audio")
    frames = plainly([truth], [submission], [0])
    classes = sorted({name for _, name, _ in frames}, key=ONTOLOGY.class_codes.__getitem__)
    assert len(judged) == len(classes)
    for i, name in enumerate(classes):
        mine = [(at, value) for (_, of, at), value in frames.items() if of == name]
        both = all(any(kind == name for kind, *_ in labels) for labels in (truth, submission))
        assert judged.frames[i] == 1
        assert (judged.first_frame[i], judged.last_frame[i]) == (min(mine)[0], max(mine)[0])
        units = sum(sum(value[:3]) for _, value in mine)
        share = sum(value[3] for _, value in mine) / units
        if not both:
            assert np.isnan(judged.agreement[i])
            assert np.isnan(judged.similarity[i])
        elif not np.isnan(judged.agreement[i]):
            assert judged.agreement[i] == pytest.approx(share)
        else:  # nobody answered anything, and both hold for the same stretches
            assert share == 1
            assert list(Verdict)[judged.verdict[i]] is Verdict.MATCHED


def test_stretches_by_hand():
    rain, sun = {"sky": frozenset({"rain"})}, {"sky": frozenset({"sun"})}
    truth = [("weather", [(0, 5)], rain)]
    submission = [("weather", [(4, 6)], rain), ("weather", [(8, 9), (7, 7)], sun)]
    judged = judge([truth], [submission], [0])
    assert entries(judged) == [
        (0, "missing", 0, -1, 0, 3, 4),
        (0, "matched", 0, 0, 4, 5, 2),
        (0, "extra", -1, 0, 6, 6, 1),
        (0, "extra", -1, 1, 7, 9, 3),  # ranges that touch are one
    ]
    assert judged.answer_sum.tolist() == [0, 2, 0, 0]
    assert judged.answer_count.tolist() == [0, 2, 0, 0]
    assert judged.similarity == pytest.approx([np.nan, 1, np.nan, np.nan], nan_ok=True)


def test_a_range_that_begins_with_the_other_and_ends_before_it():
    rain = {"sky": frozenset({"rain"})}
    long, short = [("weather", [(2, 9)], rain)], [("weather", [(2, 4)], rain)]
    assert entries(judge([long], [short], [0])) == [
        (0, "matched", 0, 0, 2, 4, 3),
        (0, "missing", 0, -1, 5, 9, 5),
    ]
    assert entries(judge([short], [long], [0])) == [
        (0, "matched", 0, 0, 2, 4, 3),
        (0, "extra", -1, 0, 5, 9, 5),
    ]


def test_a_wrong_answer_is_a_mismatch_on_every_frame():
    judged = judge(
        [[("tags", [(0, 3)], {"tag": frozenset({"red", "green"})})]],
        [[("tags", [(0, 3)], {"tag": frozenset({"red"})})]],
        [0],
    )
    assert entries(judged) == [(0, "attribute_mismatch", 0, 0, 0, 3, 4)]
    assert (judged.agreement[0], judged.answer_sum[0], judged.answer_count[0]) == (0.5, 2, 4)


def test_nothing_answered_on_either_side_is_a_match():
    judged = judge([[("weather", [(0, 0)], {})]], [[("weather", [(0, 0)], {})]], [0], "image")
    assert entries(judged) == [(0, "matched", 0, 0, 0, 0, 1)]
    assert np.isnan(judged.agreement[0])
    assert (judged.answer_sum[0], judged.answer_count[0]) == (0, 0)


def test_nothing_answered_in_a_file_without_frames_is_a_match_as_far_as_both_hold():
    def held(*ranges):
        return [("weather", list(ranges), {})]

    judged = judge([held((0, 9))], [held((0, 9)), held((0, 4)), held((20, 29))], [0, 0, 0], "audio")
    assert [entry[1] for entry in entries(judged)] == ["matched", "attribute_mismatch", "attribute_mismatch"]
    assert judged.agreement == pytest.approx([np.nan, 0.5, 0.0], nan_ok=True)
    assert judged.answer_sum.tolist() == [0, 0.5, 0]
    assert judged.answer_count.tolist() == [0, 1, 1]


def test_several_of_one_class_on_a_frame_are_paired_by_their_answers_and_then_by_hash():
    one, two = {"tag": frozenset({"red"})}, {"tag": frozenset({"blue"})}
    crossed = judge([[("tags", [(0, 0)], one), ("tags", [(0, 0)], two)]], [[("tags", [(0, 0)], two)]], [0], "image")
    assert entries(crossed) == [(0, "matched", 1, 0, 0, 0, 1), (0, "missing", 0, -1, 0, 0, 1)]
    same = judge([[("tags", [(0, 0)], one)] * 2], [[("tags", [(0, 0)], one)] * 2], [0], "image")
    assert [entry[2:4] for entry in entries(same)] == [(0, 0), (1, 1)]


def test_a_range_of_a_billion_frames_is_one_verdict():
    long = [("weather", [(0, 10**9 - 1)], {"sky": frozenset({"sun"})})]
    short = [("weather", [(5, 5)], {"sky": frozenset({"sun"})})]
    judged = judge([long], [long, short], [0, 0])
    assert [entry[1:2] + entry[4:] for entry in entries(judged)] == [
        ("matched", 0, 10**9 - 1, 10**9),
        ("missing", 0, 4, 5),
        ("matched", 5, 5, 1),
        ("missing", 6, 10**9 - 1, 10**9 - 6),
    ]


def test_nothing_to_judge():
    for rows in ([], [-1, -1]):
        judged = judge([[("weather", [(0, 0)], {})]], [[("weather", [(0, 0)], {})]] * len(rows), rows)
        assert len(judged) == 0


@given(ROW, st.integers(1, 3))
@LIMITS
def test_crowds_are_found_by_their_fullest_frame(labels, most):
    fullest = {name: max(len(holding(labels, name, frame)) for frame in range(FRAMES)) for name in ("weather", "tags")}
    made = columns(Vocabulary(), [[], labels], ["video"] * 2)
    found = [(row, ONTOLOGY.class_hashes[code]) for row, code in find_crowds(made, ONTOLOGY, most)]
    assert found == [(1, name) for name in ("tags", "weather") if fullest[name] > most]


def test_one_after_the_other_is_no_crowd():
    labels = columns(Vocabulary(), [[("tags", [(0, 4)], {}), ("tags", [(5, 9)], {})]], ["video"])
    assert find_crowds(labels, ONTOLOGY, 1) == []


def test_a_crowd_is_paired_in_blocks_as_at_once(monkeypatch):
    tags = [frozenset({"red"}), frozenset({"red", "blue"}), frozenset({"green"})]
    labels = [("tags", [(i, i + 6)], {"tag": tags[i % 3]}) for i in range(9)]
    at_once = judge([labels], [labels[::-1]], [0])
    monkeypatch.setattr("include.benchmark_qa.scoring.classification_pairs._MOST_CANDIDATES", 10)
    assert entries(judge([labels], [labels[::-1]], [0])) == entries(at_once)
