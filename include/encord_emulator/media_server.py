"""
``/media/``: where signed URLs lead. Not a part of Encord's API; its signature is the token in the query string.

``GET`` gives the bytes, whole or one range of them; ``PUT`` takes those of an object that is to be uploaded; and
``GET .../client-metadata`` gives an item's client metadata, for listings that were asked for it as a signed URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from include.encord_emulator import clock
from include.encord_emulator.dispatch import json_response
from include.encord_emulator.errors import ApiError, not_found
from include.encord_emulator.store.database import fetch_one
from include.encord_emulator.store.media import METADATA, READ, WRITE, attach_bytes, check_grant, holder_of
from include.encord_emulator.store.tables import ITEMS, MEDIA, UPLOADED_OBJECTS
from include.encord_emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

CHUNK = 256 * 1024
UPLOAD_LIMIT = 512 * 1024 * 1024
"""Bytes of one upload; they are kept in one SQLite value, whose own limit is 1 GB."""
_MIME = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w=.+-]+)*", re.ASCII)


def media_routes(world: World) -> list[Route]:
    """Return the routes that serve and take bytes."""
    return [
        Route("/media/{item}", _guarded(world, get_media), methods=["GET"]),
        Route("/media/{item}", _guarded(world, put_media), methods=["PUT"]),
        Route("/media/{item}/client-metadata", _guarded(world, get_client_metadata), methods=["GET"]),
    ]


def _guarded(
    world: World, handle: Callable[[World, Request, str], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            try:
                uuid = str(UUID(request.path_params["item"]))
            except ValueError:
                raise not_found("media", request.path_params["item"]) from None
            return await handle(world, request, uuid)
        except ApiError as error:
            return json_response(error.envelope("v2"), error.status)
        except ClientDisconnect:  # nobody is there to read an answer
            return Response(status_code=400)

    return endpoint


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes to serve, from a file or from memory."""

    content: Path | bytes
    size: int
    mime: str

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to, not including, ``end``."""
        if isinstance(self.content, bytes):
            for at in range(start, end, CHUNK):
                yield self.content[at : min(at + CHUNK, end)]
            return
        with self.content.open("rb") as file:
            file.seek(start)
            while start < end and (chunk := file.read(min(CHUNK, end - start))):
                start += len(chunk)
                yield chunk


async def get_media(world: World, request: Request, uuid: str) -> Response:
    """Serve an item's bytes."""
    source = _source(world, request, uuid)
    headers = {"Accept-Ranges": "bytes", "Content-Type": source.mime}
    wanted = _range(request.headers.get("range", ""), source.size)
    if wanted is None:
        headers["Content-Length"] = str(source.size)
        return StreamingResponse(source.read(0, source.size), 200, headers)
    start, end = wanted
    if start >= end:
        headers["Content-Range"] = f"bytes */{source.size}"
        return Response(status_code=416, headers=headers)
    headers |= {"Content-Range": f"bytes {start}-{end - 1}/{source.size}", "Content-Length": str(end - start)}
    return StreamingResponse(source.read(start, end), 206, headers)


def _source(world: World, request: Request, uuid: str) -> Source:
    with world.transaction() as connection:
        check_grant(connection, READ, uuid, request.query_params, clock.now())
        item = fetch_one(connection, sa.select(ITEMS.c.media, ITEMS.c.url).where(ITEMS.c.uuid == uuid))
        if item is None:
            raise not_found("storage item", uuid)
        media = fetch_one(connection, sa.select(MEDIA).where(MEDIA.c.item_uuid == holder_of(uuid, item["url"])))
    if media is None:
        raise not_found("media of item", uuid)
    told = item["media"]["mime"] or media["mime"] or ""
    mime = told if _MIME.fullmatch(told) else "application/octet-stream"  # customers may tell any text
    if media["path"] is None:
        return Source(media["content"], len(media["content"]), mime)
    path = Path(media["path"])
    if not path.is_file():
        raise not_found("the file of item", uuid)
    return Source(path, path.stat().st_size, mime)


def _range(header: str, size: int) -> tuple[int, int] | None:
    """Return start and end of the bytes asked for, empty if there are none; ``None`` for all, as for several ranges."""
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip(), re.ASCII)
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1 if last else size, size)


async def put_media(world: World, request: Request, uuid: str) -> Response:
    """Take the bytes of an object that an upload job will name; a second time replaces them."""
    with world.transaction() as connection:
        check_grant(connection, WRITE, uuid, request.query_params, clock.now())
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > UPLOAD_LIMIT:
            raise ApiError(413, f"The emulator takes at most {UPLOAD_LIMIT} bytes at once.")
    mime = request.headers.get("content-type")
    with world.transaction() as connection:
        reserved = sa.select(UPLOADED_OBJECTS).where(UPLOADED_OBJECTS.c.item_uuid == uuid)
        if fetch_one(connection, reserved) is None:
            raise not_found("upload", uuid)
        attach_bytes(connection, uuid, bytes(content), None if mime == "application/octet-stream" else mime)
    return Response(status_code=200)


async def get_client_metadata(world: World, request: Request, uuid: str) -> Response:
    """Serve an item's client metadata, ``{}`` where it has none."""
    with world.transaction() as connection:
        check_grant(connection, METADATA, uuid, request.query_params, clock.now())
        item: dict[str, Any] | None = fetch_one(connection, sa.select(ITEMS).where(ITEMS.c.uuid == uuid))
    if item is None:
        raise not_found("storage item", uuid)
    return json_response(item["client_metadata"] or {})
