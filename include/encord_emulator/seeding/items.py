"""Storage items from the entries of a seed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from posixpath import splitext
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from include.encord_emulator.seeding.document import Item
from include.encord_emulator.store.data_groups import NO_MEDIA
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.units import OF_FRAMES
from include.encord_emulator.wire.image_size import image_size
from include.encord_emulator.wire.media import media_facts

NO_BUCKET = "https://seed.encord-emulator.invalid"
"""Where items without a URL claim to be; nothing is ever fetched."""


def stable_uuid(kind: str, name: str) -> str:
    """Return a uuid that depends on nothing but the name."""
    return str(uuid5(NAMESPACE_URL, f"encord-emulator/{kind}/{name}"))


@dataclass(frozen=True, slots=True)
class Made:
    """
    An item and those of its children, as records.

    :param files: which file is behind which of the items, by uuid.
    """

    item: Record
    children: list[Record]
    files: dict[str, Path]


def made_items(folder: Record, item: Item) -> Iterator[Made]:
    """Yield an item, once for each repetition of it."""
    entries = item.children or _frames(item)
    # Alike for each repetition, and a file is to be read but once.
    media, child_media = _media(item), [_media(child) for child in entries]
    for number in range(1, (item.repeat or 1) + 1):
        name = item.name if item.repeat is None else _numbered(item.name, number, item.repeat)
        path = f"{folder['name']}/{name}"
        record = _record(item, _uuid(item, path, number), name, path)
        parent = record | {"folder": folder["uuid"], "parent_item": None, "media": media}
        children = [
            _child(child, parent, f"{path}/{child.name}", number) | {"media": facts}
            for child, facts in zip(entries, child_media, strict=True)
        ]
        if children:
            parent |= {"url": None, "url_key": "\n".join(child["url"] for child in children)}
        files = zip((item, *entries), (parent, *children), strict=True)
        yield Made(parent, children, {record["uuid"]: entry.file for entry, record in files if entry.file is not None})


def _frames(item: Item) -> tuple[Item, ...]:
    """Return the files of a group that names none: labels need something to be on."""
    if item.type not in OF_FRAMES:
        return ()
    numbers = range(1, (item.frames or 1) + 1)
    return tuple(Item(name=f"{item.name}-{number}", width=item.width, height=item.height) for number in numbers)


def _child(child: Item, parent: Record, path: str, number: int) -> Record:
    record = _record(child, _uuid(child, path, number), child.name, path)
    if parent["item_type"] == "group":  # what a data group shows are items of their own
        return record | {"folder": parent["folder"], "parent_item": None}
    kind = "dicomFile" if parent["item_type"] == "dicomSeries" else child.type
    return record | {"item_type": kind, "folder": None, "parent_item": parent["uuid"]}


def _uuid(item: Item, path: str, number: int) -> str:
    if item.uuid is None:
        return stable_uuid("item", path)
    return item.uuid if number == 1 else str(uuid5(UUID(item.uuid), str(number)))


def _record(item: Item, uuid: str, name: str, path: str) -> Record:
    url = item.url or f"{NO_BUCKET}/{quote(path)}"
    return {
        "uuid": uuid,
        "item_type": item.type,
        "name": name,
        "url": url,
        "url_key": url,
        "client_metadata": item.client_metadata,
        "integration": None,
    }


def _media(item: Item) -> dict[str, Any]:
    """Return the media document: what the entry says, else what its file tells, else the type's defaults."""
    if item.type == "group":
        return NO_MEDIA
    names = ("width", "height", "fps", "duration", "file_size", "mime_type")
    given = {name: getattr(item, name) for name in names if getattr(item, name) is not None}
    url = item.url or f"{NO_BUCKET}/{quote(item.name)}"
    if item.file is not None:
        content = item.file.read_bytes()
        size = dict(zip(("width", "height"), image_size(content) or (), strict=False))
        given = {"file_size": len(content)} | size | given
        url = item.file.name
    facts = media_facts(item.type, [(url, given)] * max(1, len(item.children) or item.frames or 1))
    said = {name: given[name] for name in ("width", "height", "file_size") if name in given}
    return facts | said | ({"frames": item.frames} if item.frames is not None else {})


def is_repeat(name: str, repeated: str) -> bool:
    """Say whether ``name`` is one of the numbered names that ``repeat`` makes of ``repeated``."""
    stem, suffix = splitext(repeated)
    return re.fullmatch(rf"{re.escape(stem)}-\d+{re.escape(suffix)}", name) is not None


def _numbered(name: str, number: int, of: int) -> str:
    """Return ``one.jpg`` as ``one-007.jpg``, with as many digits as the last one needs."""
    stem, suffix = splitext(name)
    return f"{stem}-{number:0{len(str(of))}}{suffix}"
