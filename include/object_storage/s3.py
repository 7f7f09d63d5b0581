"""Amazon S3, and servers that speak its protocol, as a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from include.object_storage.errors import BucketAccessError, BucketUriError
from include.object_storage.keys import check_web_address, modified_filter, url_path
from include.object_storage.protocol import BATCH_SIZE, ObjectBatch, Shard
from include.object_storage.s3_client import make_client
from include.object_storage.s3_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef


class S3Bucket:
    """
    Follows ``Bucket`` for ``s3://bucket[/prefix]``; the client is made with the first request.

    URLs take the form that Encord documents, ``https://<bucket>.s3.<region>.amazonaws.com/<key>``, or
    ``<endpoint_url>/<bucket>/<key>`` for another server.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        object_url_base: str | None = None,
    ) -> None:
        if not bucket:
            raise BucketUriError("s3:// names no bucket; write s3://bucket or s3://bucket/prefix")
        self.bucket = bucket
        self.prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        self.endpoint_url = check_web_address("endpoint_url", endpoint_url)
        self.region = region
        self.profile = profile
        self.object_url_base = check_web_address("object_url_base", object_url_base)

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".removesuffix("/")

    @cached_property
    def client(self) -> S3Client:
        """The boto3 client behind this bucket."""
        with translated(self.uri):
            return make_client(endpoint_url=self.endpoint_url, region=self.region, profile=self.profile)

    def list(
        self, prefix: str = "", *, modified_from: datetime | None = None, modified_until: datetime | None = None
    ) -> Iterator[ObjectBatch]:
        is_wanted = modified_filter(modified_from, modified_until)
        with translated(self.uri):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix, PaginationConfig={"PageSize": BATCH_SIZE}
            )
            for page in pages:
                self._check_listing(page)
                wanted = [entry for entry in page.get("Contents", []) if is_wanted(entry["LastModified"])]
                if wanted:
                    yield self._batch(wanted)

    def shards(self, prefix: str = "") -> tuple[Shard, ...]:
        return (Shard(prefix),)

    def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
        for batch in self.list(shard.prefix):
            if rows := [
                row
                for row in zip(batch.keys, batch.sizes, batch.modified, batch.etags, strict=True)
                if row[0].encode() > start_after.encode()
            ]:
                yield ObjectBatch.of(*zip(*rows, strict=True))

    def read_range(self, key: str, start: int, length: int) -> bytes:
        with translated(self.uri, key):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=self.prefix + key, Range=f"bytes={start}-{start + length - 1}"
            )
            return answer["Body"].read()

    def read(self, key: str) -> bytes:
        with translated(self.uri, key):
            return self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"].read()

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        with translated(self.uri, key):
            self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=data)

    def exists(self, key: str) -> bool:
        # HEAD answers 404 without saying whether the object or the bucket is missing, and 403 to those who may
        # only list. A key is the first of all keys that begin with it, so a listing of one settles it.
        full_key = self.prefix + key
        with translated(self.uri, key):
            answer = self.client.list_objects_v2(Bucket=self.bucket, Prefix=full_key, MaxKeys=1)
        self._check_listing(answer)
        return [entry["Key"] for entry in answer.get("Contents", [])] == [full_key]

    @cached_property
    def url_prefix(self) -> str:
        return f"{self._url_base}/{url_path(self.prefix) if self.prefix else ''}"

    def url(self, key: str) -> str:
        return f"{self._url_base}/{url_path(self.prefix + key)}"

    @cached_property
    def _url_base(self) -> str:
        if self.object_url_base:
            return self.object_url_base.rstrip("/")
        if self.endpoint_url:
            return f"{self.endpoint_url.rstrip('/')}/{self.bucket}"
        return f"https://{self.bucket}.s3.{self.region or self._asked_region()}.amazonaws.com"

    def _asked_region(self) -> str:
        with translated(self.uri):
            answer = self.client.head_bucket(Bucket=self.bucket)
        return answer.get("BucketRegion") or self.client.meta.region_name

    def _check_listing(self, answer: ListObjectsV2OutputTypeDef) -> None:
        # botocore reads any page of text, such as a proxy's login form, as a listing without objects.
        if "Name" not in answer:
            raise BucketAccessError(
                f"{self.uri}: the answer is no S3 listing; check the option endpoint_url and any proxy"
            )

    def _batch(self, entries: Sequence[ObjectTypeDef]) -> ObjectBatch:
        skip = len(self.prefix)
        return ObjectBatch.of(
            keys=tuple(entry["Key"][skip:] for entry in entries),
            sizes=tuple(entry["Size"] for entry in entries),
            modified=tuple(entry["LastModified"] for entry in entries),
            etags=tuple(entry["ETag"].strip('"') for entry in entries),
        )
