"""
Taking labels in: what is kept of a document that somebody sends.

The server fills in who and when where that is null, numbers the objects, and sees to it that every classification
answer has ``featureHash`` and ``range``, without which the SDK 0.1.211 drops it when reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from include.encord_emulator import clock
from include.encord_emulator.errors import ApiError
from include.encord_emulator.labels.documents import (
    ONE_FRAME,
    PARTS,
    Blob,
    frames_of,
    fresh_spaces,
    fresh_units,
    numbered_frames,
)
from include.encord_emulator.labels.structure import check_document, check_frames, corrupted
from include.encord_emulator.store.database import Record

_LENGTH_NOT_KNOWN = {"dicom"}
"""One file of a DICOM series may hold many frames; the SDK too checks no frame number there."""
_ENVELOPE_DEPTH = 12
"""Levels of brackets that an answer puts around a labels part at most, for orjson writes some 250 only."""


Seen = tuple[int, str | None]
"""A frame on which a classification is, and the feature it has there."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who saves, and when (``clock.long_stamp``)."""

    email: str
    stamp: str


def accept_part(
    given: Any, unit: Record, children: Sequence[Record] | None, user: str, now: str, *, number_objects: bool = True
) -> Blob:
    """
    Return what is stored of labels that somebody sends; the document itself is changed.

    :param number_objects: whether objects without ``objectNumber`` get one.
    :raises ApiError: 400, ``CORRUPTED_LABEL_ERROR`` or ``ANSWER_DICTIONARY_ERROR``.
    """
    check_document(given)
    units = fresh_units(unit, children)
    part: Blob = {
        "data_units": dict(_holders(given, "data_units", units, unit)),
        "spaces": dict(_holders(given, "spaces", fresh_spaces(unit, children), unit)),
    } | {name: dict(given.get(name) or {}) for name in PARTS}
    _check_frame_numbers(part, unit)
    _check_answers(part)
    seen = _seen_classifications(part, list(units))
    _fill_in(part, Author(user, clock.long_stamp(now)), seen, [[0, 0]] if unit["data_type"] == "image" else [])
    if number_objects:
        _number_objects(part)
    _check_depth(part)
    return part


def _holders(given: Mapping[str, Any], name: str, known: Blob, unit: Record) -> Iterator[tuple[str, Blob]]:
    """Yield the data units or the spaces of a document, reduced to their labels."""
    for key, entry in (given.get(name) or {}).items():
        if key not in known:
            if name == "spaces" and not entry.get("labels"):
                continue  # some data types describe their root as a space, which then holds nothing
            raise corrupted(f"{name}.{key} is not of data hash {unit['data_hash']}")
        labels, one_frame = entry.get("labels") or {}, name == "data_units" and unit["data_type"] in ONE_FRAME
        check_frames(labels, f"{name}.{key}.labels", one_frame=one_frame)
        yield key, {"labels": {"objects": [], "classifications": []} | labels if one_frame else labels}


def _check_frame_numbers(part: Blob, unit: Record) -> None:
    """Refuse labels on frames that the media has not."""
    if unit["data_type"] in ONE_FRAME | _LENGTH_NOT_KNOWN:
        return
    for holder in part["data_units"].values():
        last = max((number for number, _ in numbered_frames(holder)), default=0)
        if last >= max(1, unit["media"]["frames"]):
            raise corrupted(f"labels on frame {last}, but the data unit has {unit['media']['frames']} frames")


def _check_answers(part: Blob) -> None:
    """Refuse labels on frames that have no entry among the answers, and entries under another's key."""
    for name, key in (("object_answers", "objectHash"), ("classification_answers", "classificationHash")):
        listed = "objects" if key == "objectHash" else "classifications"
        answers = part[name]
        if strange := [one for one, answer in answers.items() if answer[key] != one]:
            raise _answers_wrong(f"{name}.{strange[0]}.{key} is {answers[strange[0]][key]}")
        for frame in frames_of(part):
            for label in frame.get(listed) or []:
                if label[key] not in answers:
                    raise _answers_wrong(f"{name} has no entry for {key} {label[key]}")


def _answers_wrong(message: str) -> ApiError:
    return ApiError(400, message, code="ANSWER_DICTIONARY_ERROR")


def _fill_in(part: Blob, author: Author, seen: dict[str, list[Seen]], fallback: list[list[int]]) -> None:
    """
    Complete every label of a part.

    :param seen: what frames say of classifications.
    :param fallback: the range of an answer of which nobody says where it is.
    """
    for frame in frames_of(part):
        for drawn in frame.get("objects") or []:
            _sign(drawn, author)
    for key, answer in part["classification_answers"].items():
        _sign(answer, author)
        _complete_answer(answer, seen.get(key) or [], fallback)
    for answer in part["object_answers"].values():
        # Labels without geometry live in their answers alone, which is where their feature is then named.
        if answer.get("featureHash"):
            _sign(answer, author)


def _sign(label: Blob, author: Author) -> None:
    for name in ("created", "lastEdited"):
        label[f"{name}By"] = label.get(f"{name}By") or author.email
        label[f"{name}At"] = label.get(f"{name}At") or author.stamp


def _seen_classifications(part: Blob, order: Sequence[str]) -> dict[str, list[Seen]]:
    """
    Return where classifications are in the older form, in which they are entries of frames.

    :param order: the keys of the data units; in an image group each is a frame.
    """
    seen: dict[str, list[Seen]] = defaultdict(list)
    for key, holder in part["data_units"].items():
        for number, frame in numbered_frames(holder):
            for label in frame.get("classifications") or []:
                place = number + order.index(key)
                seen[label["classificationHash"]].append((place, label.get("featureHash")))
    return seen


def _complete_answer(answer: Blob, seen: Sequence[Seen], fallback: list[list[int]]) -> None:
    """Fill ``featureHash`` and ``range`` from the frames; an empty range is kept where no frame says more."""
    features = [feature for _, feature in seen if feature]
    answer["featureHash"] = answer.get("featureHash") or next(iter(features), None)
    if not answer["featureHash"]:
        raise _answers_wrong(f"classification answer {answer['classificationHash']} has no featureHash")
    if not answer.get("range"):
        frames = [[frame, frame] for frame in sorted({frame for frame, _ in seen})]
        given = answer.get("range") is not None or answer.get("spaces")
        answer["range"] = frames or ([] if given else [list(span) for span in fallback])


def _number_objects(part: Blob) -> None:
    """Give each object without a number the next one of its feature; the SDK wants them unique there."""
    features = {key: answer["featureHash"] for key, answer in part["object_answers"].items() if "featureHash" in answer}
    for frame in frames_of(part):
        features |= {drawn["objectHash"]: drawn["featureHash"] for drawn in frame.get("objects") or []}
    highest: dict[str, int] = defaultdict(int)
    waiting = []
    for key, answer in part["object_answers"].items():
        if key not in features:
            continue  # the answers of an object that is gone
        number = answer.get("objectNumber")
        if number is None:
            waiting.append((features[key], answer))
        else:
            highest[features[key]] = max(highest[features[key]], number)
    for feature, answer in waiting:
        highest[feature] += 1
        answer["objectNumber"] = highest[feature]


def _check_depth(part: Blob) -> None:
    wrapped: Any = part
    for _ in range(_ENVELOPE_DEPTH):
        wrapped = [wrapped]
    try:
        orjson.dumps(wrapped)
    except TypeError:
        raise corrupted("labels: nested too deeply") from None
