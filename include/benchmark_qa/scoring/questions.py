"""What comparing answers must know about an ontology's questions, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.benchmark_qa.labels.columns import IntArray
from include.benchmark_qa.labels.ontology import OntologyIndex

KINDS = ("radio", "checklist", "text", "numeric")
RADIO = KINDS.index("radio")


@dataclass(frozen=True, slots=True)
class Questions:
    """
    One entry per attribute, by its code in the ontology.

    ``kind`` is the place in ``KINDS``, ``parent`` the attribute under which it is asked (-1 for none), ``depth`` how
    many parents it has, and ``option`` the hash of the parent's option that it hangs on.
    """

    kind: IntArray
    parent: IntArray
    depth: IntArray
    option: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.kind)


def index_questions(ontology: OntologyIndex) -> Questions:
    """Return the ontology's questions; one of a kind that Encord does not have is compared as a radio question."""
    attributes = [ontology.attributes[one] for one in ontology.attribute_hashes]
    parents = [ontology.attribute_codes.get(one.parent[0], -1) if one.parent else -1 for one in attributes]
    parent = np.array(parents, dtype=np.int64)
    return Questions(
        kind=np.array([KINDS.index(one.kind) if one.kind in KINDS else RADIO for one in attributes], dtype=np.int64),
        parent=parent,
        depth=_depth(parent),
        option=tuple(one.parent[1] if one.parent else "" for one in attributes),
    )


def _depth(parent: IntArray) -> IntArray:
    depth = np.zeros(len(parent), dtype=np.int64)
    above = parent
    # A broken ontology may have a question under itself: no question has more parents than there are questions.
    for _ in range(len(parent)):
        nested = above >= 0
        if not nested.any():
            break
        depth += nested
        above = np.where(nested, parent[above], -1)
    return depth
