"""
Label blobs: what is stored, and the document around it.

Stored is only what people make, the *labels part*: ``{"data_units": {key: {"labels": ...}}, "object_answers",
"classification_answers", "object_actions"}``. Titles, sizes and links are put around it when it is read, so they
never grow stale. Formats read from the SDK 0.1.211 (``LabelRowV2``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from include.encord_emulator import clock
from include.encord_emulator.errors import ApiError
from include.encord_emulator.store.database import Record

Blob = dict[str, Any]
PARTS = ("object_answers", "classification_answers", "object_actions")
_ONE_FRAME = {"image", "img_group"}
_NO_LABELS_IN_UNIT = {"audio", "plain_text"}
_NO_SIZE = {"audio", "plain_text"}


def empty_part() -> Blob:
    """Return the labels part of a unit on which nothing was drawn."""
    return {"data_units": {}} | {name: {} for name in PARTS}


def fresh_units(unit: Record, children: Sequence[Record] | None) -> Blob:
    """Return the ``data_units`` of a unit without labels; image groups have one for each frame."""
    if unit["data_type"] == "img_group":
        return {
            child["uuid"]: _data_unit(unit, child["uuid"], child["name"], child["url"], child["media"], str(index))
            for index, child in enumerate(children or [])
        }
    data_hash = unit["data_hash"]
    return {data_hash: _data_unit(unit, data_hash, unit["title"], unit["url"], unit["media"], 0)}


def _data_unit(
    unit: Record, key: str, title: str, url: str | None, media: Mapping[str, Any], sequence: str | int
) -> Blob:
    data_type = unit["data_type"]
    entry = {
        "data_hash": key,
        "data_title": title,
        "data_type": media["mime"],
        "data_sequence": sequence,
        "labels": {"objects": [], "classifications": []} if data_type in _ONE_FRAME else {},
    }
    if data_type != "dicom":
        entry["data_link"] = url
    if data_type not in _NO_SIZE:
        entry |= {"width": media["width"] or 0, "height": media["height"] or 0}
    if data_type == "video":
        entry["data_fps"] = media["fps"]
    if media["duration"] is not None:
        entry["data_duration"] = media["duration"]
    if audio := media["audio"]:
        entry |= {f"audio_{name}": value for name, value in audio.items()}
    return entry


def whole_blob(unit: Record, children: Sequence[Record] | None, label: Record) -> Blob:
    """
    Return the document of a label row.

    :param label: the stored row: ``label_hash, branch, labels, created_at, edited_at``.
    """
    part = label["labels"]
    units = fresh_units(unit, children)
    for key, stored in part["data_units"].items():
        if key in units:
            units[key]["labels"] = stored["labels"]
    return {
        "label_hash": label["label_hash"],
        "branch_name": label["branch"],
        "created_at": clock.blob_stamp(label["created_at"]),
        "last_edited_at": clock.blob_stamp(label["edited_at"]),
        "dataset_hash": unit["dataset_hash"],
        "dataset_title": unit["dataset_title"],
        "data_title": unit["title"],
        "data_hash": unit["data_hash"],
        "data_type": unit["data_type"],
        "is_image_sequence": unit["item_type"] == "imageSequence",
        "data_units": units,
        **{name: part[name] for name in PARTS},
        "label_status": "LABELLED" if has_labels(part) else "NOT_LABELLED",
        "annotation_task_status": None,
        "is_valid": True,
        "spaces": {},
    }


def has_labels(part: Blob) -> bool:
    """Say whether anything was drawn or answered."""
    return bool(part["object_answers"] or part["classification_answers"]) or any(
        frame.get("objects") for frame in frames_of(part)
    )


def frames_of(part: Blob) -> Iterator[Blob]:
    """Yield every ``{"objects": [...], "classifications": [...]}`` of a labels part."""
    for entry in part["data_units"].values():
        labels = entry.get("labels") or {}
        yield from [labels] if "objects" in labels or "classifications" in labels else labels.values()


def accept_part(given: Mapping[str, Any], unit: Record, children: Sequence[Record] | None, user: str, now: str) -> Blob:
    """
    Return what is stored of labels that somebody sends.

    The server fills in who and when where that is null, and sees to it that every classification answer has
    ``featureHash`` and ``range``, without which the SDK drops it when reading.
    """
    known = fresh_units(unit, children)
    units = given.get("data_units") or {}
    if strange := [key for key in units if key not in known]:
        raise ApiError(
            400, f"data unit {strange[0]} is not of data hash {unit['data_hash']}", code="CORRUPTED_LABEL_ERROR"
        )
    part: Blob = {"data_units": {key: {"labels": entry.get("labels") or {}} for key, entry in units.items()}}
    part |= {name: dict(given.get(name) or {}) for name in PARTS}
    stamp = clock.long_stamp(now)
    for frame in frames_of(part):
        for drawn in frame.get("objects") or []:
            _sign(drawn, user, stamp)
    for answer in part["classification_answers"].values():
        _sign(answer, user, stamp)
        _complete_answer(answer, part)
    if unit["data_type"] in _NO_LABELS_IN_UNIT:
        for answer in part["object_answers"].values():
            _sign(answer, user, stamp)
    return part


def _sign(label: Blob, user: str, stamp: str) -> None:
    label["createdBy"] = label.get("createdBy") or user
    label["createdAt"] = label.get("createdAt") or stamp


def _complete_answer(answer: Blob, part: Blob) -> None:
    """Fill ``featureHash`` and ``range`` from the older form, where they are entries of frames."""
    if answer.get("featureHash") and answer.get("range"):
        return
    frames, feature_hash = [], None
    for entry in part["data_units"].values():
        labels = entry["labels"]
        numbered = {"0": labels} if "classifications" in labels else labels
        for number, frame in numbered.items():
            for found in frame.get("classifications") or []:
                if found["classificationHash"] == answer["classificationHash"]:
                    frames.append(int(number))
                    feature_hash = found.get("featureHash")
    answer["featureHash"] = answer.get("featureHash") or feature_hash
    answer["range"] = answer.get("range") or [[frame, frame] for frame in sorted(set(frames))] or [[0, 0]]
    if not answer["featureHash"]:
        message = f"classification answer {answer.get('classificationHash')} has no featureHash"
        raise ApiError(400, message, code="ANSWER_DICTIONARY_ERROR")
