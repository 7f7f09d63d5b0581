"""Storage items from the entries of a seed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from include.encord_emulator.seeding.document import Item
from include.encord_emulator.store.database import Record
from include.encord_emulator.wire.media import media_facts

NO_BUCKET = "https://seed.encord-emulator.invalid"
"""Where items without a URL claim to be; nothing is ever fetched."""


def stable_uuid(kind: str, name: str) -> str:
    """Return a uuid that depends on nothing but the name."""
    return str(uuid5(NAMESPACE_URL, f"encord-emulator/{kind}/{name}"))


def item_records(folder: str, folder_uuid: str, item: Item, made: Record) -> Iterator[list[Record]]:
    """
    Yield, for each repetition of an item, its record and after it those of its children.

    :param made: owner and moments, the same for all.
    """
    for number in range(1, (item.repeat or 1) + 1):
        name = item.name if item.repeat is None else _numbered(item.name, number, item.repeat)
        uuid = _uuid(item, f"{folder}/{name}", number)
        parent = _record(item, uuid, name, f"{folder}/{name}") | {"folder": folder_uuid, "parent_item": None}
        children = [_child(child, parent, f"{folder}/{name}/{child.name}", number) for child in item.children]
        if children:
            parent["url_key"] = "\n".join(child["url"] for child in children)
        yield [record | made for record in (parent, *children)]


def _child(child: Item, parent: Record, path: str, number: int) -> Record:
    kind = "dicomFile" if parent["item_type"] == "dicomSeries" else child.type
    record = _record(child, _uuid(child, path, number), child.name, path)
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
        "url": None if item.children else url,
        "url_key": url,
        "client_metadata": item.client_metadata,
        "media": _media(item, url),
        "integration": None,
    }


def _media(item: Item, url: str) -> dict[str, Any]:
    """Return the media document: what the entry says, else what its file tells, else the type's defaults."""
    names = ("width", "height", "fps", "duration", "file_size", "mime_type")
    given = {name: getattr(item, name) for name in names if getattr(item, name) is not None}
    if item.file is not None:
        given = {"file_size": item.file.stat().st_size} | given
        url = item.file.name
    facts = media_facts(item.type, [(url, given)] * max(1, len(item.children)))
    said = {name: given[name] for name in ("width", "height", "file_size") if name in given}
    return facts | said | ({"frames": item.frames} if item.frames is not None else {})


def is_repeat(name: str, repeated: str) -> bool:
    """Say whether ``name`` is one of the numbered names that ``repeat`` makes of ``repeated``."""
    path = PurePosixPath(repeated)
    return re.fullmatch(rf"{re.escape(path.stem)}-\d+{re.escape(path.suffix)}", PurePosixPath(name).name) is not None


def _numbered(name: str, number: int, of: int) -> str:
    """Return ``one.jpg`` as ``one-007.jpg``, with as many digits as the last one needs."""
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}-{number:0{len(str(of))}}{path.suffix}"))
