"""How alike two drawn objects of one shape are: from the rows of the label tables to the kernels of ``similarity``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from include.benchmark_qa.labels.columns import FloatArray, IntArray, ObjectColumns
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.similarity.boxes import box_iou_pairs
from include.benchmark_qa.similarity.cuboids import cuboid_iou_pairs
from include.benchmark_qa.similarity.cuboids_2d import cuboid_2d_iou_pairs
from include.benchmark_qa.similarity.ellipses import ellipse_iou_pairs
from include.benchmark_qa.similarity.keypoints import node_similarity
from include.benchmark_qa.similarity.lines import point_similarity_pairs, sample_lines, sampled_similarity
from include.benchmark_qa.similarity.mask_overlap import run_iou
from include.benchmark_qa.similarity.mask_runs import join_runs
from include.benchmark_qa.similarity.polygon_building import polygon_geometries
from include.benchmark_qa.similarity.polygons import polygon_iou_pairs
from include.benchmark_qa.similarity.ragged import portions, positions_of
from include.benchmark_qa.similarity.ranges import united_iou
from include.benchmark_qa.similarity.rotated_boxes import rotated_box_iou_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

PAIRS_AT_ONCE = 16384
VALUES_AT_ONCE = 1 << 20
RUNS_AT_ONCE = 1 << 15  # of masks: what is made of them stays in the processor's cache


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of K pairs: a table of ``ObjectColumns.geometry``, and the place in it of each pair's object."""

    table: Any
    slot: IntArray

    def part(self, part: slice | IntArray) -> _Side:
        return _Side(self.table, self.slot[part])


@dataclass(frozen=True, slots=True)
class _Context:
    settings: ScoringSettings
    vocabulary: Vocabulary


_Comparison = Callable[[_Side, _Side, FloatArray, _Context], FloatArray]


def pair_similarity(
    shape: str,
    truth: ObjectColumns,
    truth_index: IntArray,
    submitted: ObjectColumns,
    submitted_index: IntArray,
    size: FloatArray,
    settings: ScoringSettings,
    vocabulary: Vocabulary,
) -> FloatArray:
    """
    Return how alike the two objects of each of K pairs are, all of one shape.

    :param shape: Encord's name of the shape.
    :param truth_index: shape (K,), entries of ``truth``.
    :param submitted_index: shape (K,), entries of ``submitted``.
    :param size: shape (K, 2), width and height of the image in pixels, in which both are compared; 1, 1 where it is
        unknown.
    :param vocabulary: of both sides, for the names of skeleton nodes.
    :return: shape (K,), float64 in [0, 1]; NaN for a pair that cannot be compared, and for shapes that nobody can. A
        pair that cannot reach ``settings.iou_threshold`` may have 0 instead of what it has below.
    """
    similarity = np.full(len(truth_index), np.nan)
    compare = _COMPARISONS.get(shape)
    if compare is None or shape not in truth.geometry or shape not in submitted.geometry:
        return similarity
    ours = _Side(truth.geometry[shape], truth.slot[truth_index])
    theirs = _Side(submitted.geometry[shape], submitted.slot[submitted_index])
    context = _Context(settings, vocabulary)
    for start in range(0, len(similarity), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        similarity[part] = compare(ours.part(part), theirs.part(part), size[part], context)
    return similarity


def _as_written(kernel: Callable[[FloatArray, FloatArray], FloatArray]) -> _Comparison:
    """Compare rows of numbers with a kernel whose answer does not depend on the size of the image."""

    def compare(truth: _Side, submitted: _Side, _: FloatArray, __: _Context) -> FloatArray:
        return kernel(truth.table[truth.slot], submitted.table[submitted.slot])

    return compare


def _in_pixels(kernel: Callable[[FloatArray, FloatArray], FloatArray]) -> _Comparison:
    """Compare rows that begin with x, y, width, height with a kernel that wants these in pixels."""

    def compare(truth: _Side, submitted: _Side, size: FloatArray, _: _Context) -> FloatArray:
        rows = truth.table[truth.slot], submitted.table[submitted.slot]
        for row in rows:
            row[:, 0:2] *= size
            row[:, 2:4] *= size
        return kernel(*rows)

    return compare


def _circles(truth: _Side, submitted: _Side, size: FloatArray, _: _Context) -> FloatArray:
    """Compare circles as ellipses: both their half axes are told in terms of the image's width."""

    def ellipses(side: _Side) -> FloatArray:
        x, y, radius, stretch, theta = side.table[side.slot].T
        width, height = size.T
        return np.column_stack([x * width, y * height, radius * width, radius * stretch * width, theta])

    return ellipse_iou_pairs(ellipses(truth), ellipses(submitted))


def _cuboids_2d(truth: _Side, submitted: _Side, size: FloatArray, _: _Context) -> FloatArray:
    scale = size[:, None, :]
    return cuboid_2d_iou_pairs(truth.table[truth.slot] * scale, submitted.table[submitted.slot] * scale)


def _points(truth: _Side, submitted: _Side, size: FloatArray, context: _Context) -> FloatArray:
    ours, theirs = truth.table[truth.slot] * size, submitted.table[submitted.slot] * size
    return point_similarity_pairs(ours, theirs, size.prod(axis=1), context.settings.point_tolerance)


def _distinct(slot: IntArray, size: FloatArray) -> tuple[IntArray, FloatArray, IntArray]:
    """
    Return each slot once per size of the image, the sizes, and which of these each pair has.

    Many submissions are compared with one truth: its geometry is built once for all of them.
    """
    sizes, size_code = np.unique(size[:, 0] + 1j * size[:, 1], return_inverse=True)
    keys, pair_key = np.unique(slot * len(sizes) + size_code, return_inverse=True)
    found = sizes[keys % len(sizes)] if len(sizes) else sizes
    return keys // max(len(sizes), 1), np.column_stack([found.real, found.imag]), pair_key


def _polygons(truth: _Side, submitted: _Side, size: FloatArray, context: _Context) -> FloatArray:
    def geometries(side: _Side) -> NDArray[np.object_]:
        slots, sizes, pair = _distinct(side.slot, size)
        built: NDArray[np.object_] = polygon_geometries(side.table, slots, sizes)[pair]
        return built

    # What is below the gate is no pair, however far below.
    least = context.settings.iou_threshold - 1e-6
    return polygon_iou_pairs(geometries(truth), geometries(submitted), least)


def _polylines(truth: _Side, submitted: _Side, size: FloatArray, context: _Context) -> FloatArray:
    def samples(side: _Side) -> FloatArray:
        slots, sizes, pair = _distinct(side.slot, size)
        positions, begins = positions_of(side.table.offsets, slots)
        vertices = side.table.values[positions, :2] * np.repeat(sizes, np.diff(begins), axis=0)
        return sample_lines(vertices, begins)[pair]

    settings = context.settings
    area = size.prod(axis=1)
    return sampled_similarity(samples(truth), samples(submitted), area, settings.line_tolerance, settings.directed)


def _bitmasks(truth: _Side, submitted: _Side, _: FloatArray, __: _Context) -> FloatArray:
    """Compare masks that begin at the same place and have the same height and width; others give NaN."""
    similarity = np.empty(len(truth.slot))
    runs = [np.diff(side.table.runs.offsets)[side.slot] for side in (truth, submitted)]
    for part in portions(runs[0] + runs[1], RUNS_AT_ONCE):
        ours, theirs = truth.part(part), submitted.part(part)
        alike = (ours.table.boxes[ours.slot] == theirs.table.boxes[theirs.slot]).all(axis=1)
        for side in (ours, theirs):
            alike &= side.table.runs.valid[side.slot]
        similarity[part] = np.where(alike, _run_iou(ours, theirs), np.nan)
    return similarity


def _run_iou(truth: _Side, submitted: _Side) -> FloatArray:
    """Compare masks as if all were of one size, each laid out once however many it is compared with."""
    distinct = [np.unique(side.slot, return_inverse=True) for side in (truth, submitted)]
    (ours, our_place), (theirs, their_place) = distinct
    line = join_runs([truth.table.runs.chosen(ours), submitted.table.runs.chosen(theirs)])
    return run_iou(line, our_place, their_place + len(ours))


def _skeletons(truth: _Side, submitted: _Side, size: FloatArray, context: _Context) -> FloatArray:
    similarity = np.empty(len(size))
    nodes = [np.diff(side.table.offsets)[side.slot] for side in (truth, submitted)]
    for part in portions(nodes[0] + nodes[1], VALUES_AT_ONCE):
        similarity[part] = _node_similarity(truth.part(part), submitted.part(part), size[part], context)
    return similarity


def _node_similarity(truth: _Side, submitted: _Side, size: FloatArray, context: _Context) -> FloatArray:
    """Compare the nodes that the truth labels with the submitted nodes of the same code, wherever they stand."""
    pair, nodes = _rows_of_pairs(truth)
    labelled = nodes[:, 3] > 0
    pair, nodes = pair[labelled], nodes[labelled]
    other_pair, other_nodes = _rows_of_pairs(submitted)
    keys, other_keys = _keys(pair, nodes[:, 2], other_pair, other_nodes[:, 2])
    order = np.argsort(other_keys, kind="stable")
    place = np.searchsorted(other_keys, keys, sorter=order)
    found = np.flatnonzero(place < len(order))
    found = found[other_keys[order[place[found]]] == keys[found]]
    drawn = np.full((len(keys), 2), np.nan)
    drawn[found] = other_nodes[order[place[found]], :2]
    scale = size[pair]
    sigmas = _sigmas(nodes[:, 2], context)
    return node_similarity(pair, len(size), nodes[:, :2] * scale, drawn * scale, sigmas, size.prod(axis=1))


def _rows_of_pairs(side: _Side) -> tuple[IntArray, FloatArray]:
    """Return the rows of each pair's list, end to end, and which pair each belongs to."""
    positions, begins = positions_of(side.table.offsets, side.slot)
    return np.repeat(np.arange(len(side.slot)), np.diff(begins)), side.table.values[positions]


def _keys(pair: IntArray, code: FloatArray, other_pair: IntArray, other_code: FloatArray) -> tuple[IntArray, IntArray]:
    """Return numbers that are equal where pair and code are."""
    codes = 1 + int(max(code.max(initial=0), other_code.max(initial=0)))
    return pair * codes + code.astype(np.int64), other_pair * codes + other_code.astype(np.int64)


def _sigmas(codes: FloatArray, context: _Context) -> FloatArray:
    distinct, which = np.unique(codes.astype(np.int64), return_inverse=True)
    names = [str(context.vocabulary.values[code]) for code in distinct]
    settings = context.settings
    sigmas = np.array([settings.node_sigmas.get(name, settings.node_sigma) for name in names], dtype=np.float64)
    return sigmas[which]


def _ranges(truth: _Side, submitted: _Side, _: FloatArray, __: _Context) -> FloatArray:
    similarity = np.empty(len(truth.slot))
    counted = [np.diff(side.table.offsets)[side.slot] for side in (truth, submitted)]
    for part in portions(counted[0] + counted[1], VALUES_AT_ONCE):
        ours, theirs = _rows_of_pairs(truth.part(part)), _rows_of_pairs(submitted.part(part))
        similarity[part] = united_iou(len(truth.slot[part]), *ours, *theirs)
    return similarity


_COMPARISONS: Mapping[str, _Comparison] = {
    "bounding_box": _as_written(box_iou_pairs),  # stretching both boxes and all areas changes no share
    "rotatable_bounding_box": _in_pixels(rotated_box_iou_pairs),
    "ellipse": _in_pixels(ellipse_iou_pairs),
    "circle": _circles,
    "cuboid": _as_written(cuboid_iou_pairs),
    "cuboid_2d": _cuboids_2d,
    "polygon": _polygons,
    "bitmask": _bitmasks,
    "point": _points,
    "polyline": _polylines,
    "skeleton": _skeletons,
    "audio": _ranges,
    "time_range": _ranges,
    "text": _ranges,
}
