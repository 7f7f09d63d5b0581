"""What boto3 raises, said in this room's words: where it happened and what to check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from include.object_storage.errors import (
    BucketAccessError,
    BucketCredentialsError,
    BucketNotFoundError,
    BucketPermissionError,
    BucketRegionError,
    ClockSkewError,
    ObjectKeyError,
    ObjectNotFoundError,
    ObjectStorageError,
)

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_CHAIN = "environment, profile, or the machine's role"
_DENIED = "permission denied; check that the credentials may list, read and write here"
_REGION = "the bucket is in another region; set the option region"
_OVERLOADED = (
    "the server fails or is overloaded; try again later, and check that the option endpoint_url is an S3 server's"
)
_UNKNOWN = (BucketAccessError, "this is not an error the project knows; try again, then look the code up")

# Error codes of S3's documentation ("Error responses") and STS's, and the bare statuses that answers to HEAD carry.
_MEANING: dict[str, tuple[type[ObjectStorageError], str]] = {
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "403"), (BucketPermissionError, _DENIED)),
    "AllAccessDisabled": (BucketPermissionError, "all access to it is disabled; ask the bucket's owner"),
    **dict.fromkeys(
        ("InvalidAccessKeyId", "InvalidClientTokenId"),
        (BucketCredentialsError, f"the access key is not known there; check the credentials ({_CHAIN})"),
    ),
    "SignatureDoesNotMatch": (
        BucketCredentialsError,
        f"the secret key does not belong to the access key; check the credentials ({_CHAIN})",
    ),
    **dict.fromkeys(
        ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"),
        (BucketCredentialsError, "the session token has expired; renew the credentials"),
    ),
    "InvalidToken": (BucketCredentialsError, "the session token is not valid; renew the credentials"),
    **dict.fromkeys(
        ("RequestTimeTooSkewed", "RequestExpired"),
        (ClockSkewError, "this machine's clock and the server's are too far apart; set the clock"),
    ),
    **dict.fromkeys(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"),
        (BucketRegionError, _REGION),
    ),
    **dict.fromkeys(
        ("500", "503", "InternalError", "ServiceUnavailable", "SlowDown"),
        (BucketAccessError, _OVERLOADED),
    ),
    "400": (BucketAccessError, "the request was refused; check the option region and the credentials"),
    "KeyTooLongError": (ObjectKeyError, "the key is too long, S3 takes 1,024 bytes; shorten it"),
    **dict.fromkeys(
        ("NoSuchAccessPoint", "NoSuchMultiRegionAccessPoint"),
        (BucketNotFoundError, "there is no such access point; check the ARN"),
    ),
}


@contextmanager
def translated(uri: str, key: str | None = None) -> Iterator[None]:
    """
    Let no exception of botocore out of the block.

    :param uri: of the bucket, for the message.
    :param key: of the object that the block is about, below ``uri``.
    :raises ObjectStorageError: the one that fits, with botocore's own as its cause.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _from_answer(error, uri, key) from error
    except BotoCoreError as error:
        raise _without_answer(error, uri) from error


def _from_answer(error: ClientError, uri: str, key: str | None) -> ObjectStorageError:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "NoSuchBucket" or (code == "404" and key is None):
        return BucketNotFoundError(
            f"{uri}: there is no such bucket; check the name, the account and, if set, the option endpoint_url"
        )
    if code in {"NoSuchKey", "404"}:
        return ObjectNotFoundError(f"{uri}/{key}: there is no such object; check the key")
    where = uri if key is None else f"{uri}/{key}"
    kind, advice = _MEANING.get(code, _UNKNOWN)
    if error.operation_name == "AssumeRole" and kind is BucketPermissionError:
        advice = "the role must not be assumed; check the option role_arn, its trust policy and external_id"
    if kind is BucketRegionError and (region := error.response["Error"].get("Region")):
        advice = f"{advice} to {region}"
    return kind(f"{where}: the server answered {code or 'without an error code'}: {advice}")


def _without_answer(error: BotoCoreError, uri: str) -> BucketAccessError:
    from botocore import exceptions as boto

    no_credentials = (
        boto.NoCredentialsError,
        boto.PartialCredentialsError,
        boto.CredentialRetrievalError,
        boto.TokenRetrievalError,
        boto.SSOError,
    )
    if isinstance(error, boto.ProfileNotFound):
        return BucketCredentialsError(f"{uri}: {error}; check the option profile and AWS_PROFILE")
    if isinstance(error, no_credentials):
        return BucketCredentialsError(f"{uri}: no complete credentials were found; provide them ({_CHAIN})")
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        return BucketAccessError(
            f"{uri}: the server cannot be reached; check the network, the option endpoint_url and the option region"
        )
    if isinstance(error, boto.MissingDependencyException):
        return BucketAccessError(f"{uri}: access points of many regions need the Python package awscrt; install it")
    return BucketAccessError(
        f"{uri}: the client gave up ({type(error).__name__}); check the bucket's name and the options"
    )
