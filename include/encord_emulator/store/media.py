"""
The bytes of items, and the signed URLs they are served under.

Bytes are a file on this machine (what a seed names) or a BLOB (what was uploaded). A signed URL is
``<base>/media/<item>?expires=<unix seconds>&token=<hex>``; the token says who may do what until when, and needs no
session. An item without bytes keeps its own URL as its signed one: the emulator never fetches it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator import clock
from include.encord_emulator.call import Call
from include.encord_emulator.errors import forbidden
from include.encord_emulator.store.database import Record, fetch_in, fetch_one, insert
from include.encord_emulator.store.tables import MEDIA, SECRETS, UPLOADED_OBJECTS
from include.encord_emulator.wire.image_size import image_size

READ, WRITE, METADATA = "read", "write", "metadata"
"""What a token allows: getting the bytes, putting them, getting the item's client metadata."""
UPLOAD_SCHEME = "encord://uploads/"
_KEY = "media key"


def attach_file(connection: sa.Connection, item_uuid: str, path: str | Path) -> None:
    """Let an item's bytes be a file on this machine, read when it is asked for."""
    _attach(connection, item_uuid, {"path": str(Path(path).absolute())})


def attach_bytes(connection: sa.Connection, item_uuid: str, content: bytes, mime: str | None = None) -> None:
    """Keep an item's bytes in the database."""
    width, height = image_size(content) or (None, None)
    _attach(connection, item_uuid, {"content": content, "mime": mime, "width": width, "height": height})


def _attach(connection: sa.Connection, item_uuid: str, record: Record) -> None:
    connection.execute(MEDIA.delete().where(MEDIA.c.item_uuid == item_uuid))
    insert(connection, MEDIA, [{"item_uuid": item_uuid} | record])


def reserve_uploads(call: Call, folder: str | None, count: int) -> list[Record]:
    """Return records ``item_uuid, object_key`` of objects that may now be put and then named by an upload job."""
    records = [
        {"item_uuid": uuid, "object_key": f"{UPLOAD_SCHEME}{uuid}", "folder": folder, "created_at": call.now}
        for uuid in (str(uuid4()) for _ in range(count))
    ]
    call.insert(UPLOADED_OBJECTS, *records)
    return records


def is_uploaded(url: str | None) -> bool:
    """Say whether a URL is the key of an object that a client was to upload."""
    return url is not None and url.startswith(UPLOAD_SCHEME)


def uploaded_objects(connection: sa.Connection, object_keys: Sequence[str]) -> dict[str, Record]:
    """Return, by object key, the objects whose bytes have arrived: ``item_uuid, file_size, mime, width, height``."""
    keys = [key for key in object_keys if is_uploaded(key)]
    chosen = sa.select(
        UPLOADED_OBJECTS.c.object_key, UPLOADED_OBJECTS.c.item_uuid, MEDIA.c.mime, MEDIA.c.width, MEDIA.c.height,
        sa.func.length(MEDIA.c.content).label("file_size"),
    ).join(MEDIA, MEDIA.c.item_uuid == UPLOADED_OBJECTS.c.item_uuid)  # fmt: skip
    return {row["object_key"]: row for row in fetch_in(connection, chosen, UPLOADED_OBJECTS.c.object_key, keys)}


def signed_urls(call: Call, urls: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the signed URLs of items, given as item uuid to the item's own URL."""
    holders = {uuid: holder_of(uuid, url) for uuid, url in urls.items()}
    chosen = list(set(holders.values()))
    rows = fetch_in(call.connection, sa.select(MEDIA.c.item_uuid), MEDIA.c.item_uuid, chosen)
    held = {row["item_uuid"] for row in rows}
    return dict(urls) | granted_urls(call, READ, [uuid for uuid in urls if holders[uuid] in held])


def holder_of(item_uuid: str, url: str | None) -> str:
    """Return under which uuid an item's bytes are kept: its own, or that of the uploaded object that is its URL."""
    return url.removeprefix(UPLOAD_SCHEME) if url is not None and is_uploaded(url) else item_uuid


def granted_urls(call: Call, right: str, item_uuids: Iterable[str]) -> dict[str, str]:
    """Return URLs that give a right to items, by item uuid; they expire with ``signed_url_seconds``."""
    expires = int(clock.unix(call.now) + call.switches["signed_url_seconds"])
    key = _signing_key(call.connection)
    suffix = "/client-metadata" if right == METADATA else ""
    return {
        uuid: f"{call.base_url}/media/{uuid}{suffix}?expires={expires}&token={_token(key, right, uuid, expires)}"
        for uuid in item_uuids
    }


def check_grant(connection: sa.Connection, right: str, item_uuid: str, query: Mapping[str, str], now: str) -> None:
    """Refuse with 403 a query string that does not give this right, or no longer."""
    expires = query.get("expires", "")
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= 12):
        raise forbidden("The URL is not signed.")
    token = _token(_signing_key(connection), right, item_uuid, int(expires))
    if not hmac.compare_digest(token.encode(), query.get("token", "").encode()):
        raise forbidden("The signature of the URL is wrong.")
    if clock.unix(now) >= int(expires):
        raise forbidden("The URL has expired.")


def _token(key: bytes, right: str, item_uuid: str, expires: int) -> str:
    return hmac.new(key, f"{right} {item_uuid} {expires}".encode(), hashlib.sha256).hexdigest()


def _signing_key(connection: sa.Connection) -> bytes:
    """Return the key of this state, made when it is first needed, so that URLs outlive a restart."""
    row = fetch_one(connection, sa.select(SECRETS.c.value).where(SECRETS.c.name == _KEY))
    if row is not None:
        return bytes.fromhex(row["value"])
    key = secrets.token_bytes(32)
    insert(connection, SECRETS, [{"name": _KEY, "value": key.hex()}])
    return key
