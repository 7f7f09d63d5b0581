"""
The spaces of a data group: each child item is labelled in a space of its own.

Shapes read from the SDK 0.1.211 (``encord.objects.spaces.types``). A space's id is the uuid of the child item.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from include.encord_emulator.store.database import Record

Blob = dict[str, Any]


def group_spaces(children: Sequence[Record]) -> dict[str, Blob]:
    """
    Return the spaces of a data group without labels, by space id.

    :param children: the child items in the order of the layout, each with its ``layout_key`` and, where it is made of
        images, its ``frames``.
    """
    return {child["uuid"]: _space(child) for child in children if child["item_type"] in _KINDS}


def _space(child: Record) -> Blob:
    about = {"layout_key": child["layout_key"], "file_name": child["name"], "data_link": child["url"]}
    return _KINDS[child["item_type"]](child) | {"child_info": about, "labels": {}}


def _size(media: Blob) -> Blob:
    return {"width": media["width"] or 0, "height": media["height"] or 0}


def _video(child: Record) -> Blob:
    media = child["media"]
    facts = {"number_of_frames": media["frames"], "data_duration": media["duration"], "data_fps": media["fps"]}
    return {"space_type": "video", **facts, **_size(media)}


def _image(child: Record) -> Blob:
    return {"space_type": "image", **_size(child["media"])}


def _image_sequence(child: Record) -> Blob:
    frames = [
        {
            "data_uuid": frame["uuid"],
            "data_type": frame["media"]["mime"],
            "data_sequence": index,
            "data_link": frame["url"],
            "data_title": frame["name"],
        }
        for index, frame in enumerate(child["frames"])
    ]
    facts = {"number_of_frames": len(frames), "frames": frames}
    return {"space_type": "image_sequence", **facts, **_size(child["media"])}


def _audio(child: Record) -> Blob:
    return {"space_type": "audio", "duration_ms": round((child["media"]["duration"] or 0) * 1000)}


def _text(child: Record) -> Blob:
    return {"space_type": "html" if child["media"]["mime"] == "text/html" else "text"}


def _medical_stack(child: Record) -> Blob:
    frames = [
        {"instance_uid": frame["uuid"], "file_name": frame["name"], **_size(frame["media"])}
        for frame in child["frames"]
    ]
    return {"space_type": "medical_stack", "frames": frames}


def _medical_file(child: Record) -> Blob:
    media = child["media"]
    return {"space_type": "medical_file", "number_of_frames": media["frames"], **_size(media)}


def _pdf(child: Record) -> Blob:
    return {"space_type": "pdf", "number_of_pages": child["media"]["frames"]}


def _time_series(_child: Record) -> Blob:
    return {"space_type": "time_series"}


_KINDS: dict[str, Callable[[Record], Blob]] = {
    "video": _video,
    "image": _image,
    "imageGroup": _image_sequence,
    "imageSequence": _image_sequence,
    "audio": _audio,
    "plainText": _text,
    "dicomSeries": _medical_stack,
    "nifti": _medical_file,
    "pdf": _pdf,
    "timeseries": _time_series,
}
