"""Buckets behind one protocol: ``open_bucket(uri, **options)`` and what it may raise."""

from __future__ import annotations

from include.object_storage.errors import (
    BucketAccessError,
    BucketCredentialsError,
    BucketNotFoundError,
    BucketPermissionError,
    BucketRegionError,
    BucketUriError,
    ClockSkewError,
    ObjectKeyError,
    ObjectNotFoundError,
    ObjectStorageError,
)
from include.object_storage.opening import open_bucket
from include.object_storage.protocol import Bucket, ObjectBatch, Shard

__all__ = [
    "Bucket",
    "BucketAccessError",
    "BucketCredentialsError",
    "BucketNotFoundError",
    "BucketPermissionError",
    "BucketRegionError",
    "BucketUriError",
    "ClockSkewError",
    "ObjectBatch",
    "ObjectKeyError",
    "ObjectNotFoundError",
    "ObjectStorageError",
    "Shard",
    "open_bucket",
]
