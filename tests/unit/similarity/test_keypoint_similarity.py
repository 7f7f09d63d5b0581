from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.cocoeval import COCOeval, Params

from include.benchmark_qa.similarity.keypoints import oks, oks_pairs, visibility_agreement

COCO_SIGMAS = Params(iouType="keypoints").kpt_oks_sigmas
NODES = len(COCO_SIGMAS)


def coco_oks(truth, drawn, visible, area):
    """Return COCO's own OKS of one skeleton with another."""
    evaluation = COCOeval(iouType="keypoints")
    evaluation._gts, evaluation._dts = defaultdict(list), defaultdict(list)
    flags = np.where(visible, 2, 0)
    evaluation._gts[1, 1] = [
        {"keypoints": np.column_stack([truth, flags]).ravel().tolist(), "bbox": [0, 0, 1, 1], "area": area}
    ]
    evaluation._dts[1, 1] = [{"keypoints": np.column_stack([drawn, flags]).ravel().tolist(), "score": 1.0}]
    return evaluation.computeOks(1, 1)[0, 0]


@given(st.integers(0, 2**32), st.floats(0.1, 60))
@settings(deadline=None)
def test_it_is_coco_s_with_twice_the_sigma_and_the_area_of_the_nodes_box(seed, noise):
    random = np.random.default_rng(seed)
    truth = random.random((NODES, 2)) * 300 + 20
    drawn = truth + random.normal(0, noise, truth.shape)
    visible = random.random(NODES) < 0.7
    visible[random.integers(NODES)] = True
    area = np.ptp(truth[visible], axis=0).prod()
    image_area = 640 * 480
    expected = coco_oks(truth, drawn, visible, max(area, 0.01 * image_area))
    result = oks(truth[None], drawn[None], visible[None], 2 * COCO_SIGMAS, image_area=image_area)
    assert result[0, 0] == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 2**32), st.integers(0, 4), st.integers(0, 4), st.floats(1e-3, 1e3))
@settings(deadline=None)
def test_every_pair_compares_as_it_does_alone_and_at_any_scale(seed, n, m, scale):
    random = np.random.default_rng(seed)
    truth, drawn = random.random((n, 5, 2)) * 100, random.random((m, 5, 2)) * 100
    visible, sigmas = random.random((n, 5)) < 0.6, random.random(5) * 2 + 0.1
    matrix = oks(truth, drawn, visible, sigmas, image_area=5_000)
    assert matrix.shape == (n, m)
    assert (((matrix >= 0) & (matrix <= 1)) | np.isnan(matrix)).all()
    assert (np.isnan(matrix) == ~visible.any(axis=1)[:, None]).all()
    scaled = oks(truth * scale, drawn * scale, visible, sigmas, image_area=5_000 * scale**2)
    assert scaled.ravel().tolist() == pytest.approx(matrix.ravel().tolist(), abs=1e-9, nan_ok=True)
    for row in range(n):
        pairs = oks_pairs(np.repeat(truth[[row]], m, 0), drawn, np.repeat(visible[[row]], m, 0), sigmas, image_area=5e3)
        assert pairs.tolist() == pytest.approx(matrix[row].tolist(), abs=1e-12, nan_ok=True)


def test_a_skeleton_is_like_itself_even_when_its_box_has_no_area():
    upright = np.array([[[5.0, 1], [5, 9], [5, 4]]])
    visible, sigmas = np.ones((1, 3), bool), np.full(3, 0.05)
    assert oks(upright, upright, visible, sigmas).tolist() == [[1.0]]
    assert oks(upright, upright + 1, visible, sigmas).tolist() == [[0.0]]
    assert 0 < oks(upright, upright + 1, visible, sigmas, image_area=300 * 300)[0, 0] < 1


def test_by_hand():
    # The box is 100 x 100, so s = 100; with k = 0.05, a node that is 5 pixels off has exp(-1/2).
    truth = np.array([[[0.0, 0], [100, 100], [50, 50], [70, 70]]])
    drawn = np.array([[[0.0, 0], [103, 104], [np.nan, np.nan], [0, 0]]])
    labelled = np.array([[True, True, True, False]])
    expected = (1 + math.exp(-0.5) + 0) / 3
    assert oks(truth, drawn, labelled, np.full(4, 0.05))[0, 0] == pytest.approx(expected, abs=1e-12)


def test_nothing_labelled_is_not_computed():
    nodes = np.zeros((1, 3, 2))
    assert np.isnan(oks(nodes, nodes, np.zeros((1, 3), bool), np.ones(3))).all()
    assert oks(np.empty((0, 3, 2)), nodes, np.zeros((0, 3), bool), np.ones(3)).shape == (0, 1)


def test_bad_coordinates_harm_no_other_pair():
    truth = np.array([[[0.0, 0], [9, 9]], [[0, np.nan], [9, 9]], [[0, 0], [9, 9]]])
    drawn = np.array([[[0.0, 0], [9, 9]], [[0, 0], [9, 9]], [[np.inf, 0], [9, 9]]])
    result = oks_pairs(truth, drawn, np.ones((3, 2), bool), np.ones(2), image_area=np.array([10.0, 10, 10]))
    assert result.tolist() == pytest.approx([1.0, np.nan, 0.5], nan_ok=True)


def test_visibility_agreement_is_the_share_of_equal_flags():
    a, b = np.array([[1, 1, 0, 0], [1, 1, 1, 1]], bool), np.array([[1, 0, 0, 1], [1, 1, 1, 1]], bool)
    assert visibility_agreement(a, b).tolist() == [0.5, 1.0]
    assert np.isnan(visibility_agreement(np.empty((2, 0)), np.empty((2, 0)))).all()
