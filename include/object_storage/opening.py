"""From a URI to a bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import unquote, urlsplit

from include.object_storage.azure_access import AZURE_WAYS
from include.object_storage.azure_blob import AzureBucket
from include.object_storage.errors import BucketUriError
from include.object_storage.gcs import GcsBucket
from include.object_storage.gcs_client import GcsAccess
from include.object_storage.local import LocalBucket
from include.object_storage.protocol import Bucket
from include.object_storage.s3 import S3Bucket
from include.object_storage.s3_address import parse_address
from include.object_storage.s3_client import S3Access

Options = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of bucket: the options that it knows, and how it is made of a URI and those that are given."""

    options: tuple[str, ...]
    make: Callable[[str, Options], Bucket]


def open_bucket(uri: str, **options: str | bool | None) -> Bucket:
    """
    Return the bucket of a URI; nothing is asked of it yet.

    ``s3://bucket[/prefix]``, ``s3+https://endpoint/bucket[/prefix]`` for other servers that speak S3's protocol, an
    access point's ARN (``arn:aws:s3::<account>:accesspoint/<alias>.mrap[/prefix]``), ``gs://bucket[/prefix]``,
    ``az://account/container[/prefix]`` (or a container's ``https`` address at Azure), ``file:///folder``, or the path
    of a folder. Credentials come from the default chain of the cloud's own client unless options name others.

    :param options: for S3 ``endpoint_url`` (another server than Amazon's), ``region``, ``profile``, ``addressing``
        (``auto``, ``path`` or ``virtual``), ``dualstack`` (``true`` for addresses that IPv6 reaches), ``role_arn``
        (to assume) and its ``external_id``, ``mrap_separator`` (between the ARN of an access point of many regions
        and the key in URLs), ``access_key_id``, ``secret_access_key`` and ``session_token`` (secrets: from an Airflow
        connection, never from a campaign file); for Google Cloud Storage those of ``GcsBucket`` and ``GcsAccess``; for
        Azure those of ``AzureBucket``; for all ``object_url_base``, which replaces the part of ``Bucket.url`` before
        the key in the bucket. Options that are None, false or empty count as not given (``mrap_separator`` may be
        empty).
    :raises BucketUriError: when the URI or an option is not understood. It does not repeat options' values.
    """
    scheme = _scheme(uri)
    shown = uri.partition("?")[0]  # what follows may be a signature
    kind = _KINDS.get(scheme)
    if kind is None:
        raise BucketUriError(
            f"{shown}: unknown scheme {scheme}://; use s3://bucket/prefix, gs://bucket/prefix, "
            "az://account/container/prefix or file:///folder, or a path"
        )
    given = {name: _text(value) for name, value in options.items() if value or (value == "" and name in _MAY_BE_EMPTY)}
    if unknown := sorted(set(given) - set(kind.options)):
        raise BucketUriError(f"{shown}: unknown option(s) {', '.join(unknown)}; known: {', '.join(kind.options)}")
    return kind.make(uri, given)


def _scheme(uri: str) -> str:
    scheme, separator, _ = uri.partition("://")
    if separator:
        return scheme
    return "arn" if uri.startswith("arn:") else ""


def _text(value: str | bool | None) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _s3(uri: str, options: Options) -> Bucket:
    access = {name: value for name, value in options.items() if name in _S3_ACCESS and name != "dualstack"}
    others = {name: value for name, value in options.items() if name not in _S3_ACCESS}
    dualstack = options.get("dualstack", "false")
    if dualstack not in {"true", "false"}:
        raise BucketUriError(f"{uri}: option dualstack must be true or false")
    return S3Bucket(parse_address(uri), S3Access(**access, dualstack=dualstack == "true"), **others)


def _gcs(uri: str, options: Options) -> Bucket:
    bucket, _, prefix = uri.removeprefix("gs://").partition("/")
    return GcsBucket(bucket, prefix, **options)


def _azure(uri: str, options: Options) -> Bucket:
    return AzureBucket(uri, **options)


def _local(uri: str, options: Options) -> Bucket:
    return LocalBucket(_folder(uri), **options)


def _folder(uri: str) -> Path:
    path = _file_path(uri) if uri.startswith("file://") else uri
    if not path.strip():
        raise BucketUriError(f"{uri!r} names no folder; write s3://bucket/prefix, file:///folder or a path")
    return Path(path).expanduser().absolute()


def _file_path(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment:
        raise BucketUriError(f"{uri}: write file:///absolute/folder (characters such as '?' as %3F)")
    return unquote(parts.path)


_MAY_BE_EMPTY = frozenset({"mrap_separator"})
_S3_ACCESS = tuple(field.name for field in fields(S3Access))
_S3 = Kind((*_S3_ACCESS, "object_url_base", "mrap_separator"), _s3)
_GCS = Kind(("endpoint_url", "project", *(field.name for field in fields(GcsAccess)), "object_url_base"), _gcs)
_AZURE = Kind(("endpoint_url", "cloud", *AZURE_WAYS, "object_url_base"), _azure)
_LOCAL = Kind(("object_url_base",), _local)
# The empty scheme is a plain path.
_KINDS = {
    **dict.fromkeys(("s3", "s3+https", "s3+http", "arn"), _S3),
    **dict.fromkeys(("az", "https"), _AZURE),
    "gs": _GCS,
    **dict.fromkeys(("file", ""), _LOCAL),
}
