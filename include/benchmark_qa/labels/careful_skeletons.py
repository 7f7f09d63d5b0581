from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from include.benchmark_qa.labels.careful_values import ProblemError, check_inside, mapping, number, shown
from include.benchmark_qa.labels.skeletons import is_labelled, node_identity
from include.benchmark_qa.labels.wire import Node, Visibility

_VISIBILITIES: Final[tuple[Visibility, ...]] = get_args(Visibility)


def read_skeleton(raw: Mapping[str, Any], _: object) -> dict[str, Node]:
    """Return the nodes of a skeleton."""
    nodes = {str(key): _read_node(mapping(node, "a node")) for key, node in raw.items()}
    seen: set[str] = set()
    for node in nodes.values():
        identity = node_identity(node)
        if identity in seen:
            raise ProblemError(f"has two nodes {shown(node.name or identity)}")
        seen.add(identity)
    return nodes


def _read_node(raw: Mapping[str, Any]) -> Node:
    name, feature_hash = (value if isinstance(value := raw.get(key), str) else None for key in ("name", "featureHash"))
    if not (feature_hash or name):
        raise ProblemError("has a node without a name")
    x, y = (number(raw.get(axis), f"{axis} of node {name or feature_hash}") for axis in "xy")
    flags = (bool(raw.get(flag)) for flag in ("invisible", "occluded", "selfOccluded", "visible"))
    node = Node(x, y, name, feature_hash, _visibility(raw.get("visibility")), *flags)
    if is_labelled(node):
        check_inside(x, y)
    return node


def _visibility(value: object) -> Visibility | None:
    for known in (None, *_VISIBILITIES):
        if value == known:
            return known
    raise ProblemError(f"has a node with the visibility {shown(value)}")
