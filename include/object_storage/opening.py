"""From a URI to a bucket."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from include.object_storage.errors import BucketUriError
from include.object_storage.local import LocalBucket
from include.object_storage.protocol import Bucket
from include.object_storage.s3 import S3Bucket

S3_OPTIONS = ("endpoint_url", "region", "profile", "object_url_base")
LOCAL_OPTIONS = ("object_url_base",)
_LATER = {"gs": "Google Cloud Storage", "az": "Azure Blob Storage"}


def open_bucket(uri: str, **options: str | None) -> Bucket:
    """
    Return the bucket of a URI: ``s3://bucket[/prefix]``, ``file:///folder``, or the path of a folder.

    Nothing is asked of the bucket yet. Credentials come from the default chain of the cloud's own client.

    :param options: for S3 ``endpoint_url`` (another server than Amazon's), ``region``, ``profile``; for all
        ``object_url_base``, which replaces the part of ``Bucket.url`` before the key in the bucket. Options
        that are None or empty count as not given.
    :raises BucketUriError: when the URI or an option is not understood.
    """
    scheme, separator, address = uri.partition("://")
    if not separator:
        return LocalBucket(_folder(uri, uri), **_known(uri, options, LOCAL_OPTIONS))
    if scheme == "file":
        return LocalBucket(_folder(uri, _file_path(uri)), **_known(uri, options, LOCAL_OPTIONS))
    if scheme == "s3":
        bucket, _, prefix = address.partition("/")
        return S3Bucket(bucket, prefix, **_known(uri, options, S3_OPTIONS))
    if scheme in _LATER:
        raise BucketUriError(f"{uri}: {_LATER[scheme]} ({scheme}://) is not there yet; use s3:// or a folder")
    raise BucketUriError(f"{uri}: unknown scheme {scheme}://; use s3://bucket/prefix, file:///folder or a path")


def _known(uri: str, options: dict[str, str | None], names: tuple[str, ...]) -> dict[str, str]:
    given = {name: value for name, value in options.items() if value}
    if unknown := sorted(set(given) - set(names)):
        raise BucketUriError(f"{uri}: unknown option(s) {', '.join(unknown)}; known: {', '.join(names)}")
    return given


def _file_path(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment:
        raise BucketUriError(f"{uri}: write file:///absolute/folder (characters such as '?' as %3F)")
    return unquote(parts.path)


def _folder(uri: str, path: str) -> Path:
    if not path.strip():
        raise BucketUriError(f"{uri!r} names no folder; write s3://bucket/prefix, file:///folder or a path")
    return Path(path).expanduser().absolute()
