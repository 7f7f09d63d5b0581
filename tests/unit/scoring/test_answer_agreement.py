from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.labels.ontology import index_ontology
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.scoring.agreement import answer_agreement, dynamic_agreement
from include.benchmark_qa.scoring.answer_sets import code_answer_sets
from include.benchmark_qa.scoring.settings import ScoringSettings
from tests.unit.scoring.hand_made import ONTOLOGY, feature, label_columns, question
from tests.unit.scoring.plain_answers import edits, plain_agreement, plain_at

LIMITS = settings(max_examples=40, deadline=None)
SETTINGS = ScoringSettings(number_abs_tol=0.5, number_rel_tol=0.25)
FRAMES = 8

TEXT = st.text("ab é", min_size=1, max_size=4).map(str.strip).filter(bool)
NUMBER = st.sampled_from([-2.0, 0.0, 0.5, 1.0, 1.25, 4.0])
STATIC = {
    "kind": st.sampled_from([frozenset({"sedan"}), frozenset({"truck"})]),
    "gear": st.sampled_from([frozenset({"manual"}), frozenset({"automatic"})]),
    "trim": TEXT,
    "extras": st.sets(st.sampled_from(["radio", "towbar"]), min_size=1).map(frozenset),
    "load": NUMBER,
    "damage": st.sets(st.sampled_from(["dent", "scratch", "rust"]), min_size=1).map(frozenset),
    "plate": TEXT,
    "doors": NUMBER,
}
DYNAMIC = {
    "moving": st.sampled_from([frozenset({"yes"}), frozenset({"no"})]),
    "speed": NUMBER,
    "lights": st.sets(st.sampled_from(["left", "right", "brake"]), min_size=1).map(frozenset),
    "driver": TEXT,
}
OWNERS = st.lists(st.fixed_dictionaries({}, optional=STATIC), min_size=1, max_size=4)
RANGE = st.tuples(st.integers(0, FRAMES - 1), st.integers(0, 3)).map(lambda r: (r[0], r[0] + r[1]))
HELD = st.one_of(
    *(st.tuples(st.just(name), value, RANGE).map(lambda one: (*one[:2], *one[2])) for name, value in DYNAMIC.items())
)


def once_a_frame(life):
    """Leave out what overlaps an earlier answer to the same question."""
    kept = []
    for name, value, first, last in life:
        if all(name != asked or last < begin or end < first for asked, _, begin, end in kept):
            kept.append((name, value, first, last))
    return kept


LIVES = st.lists(st.lists(HELD, max_size=12).map(once_a_frame), min_size=1, max_size=3)


def static_columns(vocabulary, owners, order=1):
    entries = [(owner, asked, value) for owner, answers in enumerate(owners) for asked, value in answers.items()]
    return label_columns(vocabulary, hashes=[str(i) for i in range(len(owners))], answers=entries[::order])


def dynamic_columns(vocabulary, lives, order=1):
    entries = [(owner, *one) for owner, life in enumerate(lives) for one in life]
    return label_columns(vocabulary, hashes=[str(i) for i in range(len(lives))], dynamic=entries[::order])


def compare(truth, given, scoring=SETTINGS, ontology=ONTOLOGY):
    """Return sum and count of one pair of owners."""
    vocabulary = Vocabulary()
    sides = [
        label_columns(vocabulary, hashes=["a"], answers=[(0, *one) for one in side.items()], ontology=ontology)
        for side in (truth, given)
    ]
    first = np.zeros(1, dtype=np.int64)
    agreement = answer_agreement(sides[0], first, sides[1], first, ontology, vocabulary, scoring)
    return agreement.similarity[0], agreement.compared[0]


@given(OWNERS, OWNERS, st.sampled_from(["levenshtein", "exact"]), st.sampled_from([1, -1]))
@LIMITS
def test_static_answers_agree_as_one_question_at_a_time(truth, submitted, text_match, order):
    scoring = SETTINGS.model_copy(update={"text_match": text_match})
    vocabulary = Vocabulary()
    sides = static_columns(vocabulary, truth), static_columns(vocabulary, submitted, order)
    ours, theirs = (part.ravel() for part in np.indices((len(truth), len(submitted))))
    agreement = answer_agreement(sides[0], ours, sides[1], theirs, ONTOLOGY, vocabulary, scoring)
    expected = [plain_agreement(truth[a], submitted[b], scoring) for a, b in zip(ours, theirs, strict=True)]
    assert agreement.compared.tolist() == [count for _, count in expected]
    assert agreement.similarity == pytest.approx([total for total, _ in expected], abs=1e-12)


@given(LIVES, LIVES, st.sampled_from([1, -1]))
@LIMITS
def test_dynamic_answers_agree_as_one_frame_at_a_time(truth, submitted, order):
    vocabulary = Vocabulary()
    sides = dynamic_columns(vocabulary, truth), dynamic_columns(vocabulary, submitted, order)
    ours, theirs, frame = (part.ravel() for part in np.indices((len(truth), len(submitted), FRAMES + 4)))
    frame = frame - 1  # also before and after all ranges
    agreement = dynamic_agreement(sides[0], ours, sides[1], theirs, frame, ONTOLOGY, vocabulary, SETTINGS)
    expected = [
        plain_agreement(plain_at(truth[a], at), plain_at(submitted[b], at), SETTINGS)
        for a, b, at in zip(ours, theirs, frame, strict=True)
    ]
    assert agreement.compared.tolist() == [count for _, count in expected]
    assert agreement.similarity == pytest.approx([total for total, _ in expected], abs=1e-12)


@given(OWNERS)
@LIMITS
def test_the_order_of_answers_never_matters_to_the_last_digit(owners):
    results = []
    for order in (1, -1):
        vocabulary = Vocabulary()
        for value in ("x", "y", frozenset({"dent"}))[::order]:
            vocabulary.code(value)  # so that codes differ, too
        labels = static_columns(vocabulary, owners, order)
        ours, theirs = (part.ravel() for part in np.indices((len(owners), len(owners))))
        agreement = answer_agreement(labels, ours, labels, theirs, ONTOLOGY, vocabulary, SETTINGS)
        results.append((agreement.similarity.tolist(), agreement.compared.tolist()))
    assert results[0] == results[1]


@given(OWNERS)
@LIMITS
def test_answers_agree_with_themselves_exactly(owners):
    vocabulary = Vocabulary()
    labels = static_columns(vocabulary, owners)
    same = np.arange(len(owners))
    agreement = answer_agreement(labels, same, labels, same, ONTOLOGY, vocabulary, SETTINGS)
    assert agreement.similarity.tolist() == agreement.compared.tolist()


@given(TEXT, TEXT)
@LIMITS
def test_text_by_the_textbook_distance(a, b):
    similarity, _ = compare({"plate": a}, {"plate": b})
    assert similarity == pytest.approx(1 - edits(a, b) / max(len(a), len(b)))


def test_a_wrong_parent_is_one_mistake_however_deep():
    sedan = {"kind": ["sedan"], "gear": ["manual"], "extras": ["towbar"], "load": 750.0}
    assert compare(sedan, sedan) == (4, 4)
    assert compare(sedan, {**sedan, "kind": ["truck"]}) == (0, 1)
    # The load hangs on the towbar, which the other side did not tick; kind and gear are right, extras half wrong.
    assert compare(sedan, {**sedan, "extras": ["radio"]}) == (2, 3)
    assert compare({**sedan, "extras": ["radio", "towbar"]}, sedan) == (3.5, 4)


def test_a_question_that_one_side_left_out_counts_0():
    assert compare({"plate": "AB 1"}, {}) == (0, 1)
    assert compare({}, {"plate": "AB 1"}) == (0, 1)
    assert compare({}, {}) == (0, 0)


@pytest.mark.parametrize(
    ("truth", "given_number", "similarity"),
    [(1.0, 1.75, 1), (1.0, 1.76, 0), (-4.0, -5.5, 1), (-4.0, -2.4, 0), (0.0, 0.5, 1), (0.0, -0.51, 0)],
)
def test_numbers_within_the_tolerance_of_the_truth(truth, given_number, similarity):
    assert compare({"doors": truth}, {"doors": given_number}) == (similarity, 1)


def test_the_tolerance_is_of_the_truth_not_of_the_submission():
    relative = ScoringSettings(number_rel_tol=0.1)
    assert compare({"doors": 110.0}, {"doors": 100.0}, relative) == (1, 1)
    assert compare({"doors": 100.0}, {"doors": 111.0}, relative) == (0, 1)


def test_a_number_that_is_the_tolerance_away_on_paper_is_within_it():
    assert compare({"doors": 1.0}, {"doors": 1.1}, ScoringSettings(number_abs_tol=0.1)) == (1, 1)
    assert compare({"doors": 0.3}, {"doors": 0.1 + 0.2}, ScoringSettings()) == (0, 1)


def test_text_is_trimmed_by_either_rule():
    for how in ("levenshtein", "exact"):
        assert compare({"plate": "AB"}, {"plate": " AB\n"}, ScoringSettings(text_match=how)) == (1, 1)


def test_dynamic_answers_by_hand():
    vocabulary = Vocabulary()
    yes, no = frozenset({"yes"}), frozenset({"no"})
    truth = dynamic_columns(vocabulary, [[("moving", yes, 0, 2), ("moving", no, 3, 5), ("speed", 4.0, 0, 2)]])
    submitted = dynamic_columns(vocabulary, [[("moving", yes, 1, 3), ("driver", "Ann", 5, 6)]])
    frame = np.arange(8)
    nobody = np.zeros(8, dtype=np.int64)
    agreement = dynamic_agreement(truth, nobody, submitted, nobody, frame, ONTOLOGY, vocabulary, SETTINGS)
    # Moving alone, moving and the speed left out twice, moving wrong, left out, with a driver too many, driver only.
    assert agreement.compared.tolist() == [1, 2, 2, 1, 1, 2, 1, 0]
    assert agreement.similarity.tolist() == [0, 1, 1, 0, 0, 0, 0, 0]


def test_a_range_of_a_billion_frames_costs_nothing():
    vocabulary = Vocabulary()
    labels = dynamic_columns(vocabulary, [[("moving", frozenset({"yes"}), 0, 10**9), ("driver", "Ann", 5, 10**9)]])
    nobody = np.zeros(3, dtype=np.int64)
    frame = np.array([0, 10**9, 10**9 + 1])
    agreement = dynamic_agreement(labels, nobody, labels, nobody, frame, ONTOLOGY, vocabulary, SETTINGS)
    assert agreement.compared.tolist() == [1, 2, 0]


def test_an_ontology_with_a_question_under_itself_does_not_hang():
    loop = question("loop", "radio", {"on": [question("loop", "radio", {"on": ()})]})
    ontology = index_ontology({"objects": [feature("car", loop, shape="point")], "classifications": []})
    assert compare({"loop": ["on"]}, {"loop": ["on"]}, ontology=ontology) == (0, 0)


def test_equal_sets_of_answers_have_one_code_and_the_empty_set_is_0():
    holder, attribute, value = np.array([[0, 5, 1], [0, 3, 2], [1, 3, 2], [2, 3, 2], [2, 5, 1], [3, 3, 1]]).T
    codes, sets = code_answer_sets(holder, attribute, value, 4)
    assert codes[0] == codes[2]
    assert len({0, *codes.tolist()}) == 4
    assert sets.counts[0] == 0
    assert [sets.counts[code] for code in codes] == [2, 1, 2, 1]
    begin = sets.offsets[codes[0]]
    assert (sets.attribute[begin : begin + 2].tolist(), sets.value[begin : begin + 2].tolist()) == ([3, 5], [2, 1])


def test_no_pairs_and_an_ontology_without_questions():
    ontology = index_ontology({"objects": [], "classifications": []})
    vocabulary = Vocabulary()
    labels = label_columns(vocabulary, ontology=ontology, hashes=["a"])
    for pairs in (np.zeros(0, dtype=np.int64), np.zeros(2, dtype=np.int64)):
        static = answer_agreement(labels, pairs, labels, pairs, ontology, vocabulary, SETTINGS)
        moving = dynamic_agreement(labels, pairs, labels, pairs, pairs, ontology, vocabulary, SETTINGS)
        assert (static + moving).compared.tolist() == [0] * len(pairs)
        assert np.isnan((static + moving).mean).all()
