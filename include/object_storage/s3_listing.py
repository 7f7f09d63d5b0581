"""
Pages of an S3 listing as columns.

botocore turns a page of 1,000 objects into dictionaries in about 150 ms, most of it for timestamps; all else about
a request (signature, retries, redirects) takes it 3 ms. So the objects are cut out of the answer before botocore
reads it and go to Arrow directly, which makes 25 times as many keys per CPU second. obstore is as fast, but lists
``dir/`` as ``dir`` and ``/a`` as ``a``, and fails on ``a//b``; here each key is what the server sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from include.object_storage.protocol import BATCH_SIZE, ObjectBatch, object_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

_COLUMNS = "ObjectColumns"
_KEY = re.compile(rb"<Key>([^<]+)</Key>")
_SIZE = re.compile(rb"<Size>(\d+)</Size>")
_MODIFIED = re.compile(rb"<LastModified>([^<]+)</LastModified>")
_ETAG = re.compile(rb"<ETag>(?:&quot;|&#34;|\")?([^<&\"]+)(?:&quot;|&#34;|\")?</ETag>")
# What a page says beside its objects; where one of these stands among them, botocore sorts it out.
_BESIDE = (b"<Name>", b"<CommonPrefixes>", b"<IsTruncated>", b"<NextContinuationToken>", b"<EncodingType>", b"<!")


def list_in_columns(client: S3Client) -> None:
    """Make this client's answers to ListObjectsV2 hold their objects as columns."""
    # Named so that it comes before botocore's own reading of each answer (in search of errors under status 200).
    client.meta.events.register_first("before-parse.*.ListObjectsV2", _take_objects)


def pages(
    client: S3Client, bucket: str, prefix: str, *, start_after: str = "", delimiter: str = "", size: int = BATCH_SIZE
) -> Iterator[tuple[ListObjectsV2OutputTypeDef, ObjectBatch]]:
    """
    Yield a listing page by page: the answer, and the objects.

    :param client: one that ``list_in_columns`` has seen.
    :param size: objects and prefixes on a page.
    """
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, "PaginationConfig": {"PageSize": size}}
    request |= {"StartAfter": start_after} if start_after else {}
    request |= {"Delimiter": delimiter} if delimiter else {}
    for page in client.get_paginator("list_objects_v2").paginate(**request):
        columns: pa.RecordBatch | None = cast("dict[str, Any]", page).get(_COLUMNS)
        yield page, _from_entries(page) if columns is None else ObjectBatch(columns)


def _from_entries(page: ListObjectsV2OutputTypeDef) -> ObjectBatch:
    entries = page.get("Contents", [])
    return ObjectBatch.of(
        keys=[entry["Key"] for entry in entries],
        sizes=[entry["Size"] for entry in entries],
        modified=[entry["LastModified"] for entry in entries],
        etags=[entry.get("ETag", "").strip('"') for entry in entries],
    )


def _take_objects(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Move the objects of an answer from its body to columns; leave it alone unless all of it is as expected."""
    body = response_dict["body"]
    start, end = body.find(b"<Contents>"), body.rfind(b"</Contents>") + len(b"</Contents>")
    if response_dict["status_code"] != 200 or not 0 < start < end:
        return
    objects, rest = body[start:end], body[:start] + body[end:]
    # Most servers write object after object; only in other answers need we look for what may be in between.
    is_unbroken = objects.count(b"</Contents><Contents>") == objects.count(b"<Contents>") - 1
    if not is_unbroken and any(tag in objects for tag in _BESIDE):
        return
    columns = _columns(objects, is_url_encoded=b"<EncodingType>url</EncodingType>" in rest)
    if columns is not None:
        customized_response_dict[_COLUMNS] = columns
        response_dict["body"] = rest


def _columns(objects: bytes, *, is_url_encoded: bool) -> pa.RecordBatch | None:
    import pyarrow as pa

    found = [pattern.findall(objects) for pattern in (_KEY, _SIZE, _MODIFIED, _ETAG)]
    if {len(column) for column in found} != {objects.count(b"<Contents>")}:
        return None  # an object without a field, or one in a form that these patterns do not know
    keys = _decoded(found[0], is_url_encoded=is_url_encoded)
    if keys is None:
        return None
    schema = object_schema()
    try:
        texts = [pa.array(column, type=pa.binary()).cast(pa.string()) for column in found[1:]]
        columns = [text.cast(field.type) for text, field in zip(texts, list(schema)[1:], strict=True)]
    except pa.ArrowInvalid:
        return None
    return pa.RecordBatch.from_arrays([keys, *columns], schema=schema)


def _decoded(keys: list[bytes], *, is_url_encoded: bool) -> pa.Array[Any] | None:
    import pyarrow as pa
    from botocore.compat import unquote_str

    joined = b"\n".join(keys)
    if b"&" in joined:  # an entity of XML's: the server does not encode keys, or not all of each
        return None
    if is_url_encoded and (b"%" in joined or b"+" in joined):
        return pa.array([unquote_str(key.decode()) for key in keys], type=pa.string())
    return pa.array(keys, type=pa.binary()).cast(pa.string())
