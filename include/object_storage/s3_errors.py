"""What boto3 raises, said in this room's words: where it happened and what to check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from include.object_storage.errors import (
    BucketAccessError,
    BucketNotFoundError,
    ObjectNotFoundError,
    ObjectStorageError,
)

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

_CHAIN = "environment, profile, or the machine's role"

# Error codes of S3's documentation ("Error responses"), and the bare HTTP statuses that answers to HEAD carry.
_ADVICE = {
    "AccessDenied": "permission denied; check that the credentials may list, read and write here",
    "403": "permission denied; check that the credentials may list, read and write here",
    "AllAccessDisabled": "all access to it is disabled; ask the bucket's owner",
    "InvalidAccessKeyId": f"the access key is not known there; check the credentials ({_CHAIN})",
    "SignatureDoesNotMatch": f"the secret key does not belong to the access key; check the credentials ({_CHAIN})",
    "ExpiredToken": "the session token has expired; renew the credentials",
    "InvalidToken": "the session token is not valid; renew the credentials",
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it",
    "PermanentRedirect": "the bucket is in another region; set the option region",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set the option region",
    "IllegalLocationConstraintException": "the bucket is in another region; set the option region",
    "301": "the bucket is in another region; set the option region",
    **dict.fromkeys(
        ("500", "503", "InternalError", "ServiceUnavailable", "SlowDown"),
        "the server fails or is overloaded; try again later, and check that the option endpoint_url is an S3 server's",
    ),
    "400": "the request was refused; check the option region and the credentials",
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
        raise BucketAccessError(f"{uri}: {_without_answer(error)}") from error


def _from_answer(error: ClientError, uri: str, key: str | None) -> ObjectStorageError:
    code = error.response.get("Error", {}).get("Code", "")
    if code == "NoSuchBucket" or (code == "404" and key is None):
        return BucketNotFoundError(
            f"{uri}: there is no such bucket; check the name, the account and, if set, the option endpoint_url"
        )
    if code in {"NoSuchKey", "404"}:
        return ObjectNotFoundError(f"{uri}/{key}: there is no such object; check the key")
    where = uri if key is None else f"{uri}/{key}"
    advice = _ADVICE.get(code, "this is not an error the project knows; try again, then look the code up")
    return BucketAccessError(f"{where}: the server answered {code or 'without an error code'}: {advice}")


def _without_answer(error: BotoCoreError) -> str:
    from botocore import exceptions as boto

    no_credentials = (
        boto.NoCredentialsError,
        boto.PartialCredentialsError,
        boto.CredentialRetrievalError,
        boto.TokenRetrievalError,
        boto.SSOError,
    )
    if isinstance(error, boto.ProfileNotFound):
        return f"{error}; check the option profile and AWS_PROFILE"
    if isinstance(error, no_credentials):
        return f"no complete credentials were found; provide them ({_CHAIN})"
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError):
        return "the server cannot be reached; check the network, the option endpoint_url and the option region"
    return f"the client gave up ({type(error).__name__}); check the bucket's name and the options"
