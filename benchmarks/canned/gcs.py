"""Google Cloud Storage's ``objects.list`` of the JSON API; paths of another kind go to the XML API."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from benchmarks.canned import s3
from benchmarks.canned.answer import JSON, Answer
from benchmarks.canned.objects import Page, StoredObject, first_position

MAX_RESULTS = 1000
_LISTING = re.compile(r"/storage/v1/b/([^/]+)/o/?")
_BUCKET = re.compile(r"/storage/v1/b/([^/]+)/?")
_ITEMS_MASK = re.compile(r"items(?:\(([^)]*)\)|/([^,]+))?")


def answer(keys: Sequence[str], path: str, query: Mapping[str, str]) -> Answer:
    """Answer as Google Cloud Storage would; every name is a bucket, and no object can be fetched."""
    if found := _LISTING.fullmatch(path):
        return _json(_listing(keys, found[1], query))
    if found := _BUCKET.fullmatch(path):
        return _json({"kind": "storage#bucket", "id": found[1], "name": found[1], "location": "US"})
    bucket, _, key = path.strip("/").partition("/")
    if query.get("list-type") == "2" and not key:
        return s3.gcs_xml_listing(keys, bucket, query)
    return _json({"error": {"code": 404, "message": f"This server only lists, and has no {path}"}}, status=404)


def _listing(keys: Sequence[str], bucket: str, query: Mapping[str, str]) -> dict[str, Any]:
    page = Page.of(
        keys,
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter", ""),
        start=first_position(keys, token=query.get("pageToken"), start=query.get("startOffset")),
        limit=min(int(query.get("maxResults", MAX_RESULTS)), MAX_RESULTS),
    )
    listing = {
        "kind": "storage#objects",
        "nextPageToken": None if page.next is None else str(page.next),
        "prefixes": list(page.prefixes),
        "items": [_resource(bucket, each) for each in page.objects],
    }
    return _masked({name: value for name, value in listing.items() if value}, query.get("fields"))


def _resource(bucket: str, each: StoredObject) -> dict[str, Any]:
    name, generation = quote(each.key, safe=""), str(1_760_000_000_000_000 + each.number)
    time = f"{each.modified.isoformat(timespec='milliseconds')[:23]}Z"
    digest = bytes.fromhex(each.digest)
    return {
        "kind": "storage#object",
        "id": f"{bucket}/{each.key}/{generation}",
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{bucket}/o/{name}",
        "mediaLink": (
            f"https://storage.googleapis.com/download/storage/v1/b/{bucket}/o/{name}?generation={generation}&alt=media"
        ),
        "name": each.key,
        "bucket": bucket,
        "generation": generation,
        "metageneration": "1",
        "contentType": "image/jpeg",
        "storageClass": "STANDARD",
        "size": str(each.size),
        "md5Hash": base64.b64encode(digest).decode(),
        "crc32c": base64.b64encode(digest[:4]).decode(),
        "etag": base64.b64encode(digest[:10]).decode(),
        "timeCreated": time,
        "updated": time,
        "timeStorageClassUpdated": time,
        "timeFinalized": time,
    }


def _masked(listing: dict[str, Any], mask: str | None) -> dict[str, Any]:
    """Return what ``fields=`` asks for: ``items(name,size),nextPageToken``, or ``items/name`` and so on."""
    if not mask or mask == "*":
        return listing
    asked = [found[1] or found[2] for found in _ITEMS_MASK.finditer(mask)]
    names = {name.strip() for part in asked if part for name in part.split(",")}
    if names and "items" in listing:
        items = [{name: value for name, value in item.items() if name in names} for item in listing["items"]]
        listing = listing | {"items": items}
    sections = set(_ITEMS_MASK.sub("", mask).replace(" ", "").split(",")) | ({"items"} if asked else set())
    return {name: value for name, value in listing.items() if name in sections}


def _json(content: Mapping[str, Any], status: int = 200) -> Answer:
    return Answer(orjson.dumps(content), media_type=JSON, status=status)
