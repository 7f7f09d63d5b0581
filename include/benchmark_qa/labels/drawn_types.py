from __future__ import annotations

from collections.abc import Container
from typing import cast

from msgspec import defstruct, field, structs

from include.benchmark_qa.labels.wire import DrawnObject


def drawn_type(shapes: Container[str]) -> type[DrawnObject]:
    """
    Return ``DrawnObject`` with the geometry of these shapes only.

    Most ontologies have one or two shapes, and every field takes time on every object: a key that is not decoded is
    compared with each of them.
    """
    fields = {one.name: one for one in structs.fields(DrawnObject)}
    hashes = [(name, str, field(name=fields.pop(name).encode_name)) for name in ("object_hash", "feature_hash")]
    geometry = [
        (name, one.type, field(default=None, name=one.encode_name))
        for name, one in fields.items()
        if ("polygon" if name == "polygons" else name) in shapes
    ]
    return cast("type[DrawnObject]", defstruct("DrawnObject", [*hashes, *geometry], gc=False))
