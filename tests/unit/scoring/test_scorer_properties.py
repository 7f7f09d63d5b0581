"""What must hold whatever is drawn; 1,000 examples each with ``--hypothesis-profile=thorough``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.labels.ontology import index_ontology
from include.benchmark_qa.scoring.scored import score_labels
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.submission import SubmissionScore, score_submission, submission_score
from tests.unit.scoring import raw_rows

WEATHER = st.sampled_from([None, "sunny", "rain"])
STRETCH = st.tuples(st.integers(0, 50), st.integers(0, 40)).map(lambda drawn: (drawn[0], sum(drawn)))
RANGES = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 40)).map(lambda at: (at[0], at[0] + at[1])), min_size=1, max_size=3
    ),
    max_size=3,
)
# How far off a point or a node is shows by the truth's own size: OKS is not the same both ways, by definition.
SYMMETRIC_SHAPES = tuple(shape for shape in raw_rows.IMAGE_SHAPES if shape != "skeleton")


def score(truth: Any, submission: Any) -> SubmissionScore:
    return score_submission(raw_rows.ONTOLOGY, truth, submission)


@given(raw_rows.scenes(), WEATHER, WEATHER)
def test_every_score_is_finite_and_between_0_and_1(scene: list[raw_rows.Item], true: Any, given_one: Any) -> None:
    result = score(raw_rows.truth(scene, weather=true), raw_rows.submission(scene, weather=given_one))
    assert result.not_computed == ()
    assert result.score is not None
    assert 0 <= result.score <= 1
    assert result.rates is not None
    rates = [result.rates.micro, result.rates.macro, *result.rates.per_class.values()]
    assert all(rate is None or 0 <= rate <= 1 for group in rates for rate in group.values())
    assert all(match.similarity is None or 0 <= match.similarity <= 1 for match in result.objects)


@given(raw_rows.scenes(), WEATHER, WEATHER)
def test_the_order_of_labels_and_frames_never_matters(scene: list[raw_rows.Item], true: Any, given_one: Any) -> None:
    forwards, backwards = (
        score(
            raw_rows.truth(scene, weather=true, backwards=turned),
            raw_rows.submission(scene, weather=given_one, backwards=turned),
        )
        for turned in (False, True)
    )
    assert forwards == backwards


@given(st.lists(raw_rows.scenes(), min_size=2, max_size=4), st.randoms())
def test_the_company_and_the_order_of_submissions_never_matter(scenes: list[list[raw_rows.Item]], random: Any) -> None:
    ontology, settings = index_ontology(raw_rows.ONTOLOGY), ScoringSettings()
    truths, submissions = ([side(scene) for scene in scenes] for side in (raw_rows.truth, raw_rows.submission))
    order = list(range(len(scenes)))
    random.shuffle(order)
    together = score_labels(ontology, truths, [submissions[place] for place in order], order, settings)
    for place, scene in enumerate(order):
        assert submission_score(together, place, ontology) == score(truths[scene], submissions[scene])


@given(raw_rows.scenes(), st.sampled_from([2, 3]))
def test_scaling_the_image_with_its_labels_never_matters(scene: list[raw_rows.Item], scale: int) -> None:
    plain = score(raw_rows.truth(scene), raw_rows.submission(scene))
    scaled = score(raw_rows.truth(scene, scale=scale), raw_rows.submission(scene, scale=scale))
    assert scaled.score == pytest.approx(plain.score, abs=1e-9)
    assert [match.verdict for match in scaled.objects] == [match.verdict for match in plain.objects]


@given(raw_rows.scenes(("polygon", "polyline")), st.booleans())
def test_collinear_vertices_never_matter(scene: list[raw_rows.Item], of_truth: bool) -> None:
    plain = score(raw_rows.truth(scene), raw_rows.submission(scene))
    dense = score(raw_rows.truth(scene, collinear=of_truth), raw_rows.submission(scene, collinear=not of_truth))
    assert dense.score == pytest.approx(plain.score, abs=1e-9)
    assert [match.verdict for match in dense.objects] == [match.verdict for match in plain.objects]


@given(raw_rows.scenes(), WEATHER)
def test_labels_compared_with_themselves_give_1(scene: list[raw_rows.Item], weather: Any) -> None:
    result = score(raw_rows.submission(scene, weather=weather), raw_rows.submission(scene, weather=weather))
    assert result.score == pytest.approx(1, abs=1e-12)
    assert {match.verdict.value for match in result.objects} <= {"matched"}


@pytest.mark.parametrize("shape", raw_rows.IMAGE_SHAPES)
@pytest.mark.parametrize("variant", range(6))
@pytest.mark.parametrize("corner", [(0, 0), (200, 100), (0, 100), (80, 30)])
def test_shapes_at_the_border_give_1(shape: str, variant: int, corner: tuple[int, int]) -> None:
    w, h = 20, 10
    x, y = min(corner[0], raw_rows.WIDTH - w), min(corner[1], raw_rows.HEIGHT - h)
    if shape == "cuboid_2d" or (shape == "polygon" and variant == 3):
        x, y = min(x, 100), min(y, 50)  # a back face and a second part reach further
    item = raw_rows.Item(shape, 0, (x, y, w, h, variant), True, True, (0, 0), (0, 0), (None, None))
    result = score(raw_rows.truth([item]), raw_rows.submission([item]))
    assert result.not_computed == ()
    assert result.score == pytest.approx(1, abs=1e-12)


@given(raw_rows.scenes(SYMMETRIC_SHAPES), WEATHER, WEATHER)
def test_swapping_sides_swaps_precision_with_recall_and_missing_with_extra(
    scene: list[raw_rows.Item], true: Any, given_one: Any
) -> None:
    sides = raw_rows.truth(scene, weather=true), raw_rows.submission(scene, weather=given_one)
    one, other = score(*sides), score(*reversed(sides))
    assert one.rates is not None
    assert other.rates is not None
    assert one.rates.micro["precision"] == other.rates.micro["recall"]
    assert one.rates.micro["recall"] == other.rates.micro["precision"]
    swap = {"missing": "extra", "extra": "missing"}
    tallies = [sorted(match.verdict.value for match in result.objects) for result in (one, other)]
    assert sorted(swap.get(verdict, verdict) for verdict in tallies[0]) == tallies[1]
    assert one.score == pytest.approx(other.score, abs=1e-9)


@pytest.mark.parametrize("data_type", raw_rows.RANGE_SHAPES)
@given(true=RANGES, given_ones=RANGES)
def test_ranges_have_the_same_properties(data_type: str, true: Any, given_ones: Any) -> None:
    rows = [raw_rows.range_row(data_type, ranges) for ranges in (true, given_ones)]
    turned = [raw_rows.range_row(data_type, ranges, backwards=True) for ranges in (true, given_ones)]
    result = score(*rows)
    assert result.not_computed == ()
    assert result.score is not None
    assert 0 <= result.score <= 1
    assert score(*turned) == result
    assert score(rows[0], rows[0]).score == pytest.approx(1, abs=1e-12)
    swapped = score(rows[1], rows[0])
    assert result.rates is not None
    assert swapped.rates is not None
    assert result.rates.micro["precision"] == swapped.rates.micro["recall"]


@given(raw_rows.scenes())
def test_raw_json_and_dictionaries_are_the_same(scene: list[raw_rows.Item]) -> None:
    sides = raw_rows.truth(scene), raw_rows.submission(scene)
    assert score(*sides) == score(*(json.dumps(side).encode() for side in sides))
