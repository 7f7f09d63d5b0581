from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import orjson

from include.benchmark_qa.labels.reading import is_unsaved

# What may differ between two saves of the same labels: names the ontology already knows, and who, when, how sure.
_OBJECT_NOISE = frozenset(
    {"name", "value", "color", "shape", "title", "objectNumber", "trackHash", "labelHash"}
    | {"createdAt", "createdBy", "lastEditedAt", "lastEditedBy", "confidence", "manualAnnotation", "reviews"}
)


def labels_version(blob: Mapping[str, Any] | None) -> str:
    """
    Return a sha256 (hex) over the labels of a label row, for ground truth and submissions alike.

    Equal for the same geometry, answers and frames, whoever saved them, whenever and in whatever order; a row that
    was never saved (None, or a null label hash) has the version of no labels.
    """
    blob = {} if blob is None or is_unsaved(blob) else blob
    try:
        content = _dump(_plain(_canonical(blob)))
    except (KeyError, TypeError, AttributeError, ValueError):
        content = _dump(_plain(blob))  # no label row: then any difference is a difference
    return hashlib.sha256(content).hexdigest()


ground_truth_version = labels_version


def _canonical(blob: Mapping[str, Any]) -> dict[str, Any]:
    frames: dict[str, list[Any]] = {}
    for unit in (blob.get("data_units") or {}).values():
        for frame, objects in _unit_frames(unit):
            frames.setdefault(frame, []).extend(_stripped(drawn) for drawn in objects)
    drawn_hashes = {drawn["objectHash"] for objects in frames.values() for drawn in objects}
    return {
        "frames": {frame: _sorted(objects) for frame, objects in frames.items() if objects},
        "objects": _answers(blob.get("object_answers"), drawn_hashes),
        "actions": _answers(blob.get("object_actions"), drawn_hashes),
        "classifications": _answers(blob.get("classification_answers"), None),
        "spaces": blob.get("spaces") or {},
    }


def _unit_frames(unit: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    labels = unit.get("labels") or {}
    if "objects" in labels or "classifications" in labels:
        return [(str(unit.get("data_sequence") or 0), labels.get("objects") or [])]
    return [(str(frame), entry.get("objects") or []) for frame, entry in labels.items()]


def _stripped(drawn: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in drawn.items() if key not in _OBJECT_NOISE and value is not None}


def _answers(entries: Mapping[str, Any] | None, drawn_hashes: set[str] | None) -> dict[str, Any]:
    """Keep the answers; those of objects that are no longer drawn are left-overs, unless they have ranges."""
    kept = {}
    for key, entry in (entries or {}).items():
        given = _sorted(_answer(one) for one in entry.get("classifications") or entry.get("actions") or ())
        answer = {"range": entry.get("range") or [], "range_html": entry.get("range_html") or [], "given": given}
        if drawn_hashes is None:
            kept[key] = {**answer, "feature": entry.get("featureHash")}
        elif any(answer.values()) and (key in drawn_hashes or answer["range"] or answer["range_html"]):
            kept[key] = answer
    return kept


def _answer(one: Mapping[str, Any]) -> dict[str, Any]:
    given = one.get("answers")
    if isinstance(given, list):
        given = sorted(str(option["featureHash"]) if isinstance(option, Mapping) else str(option) for option in given)
    return {"feature": one.get("featureHash"), "answers": given, "range": one.get("range") or []}


def _sorted(values: Any) -> list[Any]:
    return sorted(values, key=lambda value: _dump(_plain(value)))


def _plain(value: Any) -> Any:
    """Write numbers alike (1 and 1.0) and NaN as text, which JSON has no word for."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else str(value)
    return value


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)
