from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Final

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray, Ragged
from include.benchmark_qa.labels.limits import all_of_each, inside, offsets_of
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.labels.wire import DrawnObject, Node

_XY: Final = attrgetter("x", "y")


def skeleton_table(objects: Sequence[DrawnObject], vocabulary: Vocabulary) -> tuple[Ragged, BoolArray]:
    """
    Return x, y, code and visibility of the nodes of skeletons.

    In order is a skeleton of one or more nodes, no two of them alike, with the visible ones inside the image: one
    that is invisible may have any coordinates. An occluded node counts as visible: it was placed on purpose (COCO's
    v = 1).
    """
    skeletons = [list((one.skeleton or {}).values()) for one in objects]
    offsets = offsets_of([len(nodes) for nodes in skeletons])
    nodes = list(chain.from_iterable(skeletons))
    table = np.empty((len(nodes), 4))
    table[:, :2] = np.fromiter(chain.from_iterable(map(_XY, nodes)), np.float64, 2 * len(nodes)).reshape(-1, 2)
    table[:, 2] = [vocabulary.code(node_identity(node)) for node in nodes]
    table[:, 3] = [is_labelled(node) for node in nodes]
    x, y, code, visible = table.T
    right = np.isfinite(x) & np.isfinite(y) & (inside(x, y) | (visible == 0)) & (code != vocabulary.code(""))
    in_order = all_of_each(right, offsets) & (np.diff(offsets) > 0) & ~_with_twins(table, offsets)
    return Ragged(table, offsets), in_order


def node_identity(node: Node) -> str:
    """Return what tells a skeleton's nodes apart: the feature hash, else the name; empty for neither."""
    return node.feature_hash or node.name or ""


def is_labelled(node: Node) -> bool:
    """Say whether the annotator placed the node; the flags of older labels go before the word, as in Encord's SDK."""
    if node.invisible:
        return False
    return node.visibility != "invisible" or bool(node.occluded or node.self_occluded or node.visible)


def _with_twins(table: FloatArray, offsets: IntArray) -> BoolArray:
    """Say which skeletons have two nodes of the same code."""
    skeleton = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((table[:, 2], skeleton))
    same = (np.diff(skeleton[order]) == 0) & (np.diff(table[order, 2]) == 0)
    twins = np.zeros(len(offsets) - 1, bool)
    twins[skeleton[order][1:][same]] = True
    return twins
