from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

LEAST_SHARE_OF_IMAGE = 0.01


def oks(a: FloatArray, b: FloatArray, visible: BoolArray, sigmas: FloatArray, *, image_area: float = 0.0) -> FloatArray:
    """
    Return the object keypoint similarity of every pair of skeletons.

    The mean of exp(-d² / (2 s² k²)) over the nodes labelled in the ground truth: d is the distance in pixels, s² the
    area of the upright box around these nodes, but not less than 1 % of the image's, and k the node's sigma.
    (COCO's ``computeOks`` is the same with k = 2 sigma and with s² the area of the object.)

    :param a: shape (N, K, 2), the ground truth's nodes, x and y in pixels.
    :param b: shape (M, K, 2), the submitted nodes; NaN for a node that was not drawn, which counts 0.
    :param visible: shape (N, K), which of the ground truth's nodes are labelled. Those of ``b`` are compared wherever
        they stand, visible or not.
    :param sigmas: shape (K,), each node's k, above 0.
    :param image_area: in square pixels. With 0, a skeleton whose box has no area has similarity 1 where nodes stand
        exactly on its own.
    :return: shape (N, M), float64 in [0, 1]; NaN where no node of the ground truth is labelled.

    >>> truth = np.array([[[0.0, 0], [10, 10], [5, 5]]])
    >>> drawn = np.array([[[0.0, 1], [10, 10], [90, 90]], [[np.nan, np.nan], [10, 10], [5, 5]]])
    >>> oks(truth, drawn, np.array([[True, True, False]]), np.array([0.1, 0.1, 0.1]))
    array([[0.80326533, 0.5       ]])
    """
    rows, columns = np.repeat(np.arange(len(a)), len(b)), np.tile(np.arange(len(b)), len(a))
    pairs = oks_pairs(np.asarray(a)[rows], np.asarray(b)[columns], visible[rows], sigmas, image_area=image_area)
    return pairs.reshape(len(a), len(b))


def oks_pairs(
    a: FloatArray, b: FloatArray, visible: BoolArray, sigmas: FloatArray, *, image_area: ArrayLike = 0.0
) -> FloatArray:
    """Return the similarity of P skeletons each, (P, K, 2), as shape (P,); ``image_area`` is one or (P,) areas."""
    visible = np.asarray(visible, dtype=np.bool_)
    pair, node = np.nonzero(visible)
    areas = np.broadcast_to(np.asarray(image_area, dtype=np.float64), len(a))
    return node_similarity(pair, len(a), np.asarray(a)[visible], np.asarray(b)[visible], sigmas[node], areas)


def node_similarity(
    pair: IntArray, pairs: int, truth: FloatArray, submitted: FloatArray, sigmas: FloatArray, image_area: FloatArray
) -> FloatArray:
    """
    Return the object keypoint similarity of pairs whose labelled nodes lie end to end; see ``oks``.

    :param pair: shape (L,), ascending: which pair each node belongs to, below ``pairs``.
    :param truth: shape (L, 2), the labelled nodes of the ground truth.
    :param submitted: shape (L, 2), the same nodes as submitted, NaN where there is none.
    :param sigmas: shape (L,).
    :param image_area: shape (pairs,).
    :return: shape (pairs,), NaN for a pair without nodes, or with a node of the ground truth that is no number.
    """
    similarity = np.full(pairs, np.nan)
    labelled, first, counted = np.unique(pair, return_index=True, return_counts=True)
    if not len(labelled):
        return similarity
    sides = np.maximum.reduceat(truth, first) - np.minimum.reduceat(truth, first)
    scale = np.maximum(sides[:, 0] * sides[:, 1], LEAST_SHARE_OF_IMAGE * image_area[labelled])
    apart = ((truth - submitted) ** 2).sum(axis=1)
    with np.errstate(all="ignore"):
        near = np.exp(-apart / (2.0 * np.repeat(scale, counted) * sigmas**2))
    near[apart == 0] = 1.0
    near[np.isnan(submitted).any(axis=1)] = 0.0
    near[np.isnan(truth).any(axis=1)] = np.nan
    similarity[labelled] = np.add.reduceat(near, first) / counted
    return similarity


def visibility_agreement(a: BoolArray, b: BoolArray) -> FloatArray:
    """
    Return the share of nodes that both sides call visible, or both do not: shapes (P, K) and (P, K) give (P,).

    NaN where there are no nodes (K = 0).
    """
    same = np.asarray(a, dtype=np.bool_) == np.asarray(b, dtype=np.bool_)
    return same.mean(axis=1) if same.shape[1] else np.full(len(same), np.nan)
