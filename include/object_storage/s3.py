"""Amazon S3, and servers that speak its protocol, as a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from include.object_storage import sharding
from include.object_storage.errors import BucketAccessError, BucketRegionError
from include.object_storage.keys import check_web_address, url_path
from include.object_storage.protocol import Level, ObjectBatch
from include.object_storage.s3_address import S3Address, addressing_of, check_access, check_endpoint, url_base
from include.object_storage.s3_client import S3Access, make_client
from include.object_storage.s3_errors import translated
from include.object_storage.s3_listing import pages

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

# A look at a level gives up after so many pages, or one that shows no prefix: that is one long row of objects.
MAX_LEVEL_PAGES = 10
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class S3Bucket(sharding.ShardedBucket):
    """
    Follows ``Bucket`` for buckets and access points; the client is made with the first request.

    URLs take the form that Encord documents: ``https://<bucket>.s3.<region>.amazonaws.com/<key>`` for Amazon,
    ``<endpoint>/<bucket>/<key>`` for other servers, ``https://<bucket>.obs.<region>.otc.t-systems.com/<key>`` for
    Open Telekom Cloud, and the ARN, ``mrap_separator`` and the key for access points of many regions.

    :param access: with the endpoint of the option, if any; the address may name another.
    :param object_url_base: stands for all that comes before the slash and the key in the bucket.
    :param mrap_separator: between ARN and key.
    :raises BucketUriError: options that contradict each other or the address.
    """

    def __init__(
        self, address: S3Address, access: S3Access, *, object_url_base: str | None = None, mrap_separator: str = "/"
    ) -> None:
        endpoint_url = check_endpoint(address, access.endpoint_url)
        addressing = addressing_of(address.bucket, endpoint_url, access.addressing)
        check_access(address, access, endpoint_url)
        self.address = address
        region = address.region or access.region
        self.access = replace(access, endpoint_url=endpoint_url, addressing=addressing, region=region)
        self.bucket, self.prefix = address.bucket, address.prefix
        self._object_url_base = check_web_address("object_url_base", object_url_base)
        self._mrap_separator = mrap_separator
        self._making_client = Lock()

    @property
    def uri(self) -> str:
        return f"{self.address.uri}/{self.prefix}".removesuffix("/")

    @cached_property
    def _client(self) -> S3Client:
        with translated(self.uri):
            return make_client(self.access)

    @property
    def client(self) -> S3Client:
        """The boto3 client behind this bucket; its listings hold columns instead of ``Contents``."""
        with self._making_client:
            return self._client

    def scan(self, prefix: str, start_after: str = "") -> Iterator[ObjectBatch]:
        """Yield the objects whose key begins with ``prefix`` and comes after ``start_after``, one request a page."""
        self._check_region()
        after = self.prefix + start_after if start_after else ""
        with translated(self.uri):
            for answer, objects in pages(self.client, self.bucket, self.prefix + prefix, start_after=after):
                self._check_listing(answer)
                if len(objects):
                    yield self._relative(objects)

    def level(self, prefix: str) -> Level | None:
        """Return what lies directly below ``prefix``; None when that is more than a few pages."""
        prefixes: dict[str, None] = {}
        found: list[ObjectBatch] = []
        self._check_region()
        with translated(self.uri):
            looks = pages(self.client, self.bucket, self.prefix + prefix, delimiter="/")
            for number, (answer, objects) in enumerate(looks, start=1):
                self._check_listing(answer)
                prefixes |= {entry["Prefix"][len(self.prefix) :]: None for entry in answer.get("CommonPrefixes", [])}
                found.append(self._relative(objects))
                is_long = number == MAX_LEVEL_PAGES or not prefixes
                if is_long and answer.get("IsTruncated"):
                    return None
        return Level(tuple(prefixes), ObjectBatch.joined(found))

    def read(self, key: str) -> bytes:
        with translated(self.uri, key):
            return self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"].read()

    def read_range(self, key: str, start: int, length: int) -> bytes:
        from botocore.exceptions import ClientError

        if length <= 0:
            return b""
        with translated(self.uri, key):
            try:
                answer = self.client.get_object(
                    Bucket=self.bucket, Key=self.prefix + key, Range=f"bytes={start}-{start + length - 1}"
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in {"InvalidRange", "416"}:
                    return b""
                raise
            return answer["Body"].read()

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        with translated(self.uri, key):
            self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=data)

    def create(self, key: str, data: bytes) -> bool:
        from botocore.exceptions import ClientError

        with translated(self.uri, key):
            try:
                self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=data, IfNoneMatch="*")
            except ClientError as error:
                # 409: another one's request was under way at the same time, and may have failed; ask again later.
                if error.response.get("Error", {}).get("Code") in _TAKEN:
                    return False
                raise
        return True

    def exists(self, key: str) -> bool:
        # HEAD answers 404 without saying whether the object or the bucket is missing, and 403 to those who may
        # only list. A key is the first of all keys that begin with it, so the first of a listing settles it.
        full_key = self.prefix + key
        with translated(self.uri, key):
            answer, objects = next(pages(self.client, self.bucket, full_key, size=1))
        self._check_listing(answer)
        return objects.keys[:1] == (full_key,)

    @cached_property
    def url_prefix(self) -> str:
        return self._url_base + (url_path(self.prefix) if self.prefix else "")

    def url(self, key: str) -> str:
        return self._url_base + url_path(self.prefix + key)

    @cached_property
    def _url_base(self) -> str:
        if self._object_url_base:
            return f"{self._object_url_base.rstrip('/')}/"
        if self.address.is_multi_region:
            return self.address.bucket + self._mrap_separator
        access = self.access
        if not (access.region or access.endpoint_url or self.address.is_access_point):
            access = replace(access, region=self._asked_region())
        with translated(self.uri):
            return f"{url_base(self.address, access)}/"

    def _asked_region(self) -> str:
        with translated(self.uri):
            answer = self.client.head_bucket(Bucket=self.bucket)
        return answer.get("BucketRegion") or self.client.meta.region_name

    def _check_region(self) -> None:
        # botocore finds the bucket in any region by itself; its URLs, though, would name the wrong one.
        given = self.access.region
        if not given or self.access.endpoint_url or self.address.is_access_point:
            return
        if self._home_region not in {None, given}:
            raise BucketRegionError(
                f"{self.uri}: the bucket is in region {self._home_region}, not in {given}; correct the option region"
            )

    @cached_property
    def _home_region(self) -> str | None:
        from botocore.exceptions import ClientError

        with translated(self.uri):
            try:
                return self.client.head_bucket(Bucket=self.bucket).get("BucketRegion")
            except ClientError:
                return None  # an answer to HEAD cannot say why; the listing that follows will

    def _check_listing(self, answer: ListObjectsV2OutputTypeDef) -> None:
        # botocore reads any page of text, such as a proxy's login form, as a listing without objects.
        if "Name" not in answer:
            raise BucketAccessError(
                f"{self.uri}: the answer is no S3 listing; check the option endpoint_url and any proxy"
            )

    def _relative(self, objects: ObjectBatch) -> ObjectBatch:
        if not self.prefix:
            return objects
        import pyarrow.compute as pc

        keys = pc.utf8_slice_codeunits(objects.arrow.column("key"), start=len(self.prefix))
        return ObjectBatch(objects.arrow.set_column(0, objects.arrow.schema.field("key"), keys))
