from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from include.benchmark_qa.labels.reading import is_unsaved
from include.benchmark_qa.scoring.settings import ScoringSettings

# Raise it when the scorer would give other scores for the same labels under the same settings: all is scored again.
RULES_VERSION = 1

# What may differ between two saves of the same labels: names the ontology already knows, and who, when, how sure.
_OBJECT_NOISE = frozenset(
    {"name", "value", "color", "shape", "title", "objectNumber", "trackHash", "labelHash"}
    | {"createdAt", "createdBy", "lastEditedAt", "lastEditedBy", "confidence", "manualAnnotation", "reviews"}
)

# The end of a whole number that is written as a fraction, in JSON: one pass over bytes where a walk takes most time.
_WHOLE = re.compile(rb"(?<=[0-9])\.0(?=[],}])")


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


def settings_version(settings: ScoringSettings) -> str:
    """Return a short hash (16 hex digits) over the settings and the scorer's own rules: other scores, other version."""
    content = _dump({"rules": RULES_VERSION, "settings": _plain(settings.model_dump(mode="json"))})
    return hashlib.sha256(content).hexdigest()[:16]


def _canonical(blob: Mapping[str, Any]) -> dict[str, Any]:
    frames: dict[str, list[bytes]] = {}
    drawn_hashes: set[str] = set()
    for unit in (blob.get("data_units") or {}).values():
        for frame, objects in _unit_frames(unit):
            if objects:
                frames.setdefault(frame, []).extend(map(_geometry, objects))
                drawn_hashes.update(drawn["objectHash"] for drawn in objects)
    return {
        "frames": {frame: orjson.Fragment(b"[%b]" % b",".join(sorted(drawn))) for frame, drawn in frames.items()},
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


def _geometry(drawn: Mapping[str, Any]) -> bytes:
    """Return a drawn object as JSON without noise, with 1.0 written as 1; it holds no text that anybody wrote."""
    kept = {key: value for key, value in drawn.items() if key not in _OBJECT_NOISE and value is not None}
    return _WHOLE.sub(b"", _dump(kept))


def _answers(entries: Mapping[str, Any] | None, drawn_hashes: set[str] | None) -> dict[str, Any]:
    """Keep the answers; those of objects that are no longer drawn are left-overs, unless they have ranges."""
    kept = {}
    for key, entry in (entries or {}).items():
        given = entry.get("classifications") or entry.get("actions") or ()
        ranges = {"range": entry.get("range") or [], "range_html": entry.get("range_html") or []}
        if drawn_hashes is None:
            kept[key] = {**ranges, "given": _sorted(map(_answer, given)), "feature": entry.get("featureHash")}
        elif ranges["range"] or ranges["range_html"] or (given and key in drawn_hashes):
            kept[key] = {**ranges, "given": _sorted(map(_answer, given))}
    return kept


def _answer(one: Mapping[str, Any]) -> dict[str, Any]:
    given = one.get("answers")
    if isinstance(given, list):
        given = sorted(str(option["featureHash"]) if isinstance(option, Mapping) else str(option) for option in given)
    return {"feature": one.get("featureHash"), "answers": given, "range": one.get("range") or []}


def _sorted(values: Iterable[Any]) -> list[Any]:
    """Return values, written alike, in the order of their JSON."""
    return [orjson.Fragment(content) for content in sorted(_dump(_plain(value)) for value in values)]


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
