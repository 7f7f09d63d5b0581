from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from include.benchmark_qa.labels.data_types import RANGE_SHAPES
from include.benchmark_qa.labels.ontology import OntologyIndex
from include.benchmark_qa.labels.vocabulary import Vocabulary
from include.benchmark_qa.labels.wire import ObjectAnswer


class RangeObject(Struct, gc=False):
    """An object that is ranges of a file: start, end, and the code of the node in HTML."""

    object_hash: str
    feature_hash: str
    ranges: Sequence[tuple[float, float, int]]


def stands_in_answers(feature_hash: str, ontology: OntologyIndex) -> bool:
    """Say whether objects of this class are ranges of a file, which stand beside the answers."""
    return ontology.shapes.get(feature_hash) in RANGE_SHAPES


def ranges_of(answer: ObjectAnswer, vocabulary: Vocabulary) -> Sequence[tuple[float, float, int]]:
    """
    Return start, end and the code of the node in HTML.

    A range within one node of HTML is its offsets there. One from node to node has no length that can be known
    without the document: it is a node of its own, so that two of these are alike when they are equal.
    """
    code = vocabulary.code
    ranges: list[tuple[float, float, int]] = []
    for one in answer.range_html or ():
        start, end = one.start, one.end
        if start.xpath == end.xpath:
            ranges.append((start.offset, end.offset, code(start.xpath)))
        else:
            ranges.append((0, 1, code(f"{start.xpath} {start.offset} to {end.xpath} {end.offset}")))
    return ranges or [(start, end, 0) for start, end in answer.range or ()]
