from __future__ import annotations

import numpy as np
import pytest
from encord.objects.bitmask import BitmaskCoordinates
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.labels.columns import Areas, ObjectColumns, Ragged
from include.benchmark_qa.labels.masks import masks_of
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.labels.wire import Bitmask
from include.benchmark_qa.scoring import shapes
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.shapes import pair_similarity
from include.benchmark_qa.similarity.boxes import box_iou
from include.benchmark_qa.similarity.ellipses import ellipse_iou
from include.benchmark_qa.similarity.keypoints import oks
from include.benchmark_qa.similarity.lines import point_similarity, polyline_similarity
from include.benchmark_qa.similarity.polygons import polygon_iou, to_geometry
from include.benchmark_qa.similarity.ranges import range_iou
from include.benchmark_qa.similarity.rotated_boxes import rotated_box_iou

SETTINGS = ScoringSettings(point_tolerance=0.03, line_tolerance=0.05, directed=True, node_sigmas={"nose": 0.1})


def columns(shape, geometry, slots):
    """Return entries that stand in these slots of one table, and nothing else of interest."""
    nothing = np.zeros(len(slots), dtype=np.int64)
    sizes = np.ones((len(slots), 2))
    return ObjectColumns(nothing, nothing, nothing, nothing, sizes, np.array(slots, dtype=np.int64), {shape: geometry})


def ragged(lists, width):
    arrays = [np.array(one, dtype=np.float64).reshape(-1, width) for one in lists]
    return Ragged(np.concatenate(arrays), np.cumsum([0, *map(len, arrays)]))


def compare(shape, truth, submitted, pairs, sizes=(1, 1), chosen=SETTINGS, vocabulary=None):
    """Compare pairs of slots; the entries stand in the table's order backwards, so that entry and slot differ."""
    counts = [max(pair[side] for pair in pairs) + 1 for side in (0, 1)]
    ours, theirs = columns(shape, truth, range(counts[0])[::-1]), columns(shape, submitted, range(counts[1])[::-1])
    index = np.array([counts[0] - 1 - one for one, _ in pairs]), np.array([counts[1] - 1 - other for _, other in pairs])
    size = np.broadcast_to(np.array(sizes, dtype=np.float64), (len(pairs), 2))
    return pair_similarity(shape, ours, index[0], theirs, index[1], size, chosen, vocabulary or Vocabulary())


PAIRS = [(0, 0), (1, 0), (2, 1), (0, 3), (2, 2), (0, 0)]
SIZES = np.array([(640, 480), (640, 480), (100, 900), (31, 17), (640, 480), (50, 50)], dtype=np.float64)
WIDTHS = {"bounding_box": 4, "rotatable_bounding_box": 5, "point": 2}


def scaled(values, size):
    pixels = values.copy()
    pixels[:2] *= size
    pixels[2:4] *= size[: len(pixels[2:4])]
    return pixels[None]


@pytest.mark.parametrize("shape", WIDTHS)
def test_rows_of_numbers_are_compared_in_pixels(shape):
    random = np.random.default_rng(3)
    truth = random.random((3, WIDTHS[shape])) / 2
    submitted = truth[[0, 1, 2, 0]] + random.normal(0, 0.02, (4, WIDTHS[shape]))
    expected = []
    for (one, other), size in zip(PAIRS, SIZES, strict=True):
        a, b = scaled(truth[one], size), scaled(submitted[other], size)
        if shape == "point":
            expected.append(point_similarity(a, b, size.prod(), 0.03)[0, 0])
        else:
            expected.append((box_iou if shape == "bounding_box" else rotated_box_iou)(a, b)[0, 0])
    assert compare(shape, truth, submitted, PAIRS, SIZES).tolist() == pytest.approx(expected, abs=1e-9)
    assert max(expected) > 0.3


def test_polylines_are_compared_in_pixels_and_in_their_direction():
    random = np.random.default_rng(4)
    truth = [random.random((n, 2)) for n in (1, 5, 3)]
    submitted = [truth[0] + 0.01, truth[2][::-1], truth[2] + 0.02, random.random((4, 2))]
    expected = [
        polyline_similarity([truth[one] * size], [submitted[other] * size], size.prod(), 0.05, directed=True)[0, 0]
        for (one, other), size in zip(PAIRS, SIZES, strict=True)
    ]
    found = compare("polyline", ragged(truth, 2), ragged(submitted, 2), PAIRS, SIZES)
    assert found.tolist() == pytest.approx(expected, abs=1e-9)
    either = compare("polyline", ragged(truth, 2), ragged(submitted, 2), PAIRS, SIZES, ScoringSettings())
    assert either[2] == pytest.approx(1.0)
    assert expected[2] < 0.9


@pytest.mark.parametrize("shape", ["audio", "time_range", "text"])
def test_ranges_are_compared_whatever_the_size(shape):
    truth = [[(0, 10, 0)], [], [(5, 6, 7), (0, 10, 8)]]
    submitted = [[(5, 15, 0)], [(0, 10, 8)], [(0, 10, 7), (0, 10, 8)], []]
    found = compare(shape, ragged(truth, 3), ragged(submitted, 3), PAIRS, SIZES)
    expected = [range_iou([[(0, 10)]], [[(5, 15)]])[0, 0], 0.0, 10 / 11, 0.0, 11 / 20, 1 / 3]
    assert found.tolist() == pytest.approx(expected)


def test_circles_and_ellipses_are_the_ellipses_that_encord_draws():
    # r, and the other half axis with it, is a fraction of the width; rx and ry are of width and height.
    circle = np.array([[0.5, 0.5, 0.1, 0.5, 30.0]])
    ellipse = np.array([[0.51, 0.5, 0.1, 0.1, 30.0], [0.5, 0.5, 0.1, 0.1, 30.0]])
    size = np.array([400.0, 200.0])
    drawn = ellipse_iou(
        np.array([[200, 100, 40, 20, 30.0]]), np.array([[204, 100, 40, 20, 30.0], [200, 100, 40, 20, 30]])
    )
    assert compare("ellipse", ellipse[1:], ellipse, [(0, 0), (0, 1)], size).tolist() == pytest.approx(drawn[0].tolist())
    same = compare("circle", circle, circle + np.array([[0.01, 0, 0, 0, 0]]), [(0, 0)], size)
    assert same.tolist() == pytest.approx(drawn[0, :1].tolist())


def test_cuboids_in_space_have_no_pixels():
    cuboid = np.array([[0.0, 0, 0, 2, 2, 2, 0, 0, 0], [1, 0, 0, 2, 2, 2, 0, 0, 0]])
    assert compare("cuboid", cuboid, cuboid, [(0, 1), (1, 1)], (640, 480)).tolist() == pytest.approx([1 / 3, 1.0])


def test_flat_cuboids_are_compared_by_their_faces_in_pixels():
    face = np.array([[0.1, 0.1], [0.3, 0.1], [0.3, 0.3], [0.1, 0.3]])
    cuboid = np.concatenate([face, face + 0.2])[None]
    moved = np.concatenate([face + np.array([0.1, 0]), face + 0.2])[None]
    assert compare("cuboid_2d", cuboid, moved, [(0, 0)], (640, 480)).tolist() == pytest.approx([(1 / 3 + 1) / 2])


def areas(polygons):
    """Return the columns of polygons: lists of parts, which are lists of rings."""
    parts = [part for polygon in polygons for part in polygon]
    rings = [ring for part in parts for ring in part]
    counts = [[len(one) for one in many] for many in (rings, parts, polygons)]
    return Areas(np.concatenate(rings), *(np.cumsum([0, *count]) for count in counts))


def test_polygons_are_compared_in_pixels_each_size_for_itself():
    random = np.random.default_rng(8)
    square = np.array([[0.1, 0.1], [0.6, 0.1], [0.6, 0.7], [0.1, 0.7]])
    hole, bow_tie = square * 0.5 + 0.1, square[[0, 2, 1, 3]]
    truth = [[[square, hole]], [[bow_tie]], [[square], [square * 0.2 + 0.75]]]
    submitted = [[[square + 0.05]], [[hole], [square * 0.2 + 0.75]], [[square * 0.9]], [[random.random((9, 2))]]]

    def geometry(polygon, size):
        return to_geometry([[ring * size for ring in part] for part in polygon])

    expected = [
        polygon_iou([geometry(truth[one], size)], [geometry(submitted[other], size)])[0, 0]
        for (one, other), size in zip(PAIRS, SIZES, strict=True)
    ]
    found = compare("polygon", areas(truth), areas(submitted), PAIRS, SIZES, ScoringSettings(iou_threshold=0.01))
    assert found.tolist() == pytest.approx(expected, abs=1e-9)
    assert min(expected[:3]) > 0.05


def test_polygons_that_cannot_reach_the_gate_are_not_looked_at_closer():
    square = np.array([[0.1, 0.1], [0.6, 0.1], [0.6, 0.7], [0.1, 0.7]])
    tables = areas([[[square]]]), areas([[[square * 0.5]], [[square]]])
    found = compare("polygon", *tables, [(0, 0), (0, 1)], [(100, 100), (100, 100)])
    assert found.tolist() == [0.0, 1.0]


def skeleton(vocabulary, nodes):
    return [(x, y, vocabulary.code(name), visible) for name, (x, y, visible) in nodes.items()]


def test_nodes_are_paired_by_name_and_have_their_own_sigmas():
    vocabulary = Vocabulary()
    truth = skeleton(vocabulary, {"nose": (0.1, 0.1, 1), "ear": (0.5, 0.9, 1), "tail": (0.9, 0.4, 0)})
    drawn = skeleton(vocabulary, {"tail": (0.2, 0.2, 1), "ear": (0.51, 0.9, 0), "nose": (0.1, 0.12, 1)})
    size = np.array([200.0, 100.0])
    found = compare(
        "skeleton",
        ragged([truth], 4),
        ragged([drawn, drawn[:2], []], 4),
        [(0, 0), (0, 1), (0, 2)],
        size,
        SETTINGS,
        vocabulary,
    )
    a = np.array([[0.1, 0.1], [0.5, 0.9]]) * size
    b = np.array([[[0.1, 0.12], [0.51, 0.9]], [[np.nan, np.nan], [0.51, 0.9]], np.full((2, 2), np.nan)]) * size
    expected = oks(a[None], b, np.ones((1, 2), bool), np.array([0.1, 0.05]), image_area=200 * 100)
    assert found.tolist() == pytest.approx(expected[0].tolist(), abs=1e-12)
    assert found[2] == 0.0


def test_a_skeleton_without_a_labelled_node_cannot_be_compared():
    vocabulary = Vocabulary()
    hidden = skeleton(vocabulary, {"nose": (0.1, 0.1, 0)})
    found = compare("skeleton", ragged([hidden, []], 4), ragged([hidden], 4), [(0, 0), (1, 0)], vocabulary=vocabulary)
    assert np.isnan(found).all()


def encord_mask(pixels):
    encoded = BitmaskCoordinates(pixels)._encoded_bitmask
    return Bitmask(encoded.height, encoded.width, encoded.rle_string, encoded.top, encoded.left)


def pixels_of(mask):
    """Return the pixels by Encord's own decoder."""
    return BitmaskCoordinates(
        BitmaskCoordinates.EncodedBitmask(
            top=mask.top, left=mask.left, height=mask.height, width=mask.width, rle_string=mask.rle_string
        )
    ).to_numpy_array()


@given(st.integers(1, 25), st.integers(1, 25), st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.5, 0.97, 1.0]))
@settings(deadline=None)
def test_bitmasks_compare_as_the_pixels_that_encord_decodes(height, width, seed, density):
    random = np.random.default_rng(seed)
    truth = [encord_mask(random.random((height, width)) < density) for _ in range(3)]
    submitted = [encord_mask(random.random((height, width)) < share) for share in (density, 0.5, 0, 1)]
    expected = []
    for one, other in PAIRS:
        a, b = pixels_of(truth[one]), pixels_of(submitted[other])
        expected.append((a & b).sum() / (a | b).sum() if (a | b).any() else 1.0)
    for at_once in (shapes.RUNS_AT_ONCE, 9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shapes, "RUNS_AT_ONCE", at_once)
            assert compare("bitmask", masks_of(truth), masks_of(submitted), PAIRS).tolist() == expected


def test_masks_that_cannot_be_laid_over_each_other():
    good = encord_mask(np.eye(4, dtype=bool))
    others = [
        Bitmask(4, 4, good.rle_string, top=1), Bitmask(4, 4, "o"), Bitmask(4, 5, good.rle_string),
        Bitmask(4, 4, "\ud800"), Bitmask(1 << 40, 1 << 40, "04"), good,
    ]  # fmt: skip
    found = compare("bitmask", masks_of([good]), masks_of(others), [(0, other) for other in range(len(others))])
    assert found.tolist() == pytest.approx([np.nan] * 5 + [1.0], nan_ok=True)


ROWS = {
    "bounding_box": [0.1, 0.2, 0.3, 0.4],
    "rotatable_bounding_box": [0.1, 0.2, 0.3, 0.4, 30],
    "circle": [0.5, 0.5, 0.2, 0.7, 10],
    "ellipse": [0.5, 0.5, 0.2, 0.1, 10],
    "point": [0.5, 0.5],
    "cuboid": [1, 2, 3, 4, 5, 6, 0.1, 0.2, 0.3],
}


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("shape", ROWS)
def test_a_row_that_is_no_drawing_harms_no_other(shape, bad):
    table = np.array([ROWS[shape], np.full(len(ROWS[shape]), bad)])
    found = compare(shape, table, table, [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0)], (640, 480))
    assert found[[0, 4]].tolist() == pytest.approx([1.0, 1.0])
    assert (np.isnan(found[1:3]) | (found[1:3] == 0)).all()


def test_portions_do_not_change_the_answer(monkeypatch):
    random = np.random.default_rng(6)
    truth = ragged(
        [random.random((n, 4)) * [1, 1, 5, 2] // [1e-9, 1e-9, 1, 1] * [1e-9, 1e-9, 1, 1] for n in range(9)], 4
    )
    vocabulary = Vocabulary()
    for name in "abcde":
        vocabulary.code(name)
    pairs = [(one, other) for one in range(9) for other in range(9)]
    whole = compare("skeleton", truth, truth, pairs, (30, 40), vocabulary=vocabulary)
    monkeypatch.setattr(shapes, "PAIRS_AT_ONCE", 7)
    monkeypatch.setattr(shapes, "VALUES_AT_ONCE", 3)
    parts = compare("skeleton", truth, truth, pairs, (30, 40), vocabulary=vocabulary)
    assert parts.tolist() == pytest.approx(whole.tolist(), abs=1e-12, nan_ok=True)
    assert np.isfinite(whole).sum() > 40


@pytest.mark.parametrize("shape", ["segmentation", "no such shape"])
def test_a_shape_that_nobody_can_compare(shape):
    table = np.zeros((1, 4))
    assert np.isnan(compare(shape, table, table, [(0, 0)])).all()


def test_no_pairs():
    none, entries = np.array([], dtype=np.int64), columns("bounding_box", np.zeros((0, 4)), [])
    for shape in shapes._COMPARISONS:
        found = pair_similarity(shape, entries, none, entries, none, np.empty((0, 2)), SETTINGS, Vocabulary())
        assert found.shape == (0,)
