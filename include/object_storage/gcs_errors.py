"""What Google's clients raise, said in this room's words: where it happened and what to check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from include.object_storage.errors import (
    BucketAccessError,
    BucketCredentialsError,
    BucketNotFoundError,
    BucketPermissionError,
    ClockSkewError,
    ObjectNotFoundError,
    ObjectStorageError,
)

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

_WAYS = "options service_account_file, service_account_json, impersonate or anonymous, or Google's default chain"
_CLOCK = "this machine's clock is wrong, so that Google takes no signature; set it"


@contextmanager
def translated(uri: str, key: str | None = None) -> Iterator[None]:
    """
    Let no exception of Google's clients out of the block.

    :param uri: of the bucket, for the message.
    :param key: of the object that the block is about, below ``uri``.
    :raises ObjectStorageError: the one that fits. What Google said is no part of it, nor is its exception the cause:
        both may hold addresses and tokens.
    """
    from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError
    from google.auth.exceptions import GoogleAuthError, TransportError
    from requests.exceptions import RequestException

    where = uri if key is None else f"{uri}/{key}"
    unreachable = "the server cannot be reached; check the network and, if set, the option endpoint_url"
    try:
        yield
    except GoogleAPICallError as error:
        raise _from_answer(error, uri, key) from None
    except (TransportError, RequestException):
        raise BucketAccessError(f"{uri}: {unreachable}") from None
    except GoogleAuthError as error:
        raise _from_credentials(error, uri) from None
    except GoogleAPIError as error:  # of the client itself, such as its giving up after a time
        raise BucketAccessError(f"{where}: the client gave up ({type(error).__name__}): {unreachable}") from None


def key_error(uri: str, error: Exception) -> BucketCredentialsError:
    """Return what to say of a service account's key that is not there, or is none."""
    return BucketCredentialsError(
        f"{uri}: the service account's key cannot be read ({type(error).__name__}); check the option "
        "service_account_file or service_account_json"
    )


def _from_answer(error: GoogleAPICallError, uri: str, key: str | None) -> ObjectStorageError:
    where = uri if key is None else f"{uri}/{key}"
    code = int(error.code or 0)
    if code == 404 and key is not None:
        return ObjectNotFoundError(f"{where}: there is no such object; check the key")
    if code == 404:
        return BucketNotFoundError(
            f"{uri}: there is no such bucket; check the name and, if set, the option endpoint_url"
        )
    if code == 401:
        return BucketCredentialsError(
            f"{where}: the server answered 401: it does not know the credentials, or they have expired; check {_WAYS}"
        )
    if code == 403 and "RequestTimeTooSkewed" in str(error):
        return ClockSkewError(f"{where}: {_CLOCK}")
    if code == 403:
        return BucketPermissionError(
            f"{where}: the server answered 403: permission denied; check that the account has the roles to list, read "
            "and write here (storage.objects.list, .get, .create) and that no perimeter or billing stop is in the way"
        )
    if code == 400 and "requester pays" in str(error).lower():
        return BucketPermissionError(f"{where}: the bucket is requester-pays; set the option project to who pays")
    if code in {408, 429} or code >= 500:
        return BucketAccessError(
            f"{where}: the server answered {code}: it fails or is overloaded; try again later, and check that the "
            "option endpoint_url is a Google Cloud Storage server's"
        )
    return BucketAccessError(f"{where}: the server answered {code or 'nothing clear'}; check the options and any proxy")


def _from_credentials(error: Exception, uri: str) -> ObjectStorageError:
    from google.auth.exceptions import DefaultCredentialsError, InvalidOperation, MalformedError

    said = str(error)
    if isinstance(error, MalformedError):
        return key_error(uri, error)
    if isinstance(error, InvalidOperation):  # only anonymous ones cannot be renewed
        return BucketCredentialsError(f"{uri}: the server wants credentials, option anonymous is of no use here")
    if isinstance(error, DefaultCredentialsError):
        return BucketCredentialsError(f"{uri}: no credentials were found; provide them ({_WAYS})")
    # Google's words for a JWT whose times are not around its own now.
    if "invalid_grant" in said and ("iat and exp" in said or "reasonable timeframe" in said):
        return ClockSkewError(f"{uri}: {_CLOCK}")
    if "invalid_grant" in said:
        return BucketCredentialsError(
            f"{uri}: Google takes the credentials no more (invalid_grant): expired, revoked or of a deleted account; "
            f"renew them ({_WAYS})"
        )
    return BucketCredentialsError(f"{uri}: no access token was to be had ({type(error).__name__}); check {_WAYS}")
