from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.labels.ontology import index_ontology
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.scoring.answer_differences import AnswerDifference, answer_differences
from include.benchmark_qa.scoring.explain import explain
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.verdicts import LabelMatch, Verdict
from tests.unit.scoring.hand_made import ONTOLOGY, feature, label_columns, question

WORLD = index_ontology(
    {
        "objects": [
            feature("f1", shape="bounding_box") | {"name": "Vehicle"},
            feature("f2", shape="bounding_box") | {"name": "Bus"},
            feature("f3", shape="polyline") | {"name": "Lane"},
        ],
        "classifications": [feature("f4", question("q", "text")) | {"name": "Weather"}],
    }
)
KIND = AnswerDifference("Kind", "Sedan", "Truck", 0.0)
TRIM = AnswerDifference("Trim", "LX", None, 0.0)
DOORS = AnswerDifference("Doors", None, "4", 0.0)


def pair(verdict, truth="f1", given_feature="f1", *, frames=(12, 12), similarity=None, agreement=None):
    return LabelMatch(
        verdict=verdict,
        ground_truth_feature=truth,
        ground_truth_hash="7c1e" if truth else None,
        submitted_feature=given_feature,
        submitted_hash="93ab" if given_feature else None,
        first_frame=frames[0],
        last_frame=frames[1],
        frames=frames[1] - frames[0] + 1,
        similarity=similarity,
        attribute_agreement=agreement,
    )


@pytest.mark.parametrize(
    ("match", "differences", "sentence"),
    [
        (
            pair(Verdict.LOW_OVERLAP, similarity=0.62),
            (),
            "Vehicle on frame 12 is drawn, but overlaps the true one by only 62 % (80 % wanted). "
            "It counts 0.62 instead of 1.",
        ),
        (
            pair(Verdict.LOW_OVERLAP, similarity=0.79996),
            (),
            "Vehicle on frame 12 is drawn, but overlaps the true one by only 79.9 % (80 % wanted). "
            "It counts 0.79 instead of 1.",
        ),
        (
            pair(Verdict.LOW_OVERLAP, "f3", "f3", similarity=0.5),
            (),
            "Lane on frame 12 is drawn, but matches the true one by only 50 % (80 % wanted). "
            "It counts 0.5 instead of 1.",
        ),
        (
            pair(Verdict.MATCHED, similarity=0.93),
            (),
            "Vehicle on frame 12 is right: it overlaps the true one by 93 %. It counts 0.93 instead of 1.",
        ),
        (
            pair(Verdict.MATCHED, similarity=1.0, agreement=1.0),
            (),
            "Vehicle on frame 12 is right: it overlaps the true one by 100 %.",
        ),
        (
            pair(Verdict.ATTRIBUTE_MISMATCH, similarity=0.9, agreement=0.5),
            (KIND, TRIM, DOORS),
            "Vehicle on frame 12 is drawn, but its answers agree with the truth by only 50 %. "
            "Kind was answered 'Truck' (right: 'Sedan'); Trim was not answered (right: 'LX'); "
            "Doors was answered '4' (right: no answer). It counts 0.45 instead of 1.",
        ),
        (
            pair(Verdict.ATTRIBUTE_MISMATCH, similarity=0.6, agreement=0.5),
            (),
            "Vehicle on frame 12 is drawn, but overlaps the true one by only 60 % (80 % wanted) and its answers agree "
            "with the truth by only 50 %. It counts 0.3 instead of 1.",
        ),
        (
            pair(Verdict.MISLABELLED, "f1", "f2", similarity=0.93),
            (),
            "Bus on frame 12 should be Vehicle: it overlaps a true Vehicle by 93 %. "
            "It counts as two mistakes: Vehicle is missing, and Bus is one too many.",
        ),
        (
            pair(Verdict.MISSING, given_feature=None),
            (),
            "Vehicle on frame 12 is missing: no Vehicle was drawn that overlaps it by 50 % or more.",
        ),
        (
            pair(Verdict.EXTRA, None, "f2"),
            (),
            "Bus on frame 12 is one too many: it overlaps no true Bus by 50 % or more.",
        ),
        (pair(Verdict.MISSING, "f4", None, frames=(3, 9)), (), "Weather is missing on frames 3 to 9."),
        (pair(Verdict.EXTRA, None, "f4", frames=(3, 9)), (), "Weather should not be there on frames 3 to 9."),
        (pair(Verdict.MATCHED, "f4", "f4", similarity=1.0), (), "Weather on frame 12 is right."),
        (
            pair(Verdict.ATTRIBUTE_MISMATCH, "f4", "f4", frames=(3, 9), similarity=1.0, agreement=0.25),
            (AnswerDifference("Sky", "Sun", "Rain", 0.0),),
            "Weather on frames 3 to 9 is there, but agrees with the truth by only 25 %. "
            "Sky was answered 'Rain' (right: 'Sun'). Each frame counts 0.25 instead of 1.",
        ),
    ],
)
def test_every_verdict_in_words(match, differences, sentence):
    assert explain(match, WORLD, ScoringSettings(), differences) == sentence


def test_an_image_has_no_frames_to_speak_of_and_other_rates_count_otherwise():
    match = pair(Verdict.LOW_OVERLAP, similarity=0.62)
    words = explain(match, WORLD, ScoringSettings(target_metric="f1"), with_frames=False)
    assert words == "Vehicle is drawn, but overlaps the true one by only 62 % (80 % wanted)."


@given(
    st.sampled_from(Verdict),
    st.sampled_from(["f1", "f3", "f4", "gone"]),
    st.floats(0, 1) | st.none(),
    st.floats(0, 1) | st.none(),
)
@settings(max_examples=40, deadline=None)
def test_words_for_every_match_and_never_a_hash(verdict, name, similarity, agreement):
    truth, other = (None if verdict is gone else name for gone in (Verdict.EXTRA, Verdict.MISSING))
    words = explain(pair(verdict, truth, other, similarity=similarity, agreement=agreement), WORLD, ScoringSettings())
    assert words.endswith(".")
    assert not any(code in words for code in ("f1", "f3", "f4", "gone", "7c1e", "93ab", "None", "nan"))


def test_the_answers_that_differ_by_the_names_of_the_ontology():
    vocabulary = Vocabulary()
    truth = label_columns(
        vocabulary,
        hashes=["a", "b"],
        answers=[(0, "kind", {"sedan"}), (0, "trim", "LX"), (0, "damage", {"rust", "dent"}), (0, "doors", 4.0)],
        dynamic=[(0, "moving", {"yes"}, 0, 9), (1, "moving", {"yes"}, 0, 9)],
    )
    submitted = label_columns(
        vocabulary,
        hashes=["p", "q"],
        answers=[(0, "kind", {"truck"}), (0, "damage", {"dent"}), (0, "plate", "AB 1"), (0, "doors", 2.5)],
        dynamic=[(0, "moving", {"no"}, 0, 4), (0, "moving", {"yes"}, 5, 9), (1, "moving", {"yes"}, 0, 9)],
    )
    pairs = np.array([0, 0, 1])
    found = answer_differences(
        truth, pairs, submitted, pairs, np.array([3, 5, 3]), ONTOLOGY, vocabulary, ScoringSettings()
    )
    static = (
        AnswerDifference("Damage", "Dent, Rust", "Dent", 0.5),
        AnswerDifference("Doors", "4", "2.5", 0.0),
        AnswerDifference("Kind", "Sedan", "Truck", 0.0),  # and no word about the trim of a truck
    )
    plate = AnswerDifference("Plate", None, "AB 1", 0.0)
    assert found == [(*static, AnswerDifference("Moving", "Yes", "No", 0.0), plate), (*static, plate), ()]
