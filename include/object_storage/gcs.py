"""Google Cloud Storage as a bucket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, BinaryIO

from include.object_storage import sharding
from include.object_storage.errors import (
    BucketAccessError,
    BucketUriError,
    ObjectKeyError,
    ObjectNotFoundError,
)
from include.object_storage.gcs_client import RETRY_SECONDS, GcsAccess, make_client, make_credentials, make_session
from include.object_storage.gcs_errors import key_error, translated
from include.object_storage.gcs_listing import GcsListing
from include.object_storage.keys import check_web_address, url_path
from include.object_storage.protocol import Level, ObjectBatch

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_UPLOAD_CHUNK = 8 * 1024 * 1024  # bytes of a streamed upload that are held in memory; a multiple of 256 KiB
# The clients put a key into the path of a request, where these two would be resolved away.
_NOT_ADDRESSABLE = {"", ".", ".."}


class GcsBucket(sharding.ShardedBucket):
    """
    Follows ``Bucket`` for ``gs://bucket[/prefix]``; the client is made with the first request.

    URLs take the form that Encord documents, ``https://storage.cloud.google.com/<bucket>/<key>``, or
    ``<endpoint_url>/<bucket>/<key>`` for another server. Etags are Google's own, which change with every write.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint_url: str | None = None,
        object_url_base: str | None = None,
        project: str | None = None,
        **access: str,
    ) -> None:
        """
        Check the options and ask nothing.

        :param project: the project that is billed for requests (needed for requester-pays buckets only).
        :param access: the fields of ``GcsAccess``.
        """
        if not _BUCKET_NAME.fullmatch(bucket):
            raise BucketUriError(
                f"gs://{bucket}: no bucket can have this name; write gs://bucket or gs://bucket/prefix, the bucket's "
                "name being 3 to 222 of a-z, 0-9, '-', '_' and '.'"
            )
        self.bucket = bucket
        self.prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        self.endpoint_url = check_web_address("endpoint_url", endpoint_url)
        self.object_url_base = check_web_address("object_url_base", object_url_base)
        self.project = project
        self._access = GcsAccess(**access)
        self._access.check(self.uri)

    @property
    def uri(self) -> str:
        return f"gs://{self.bucket}/{self.prefix}".removesuffix("/")

    def scan(self, prefix: str, start_after: str = "") -> Iterator[ObjectBatch]:
        with translated(self.uri):
            yield from self._listing.scan(prefix, start_after)

    def level(self, prefix: str) -> Level | None:
        with translated(self.uri):
            return self._listing.level(prefix)

    def read(self, key: str) -> bytes:
        with self._object(key) as blob:
            return bytes(blob.download_as_bytes(raw_download=True, retry=_retry()))

    def read_range(self, key: str, start: int, length: int) -> bytes:
        from google.api_core.exceptions import RequestRangeNotSatisfiable

        if length <= 0:
            return b""
        with self._object(key) as blob:
            try:
                return bytes(
                    blob.download_as_bytes(
                        start=start,
                        end=start + length - 1,
                        raw_download=True,
                        checksum=None,  # Google has one of whole objects only
                        retry=_retry(),
                    )
                )
            except RequestRangeNotSatisfiable:
                return b""

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        with self._object(key) as blob:
            if isinstance(data, bytes):
                blob.upload_from_string(data, content_type="application/octet-stream", retry=_retry())
            else:
                blob.chunk_size = _UPLOAD_CHUNK
                blob.upload_from_file(data, retry=_retry())

    def create(self, key: str, data: bytes) -> bool:
        from google.api_core.exceptions import PreconditionFailed

        with self._object(key) as blob:
            try:
                blob.upload_from_string(
                    data, content_type="application/octet-stream", if_generation_match=0, retry=_retry()
                )
            except PreconditionFailed:
                return False
        return True

    def exists(self, key: str) -> bool:
        # Asked by a listing of one, as a key is the first of all keys that begin with it: a HEAD would not say
        # whether the object or the bucket is missing, and those who may only list would be refused.
        with translated(self.uri):
            return self._listing.first(key) == key

    @property
    def url_prefix(self) -> str:
        return f"{self._url_base}/{url_path(self.prefix) if self.prefix else ''}"

    def url(self, key: str) -> str:
        return f"{self._url_base}/{url_path(self.prefix + key)}"

    @property
    def _url_base(self) -> str:
        if self.object_url_base:
            return self.object_url_base.rstrip("/")
        return f"{(self.endpoint_url or 'https://storage.cloud.google.com').rstrip('/')}/{self.bucket}"

    @cached_property
    def _credentials(self) -> Any:
        try:
            with translated(self.uri):
                return make_credentials(self._access)
        except (OSError, ValueError) as error:  # a file that is not there, or no key file
            raise key_error(self.uri, error) from None

    @cached_property
    def _client(self) -> Any:
        with translated(self.uri):
            return make_client(self._credentials, self.endpoint_url)

    @cached_property
    def _listing(self) -> GcsListing:
        session = make_session(self._credentials)
        return GcsListing(session, self._client.api_endpoint, self.bucket, self.prefix, self.project)

    @contextmanager
    def _object(self, key: str) -> Iterator[Any]:
        """Give the client's handle of an object, and tell a missing bucket from a missing object."""
        name = self.prefix + key
        if name in _NOT_ADDRESSABLE:
            raise ObjectKeyError(f"{self.uri}: key {key!r} names no object that can be asked for")
        try:
            with translated(self.uri, key):
                yield self._client.bucket(self.bucket, user_project=self.project).blob(name)
        except ObjectNotFoundError:
            with suppress(BucketAccessError):
                self.exists(key)
            raise


def _retry() -> Any:
    from google.cloud.storage.retry import DEFAULT_RETRY  # type: ignore[import-untyped, unused-ignore]

    return DEFAULT_RETRY.with_timeout(RETRY_SECONDS)
