"""
Label blobs: what is stored, and the document around it.

Stored is only what people make, the *labels part*: ``{"data_units": {key: {"labels": ...}}, "spaces": {id: {"labels":
...}}, "object_answers", "classification_answers", "object_actions"}``. Titles, sizes and links are put around it when
it is read, so they never grow stale. Formats read from the SDK 0.1.211 (``LabelRowV2``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from include.encord_emulator import clock
from include.encord_emulator.labels.spaces import group_spaces
from include.encord_emulator.store.database import Record

Blob = dict[str, Any]
PARTS = ("object_answers", "classification_answers", "object_actions")
ONE_FRAME = {"image", "img_group", "group"}
"""Data types whose data units hold the labels of one frame; the others hold frames by number, or none at all."""
_NO_SIZE = {"audio", "plain_text", "time_series", "group"}
_NO_LINK = {"dicom", "group"}


def empty_part() -> Blob:
    """Return the labels part of a unit on which nothing was drawn."""
    return {"data_units": {}, "spaces": {}} | {name: {} for name in PARTS}


def fresh_units(unit: Record, children: Sequence[Record] | None) -> Blob:
    """Return the ``data_units`` of a unit without labels; image groups have one for each frame."""
    if unit["data_type"] == "img_group":
        return {
            child["uuid"]: _data_unit(unit, child["uuid"], child["name"], child["url"], child["media"], str(index))
            for index, child in enumerate(children or [])
        }
    data_hash = unit["data_hash"]
    entry = _data_unit(unit, data_hash, unit["title"], unit["url"], unit["media"], 0)
    if unit["data_type"] == "group":
        entry["metadata"] = {"children": [_part_metadata(child) for child in children or []]}
    return {data_hash: entry}


def _part_metadata(child: Record) -> Blob:
    """Return what the SDK's ``DataGroupChildMetadata`` reads; the label hash is put in where label rows are known."""
    about = {"name": child["name"], "layout_key": child["layout_key"]}
    return {"data_hash": child["uuid"], "label_hash": None} | about


def fresh_spaces(unit: Record, children: Sequence[Record] | None) -> dict[str, Blob]:
    """Return the ``spaces`` of a unit without labels; only data groups have any."""
    return group_spaces(children or []) if unit["data_type"] == "group" else {}


def _data_unit(
    unit: Record, key: str, title: str, url: str | None, media: Mapping[str, Any], sequence: str | int
) -> Blob:
    data_type = unit["data_type"]
    entry = {
        "data_hash": key,
        "data_title": title,
        "data_type": media["mime"],
        "data_sequence": sequence,
        "labels": {"objects": [], "classifications": []} if data_type in ONE_FRAME else {},
    }
    if data_type not in _NO_LINK:
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


def whole_blob(unit: Record, children: Sequence[Record] | None, label: Record, status: str | None = None) -> Blob:
    """
    Return the document of a label row.

    :param label: the stored row: ``label_hash, branch, labels, problems, created_at, edited_at``.
    :param status: its ``label_status``; by default what the labels alone say.
    """
    part = label["labels"]
    units, spaces = fresh_units(unit, children), fresh_spaces(unit, children)
    for fresh, kept in ((units, part["data_units"]), (spaces, part.get("spaces") or {})):
        for key in fresh.keys() & kept.keys():
            fresh[key]["labels"] = kept[key]["labels"]
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
        "label_status": status or ("LABELLED" if has_labels(part) else "LABEL_IN_PROGRESS"),
        "annotation_task_status": None,
        "is_valid": not label.get("problems"),
        "spaces": spaces,
    }


def has_labels(part: Blob) -> bool:
    """Say whether anything was drawn or answered."""
    return bool(part["object_answers"] or part["classification_answers"]) or any(
        frame.get("objects") for frame in frames_of(part)
    )


def numbered_frames(holder: Blob) -> Iterator[tuple[int, Blob]]:
    """Yield the frames of a data unit or a space; where there is but one, its number is 0."""
    labels = holder.get("labels") or {}
    if "objects" in labels or "classifications" in labels:
        yield 0, labels
    else:
        for number, frame in labels.items():
            yield int(number), frame


def frames_of(part: Blob) -> Iterator[Blob]:
    """Yield every ``{"objects": [...], "classifications": [...]}`` of a labels part, or of a whole document."""
    for holders in (part["data_units"], part.get("spaces") or {}):
        for holder in holders.values():
            yield from (frame for _, frame in numbered_frames(holder))
