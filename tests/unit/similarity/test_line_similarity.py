from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.similarity.lines import (
    point_similarity,
    point_similarity_pairs,
    polyline_similarity,
    polyline_similarity_pairs,
)

AREA, TOLERANCE = 640 * 480, 0.02

coordinates = st.one_of(st.integers(0, 640).map(float), st.floats(0, 640))
lines = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=12).map(np.array)


def of_shapely(a, b, directed=False):
    """Return the similarity by shapely's own interpolation along a line, sample by sample."""

    def at(line, share):
        is_line = len(line) > 1 and (line != line[0]).any()
        return shapely.LineString(line).interpolate(share, normalized=True) if is_line else shapely.Point(line[0])

    def one_way(first, second):
        apart = [at(first, i / 63).distance(at(second, i / 63)) for i in range(64)]
        return math.fsum(math.exp(-(d**2) / (2 * TOLERANCE**2 * AREA)) for d in apart) / 64

    return one_way(a, b) if directed else max(one_way(a, b), one_way(a, b[::-1]))


@given(lines, lines, st.booleans())
@settings(deadline=None)
def test_lines_compare_as_with_shapely(a, b, directed):
    assert polyline_similarity([a], [b], AREA, TOLERANCE, directed)[0, 0] == pytest.approx(
        of_shapely(a, b, directed), abs=1e-9
    )


@given(st.lists(lines, max_size=5), st.lists(lines, max_size=5))
@settings(deadline=None)
def test_every_pair_compares_as_it_does_alone(a, b):
    matrix = polyline_similarity(a, b, AREA, TOLERANCE)
    alone = [[polyline_similarity([one], [other], AREA, TOLERANCE)[0, 0] for other in b] for one in a]
    assert matrix == pytest.approx(np.array(alone).reshape(len(a), len(b)), abs=1e-9)
    swapped = polyline_similarity(b, a, AREA, TOLERANCE)
    assert matrix == pytest.approx(swapped.T, abs=1e-12)
    count = min(len(a), len(b))
    pairs = polyline_similarity_pairs(a[:count], b[:count], np.full(count, AREA), TOLERANCE)
    assert pairs.tolist() == pytest.approx(matrix.diagonal().tolist(), abs=1e-12)


@given(lines, lines, st.lists(st.tuples(st.integers(0, 11), st.floats(0, 1)), max_size=8))
@settings(deadline=None)
def test_vertices_on_the_drawn_line_do_not_matter(a, b, added):
    more = list(a)
    for place, share in added:
        place %= len(more)
        after = more[min(place + 1, len(more) - 1)]
        more.insert(place + 1, more[place] + share * (after - more[place]))
    before = polyline_similarity([a], [b], AREA, TOLERANCE)
    assert polyline_similarity([np.array(more)], [b], AREA, TOLERANCE) == pytest.approx(before, abs=1e-9)


@given(lines, st.floats(1e-3, 1e3))
@settings(deadline=None)
def test_a_line_is_like_itself_however_large_and_however_drawn(line, scale):
    assert polyline_similarity([line], [line, line[::-1]], AREA, TOLERANCE).tolist() == [[1.0, 1.0]]
    other = line[::-1] + np.array([5.0, 3.0])
    scaled = polyline_similarity([line * scale], [other * scale], AREA * scale**2, TOLERANCE)
    assert scaled == pytest.approx(polyline_similarity([line], [other], AREA, TOLERANCE), abs=1e-9)


def test_the_direction_matters_only_when_asked_for():
    line = np.array([[0.0, 0.0], [300.0, 0.0]])
    assert polyline_similarity([line], [line[::-1]], AREA, TOLERANCE, directed=True)[0, 0] < 0.1


def test_parallel_lines_are_as_far_apart_as_points():
    line = np.array([[0.0, 7.0], [300.0, 7.0]])
    sigma = TOLERANCE * math.sqrt(AREA)
    assert polyline_similarity([line], [line + np.array([0, sigma])], AREA, TOLERANCE)[0, 0] == pytest.approx(
        math.exp(-0.5)
    )
    assert point_similarity(line[:1], line[:1] + np.array([0, sigma]), AREA, TOLERANCE)[0, 0] == pytest.approx(
        math.exp(-0.5)
    )


def test_cvat_s_vertex_mean_would_rise_with_collinear_vertices_and_this_does_not():
    bent = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 40.0]])
    straight = np.array([[0.0, 0.0], [100.0, 0.0], [200.0, 0.0]])
    dense = np.array([*np.linspace(bent[0], bent[1], 500), bent[2]])
    apart = polyline_similarity([bent, dense], [straight], AREA, TOLERANCE)[:, 0]
    assert apart[0] == pytest.approx(apart[1], abs=1e-9)
    assert apart[0] < 0.9


def test_many_lines_at_once_are_as_exact_as_one():
    random = np.random.default_rng(5)
    drawn = [random.random((n, 2)) * 640 for n in random.integers(1, 9, 20_000)]
    moved = [line + random.normal(0, 8, line.shape) for line in drawn]
    pairs = polyline_similarity_pairs(drawn, moved, AREA, TOLERANCE)
    for index in (0, 9_999, 19_999):
        alone = polyline_similarity([drawn[index]], [moved[index]], AREA, TOLERANCE)[0, 0]
        assert pairs[index] == pytest.approx(alone, abs=1e-9)


@pytest.mark.parametrize("bad", [np.empty((0, 2)), np.array([[0, np.nan], [1, 1]]), np.full((3, 2), np.nan)])
def test_a_line_that_is_none_has_no_similarity_and_harms_no_other(bad):
    good = np.array([[0.0, 0], [50, 50]])
    similarity = polyline_similarity_pairs([good, bad, good], [good, good, good], AREA, TOLERANCE)
    assert similarity.tolist() == pytest.approx([1.0, np.nan, 1.0], nan_ok=True)


def test_lines_beyond_all_bounds_are_compared_without_a_warning():
    line = np.array([[0.0, 0], [np.inf, 0], [1e308, -1e308]])
    similarity = polyline_similarity([line], [line, line * 0.5], AREA, TOLERANCE)
    assert ((similarity <= 1) | np.isnan(similarity)).all()


@given(st.tuples(coordinates, coordinates), st.tuples(coordinates, coordinates))
@settings(deadline=None)
def test_points_compare_by_their_distance(a, b):
    expected = math.exp(-(math.dist(a, b) ** 2) / (2 * (TOLERANCE * math.sqrt(AREA)) ** 2))
    assert point_similarity(np.array([a]), np.array([b]), AREA, TOLERANCE)[0, 0] == pytest.approx(expected, abs=1e-12)


def test_points_of_images_of_different_sizes():
    a, b = np.zeros((3, 2)), np.array([[3.0, 4], [3, 4], [np.nan, 0]])
    similarity = point_similarity_pairs(a, b, np.array([100.0**2, 50.0**2, 1]), 0.05)
    assert similarity.tolist() == pytest.approx([math.exp(-0.5), math.exp(-2), np.nan], nan_ok=True)


def test_nothing_to_compare_with():
    assert point_similarity(np.empty((0, 2)), np.zeros((3, 2)), AREA, TOLERANCE).shape == (0, 3)
    assert polyline_similarity([], [np.zeros((1, 2))], AREA, TOLERANCE).shape == (0, 1)
    assert polyline_similarity_pairs([], [], AREA, TOLERANCE).shape == (0,)
