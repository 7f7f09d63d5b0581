"""Everything that can go wrong with a bucket. Messages say where and what to check, and hold no secret."""

from __future__ import annotations


class ObjectStorageError(Exception):
    """Base of this room's errors."""


class BucketNotFoundError(ObjectStorageError):
    """The bucket or folder does not exist."""


class BucketAccessError(ObjectStorageError):
    """The bucket could not be asked: credentials, permissions, region, network."""


class ObjectNotFoundError(ObjectStorageError):
    """The bucket is there, the object is not."""


class BucketUriError(ObjectStorageError, ValueError):
    """The URI or an option does not name a bucket that this project can open."""


class ObjectKeyError(ObjectStorageError, ValueError):
    """The key cannot be used safely: it would leave the root, or no URL can carry it unchanged."""
