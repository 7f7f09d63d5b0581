"""Buckets behind one protocol: ``open_bucket(uri, **options)`` and what it may raise."""

from __future__ import annotations

from include.object_storage.errors import (
    BucketAccessError,
    BucketNotFoundError,
    BucketUriError,
    ObjectKeyError,
    ObjectNotFoundError,
    ObjectStorageError,
)
from include.object_storage.opening import open_bucket
from include.object_storage.protocol import Bucket, ObjectBatch

__all__ = [
    "Bucket",
    "BucketAccessError",
    "BucketNotFoundError",
    "BucketUriError",
    "ObjectBatch",
    "ObjectKeyError",
    "ObjectNotFoundError",
    "ObjectStorageError",
    "open_bucket",
]
