"""S3's ListObjectsV2 with path-style addresses, and the same in the XML API of Google Cloud Storage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote_plus

from benchmarks.canned.answer import Answer, xml_text
from benchmarks.canned.objects import Page, StoredObject, first_position

REGION = "us-east-1"
MAX_KEYS = 1000
_HEADERS = {"x-amz-bucket-region": REGION, "x-amz-request-id": "0123456789ABCDEF"}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_GCS_NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"


def answer(keys: Sequence[str], path: str, query: Mapping[str, str]) -> Answer:
    """Answer as S3 would; every name is a bucket, and no object can be fetched."""
    bucket, _, key = path.strip("/").partition("/")
    if key:
        return _error(404, "NoSuchKey", "The specified key does not exist.")
    if query.get("list-type") == "2":
        return Answer(_listing(keys, bucket, query, _S3_NAMESPACE, _s3_entry), headers=_HEADERS)
    if "location" in query:
        body = f'{_DECLARATION}<LocationConstraint xmlns="{_S3_NAMESPACE}"></LocationConstraint>'
        return Answer(body.encode(), headers=_HEADERS)
    if query:
        return _error(501, "NotImplemented", "This server only lists, by list-type=2.")
    return Answer(headers=_HEADERS)  # HEAD of a bucket


def gcs_xml_listing(keys: Sequence[str], bucket: str, query: Mapping[str, str]) -> Answer:
    """Answer as Google's XML API lists."""
    return Answer(_listing(keys, bucket, query, _GCS_NAMESPACE, _gcs_entry))


def _listing(
    keys: Sequence[str],
    bucket: str,
    query: Mapping[str, str],
    namespace: str,
    entry: Callable[[StoredObject, str], str],
) -> bytes:
    is_encoded = query.get("encoding-type") == "url"
    encode: Callable[[str], str] = _url_encoded if is_encoded else xml_text
    prefix, delimiter, token = query.get("prefix", ""), query.get("delimiter", ""), query.get("continuation-token")
    limit = min(int(query.get("max-keys", MAX_KEYS)), MAX_KEYS)
    start = first_position(keys, token=token, after=query.get("start-after"))
    page = Page.of(keys, prefix=prefix, delimiter=delimiter, start=start, limit=limit)
    fields = {
        "Name": bucket,
        "Prefix": encode(prefix),
        "Delimiter": encode(delimiter) or None,
        "StartAfter": encode(query.get("start-after", "")) or None,
        "ContinuationToken": token,
        "NextContinuationToken": None if page.next is None else str(page.next),
        "KeyCount": str(len(page.objects) + len(page.prefixes)),
        "MaxKeys": str(limit),
        "EncodingType": "url" if is_encoded else None,
        "IsTruncated": "false" if page.next is None else "true",
    }
    head = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value is not None)
    entries = "".join([entry(each, encode(each.key)) for each in page.objects])
    prefixes = "".join(f"<CommonPrefixes><Prefix>{encode(each)}</Prefix></CommonPrefixes>" for each in page.prefixes)
    return f'{_DECLARATION}<ListBucketResult xmlns="{namespace}">{head}{entries}{prefixes}</ListBucketResult>'.encode()


def _s3_entry(each: StoredObject, key: str) -> str:
    return (
        f"<Contents><Key>{key}</Key><LastModified>{_timestamp(each)}</LastModified><ETag>&quot;{each.digest}&quot;</ETag>"
        f"<Size>{each.size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )


def _gcs_entry(each: StoredObject, key: str) -> str:
    return (
        f"<Contents><Key>{key}</Key><Generation>{1_760_000_000_000_000 + each.number}</Generation>"
        f"<MetaGeneration>1</MetaGeneration><LastModified>{_timestamp(each)}</LastModified>"
        f'<ETag>"{each.digest}"</ETag><Size>{each.size}</Size></Contents>'
    )


def _timestamp(each: StoredObject) -> str:
    return f"{each.modified.isoformat(timespec='milliseconds')[:23]}Z"


def _url_encoded(text: str) -> str:
    return quote_plus(text, safe="/")


def _error(status: int, code: str, message: str) -> Answer:
    body = f"{_DECLARATION}<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(body.encode(), status=status, headers=_HEADERS)
