"""Everything that can go wrong with a bucket. Messages say where and what to check, and hold no secret."""

from __future__ import annotations


class ObjectStorageError(Exception):
    """Base of this room's errors."""


class BucketNotFoundError(ObjectStorageError):
    """The bucket or folder does not exist."""


class BucketAccessError(ObjectStorageError):
    """The bucket could not be asked: the network, or a reason that none of the errors below names."""


class BucketPermissionError(BucketAccessError):
    """The credentials are good, and may not do this here."""


class BucketCredentialsError(BucketAccessError):
    """There are no credentials, or the server does not know them, or they have expired."""


class BucketRegionError(BucketAccessError):
    """The bucket is in another region than the one that was asked."""


class ClockSkewError(BucketAccessError):
    """This machine's clock is too far from the server's, so that it takes no signature."""


class ObjectNotFoundError(ObjectStorageError):
    """The bucket is there, the object is not."""


class BucketUriError(ObjectStorageError, ValueError):
    """The URI or an option does not name a bucket that this project can open."""


class ObjectKeyError(ObjectStorageError, ValueError):
    """The key cannot be used safely: it would leave the root, or no URL can carry it unchanged."""
