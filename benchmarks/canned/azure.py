"""Azure's List Blobs."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from time import gmtime, strftime

from benchmarks.canned.answer import Answer, xml_text
from benchmarks.canned.objects import Page, StoredObject, first_position

MAX_RESULTS = 5000
_DECLARATION = '\ufeff<?xml version="1.0" encoding="utf-8"?>'
_HEADERS = {"x-ms-request-id": "00000000-0000-0000-0000-000000000000", "x-ms-version": "2025-11-05"}


def answer(keys: Sequence[str], path: str, query: Mapping[str, str]) -> Answer:
    """Answer as Azure would for ``/container`` or ``/account/container``; no blob can be fetched."""
    if query.get("restype") == "container":
        body = _listing(keys, path.strip("/"), query) if query.get("comp") == "list" else b""
        return Answer(body, headers=_HEADERS)
    body = f"{_DECLARATION}<Error><Code>BlobNotFound</Code><Message>This server only lists.</Message></Error>".encode()
    return Answer(body, status=404, headers=_HEADERS | {"x-ms-error-code": "BlobNotFound"})


def _listing(keys: Sequence[str], path: str, query: Mapping[str, str]) -> bytes:
    account, _, container = path.rpartition("/")
    prefix, delimiter, marker = query.get("prefix", ""), query.get("delimiter", ""), query.get("marker", "")
    limit = min(int(query.get("maxresults", MAX_RESULTS)), MAX_RESULTS)
    start = first_position(keys, token=marker, start=query.get("startFrom"))
    page = Page.of(keys, prefix=prefix, delimiter=delimiter, start=start, limit=limit)
    fields = {"Prefix": prefix, "Marker": marker, "Delimiter": delimiter, "MaxResults": query.get("maxresults", "")}
    head = "".join(f"<{name}>{xml_text(value)}</{name}>" for name, value in fields.items() if value)
    blobs = "".join([_blob(each) for each in page.objects])
    prefixes = "".join(f"<BlobPrefix><Name>{xml_text(each)}</Name></BlobPrefix>" for each in page.prefixes)
    following = "" if page.next is None else str(page.next)
    return (
        f'{_DECLARATION}<EnumerationResults ServiceEndpoint="http://127.0.0.1/{xml_text(account)}" '
        f'ContainerName="{xml_text(container)}">{head}<Blobs>{blobs}{prefixes}</Blobs>'
        f"<NextMarker>{following}</NextMarker></EnumerationResults>"
    ).encode()


def _blob(each: StoredObject) -> str:
    time = strftime("%a, %d %b %Y %H:%M:%S GMT", gmtime(each.modified.timestamp()))
    return (
        f"<Blob><Name>{xml_text(each.key)}</Name><Properties><Creation-Time>{time}</Creation-Time>"
        f"<Last-Modified>{time}</Last-Modified><Etag>0x{each.digest[:15].upper()}</Etag>"
        f"<Content-Length>{each.size}</Content-Length><Content-Type>image/jpeg</Content-Type><Content-Encoding />"
        f"<Content-Language /><Content-CRC64 /><Content-MD5>{base64.b64encode(bytes.fromhex(each.digest)).decode()}"
        "</Content-MD5><Cache-Control /><Content-Disposition /><BlobType>BlockBlob</BlobType>"
        "<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus>"
        "<LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties><OrMetadata /></Blob>"
    )
