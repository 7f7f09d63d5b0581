"""What Azure's clients raise, said in this room's words: where it happened and what to check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from include.object_storage.azure_access import AzureAccess
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
    from azure.core.exceptions import HttpResponseError

_OPTIONS = "options account_key, sas_token or connection_string, or the machine's identity"
_CLOCK = "this machine's clock is too far from Azure's, which takes no such signature; set it"

# Error codes of Microsoft's pages "Common REST API error codes" and "Blob Storage error codes".
_NO_CONTAINER = {"ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled", "InvalidResourceName"}
_PERMISSION = {
    "AccountIsDisabled",
    "AuthorizationFailure",
    "AuthorizationPermissionMismatch",
    "AuthorizationProtocolMismatch",
    "AuthorizationResourceTypeMismatch",
    "AuthorizationServiceMismatch",
    "AuthorizationSourceIPMismatch",
    "InsufficientAccountPermissions",
    "KeyBasedAuthenticationNotPermitted",
    "PublicAccessNotPermitted",
}


@contextmanager
def translated(uri: str, access: AzureAccess, key: str | None = None) -> Iterator[None]:
    """
    Let no exception of Azure's clients out of the block.

    :param uri: of the container, for the message.
    :param access: with what the container is asked.
    :param key: of the blob that the block is about, below ``uri``.
    :raises ObjectStorageError: the one that fits. What Azure said is no part of it, nor is its exception the cause:
        both may hold addresses with signatures.
    """
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        if isinstance(error, ClientAuthenticationError) and error.response is None:
            raise BucketCredentialsError(f"{uri}: Azure gives no access token; check {_OPTIONS}") from None
        raise _from_answer(error, uri, access, key) from None
    except AzureError:
        raise BucketAccessError(
            f"{uri}: the server cannot be reached; check the account's name, the network and, if set, the options "
            "cloud and endpoint_url"
        ) from None


def _from_answer(error: HttpResponseError, uri: str, access: AzureAccess, key: str | None) -> ObjectStorageError:
    where = uri if key is None else f"{uri}/{key}"
    status = error.status_code or 0
    code = _code(error)
    answered = f"{where}: the server answered {status}{' ' if code else ''}{code}"
    if code in _NO_CONTAINER or (status == 404 and key is None):
        return BucketNotFoundError(
            f"{uri}: there is no such container; check its name, the account and, if set, the option endpoint_url (to "
            "those without credentials a private container looks like none)"
        )
    if status == 404:
        return ObjectNotFoundError(f"{where}: there is no such object; check the key")
    if status in {401, 403} and access.has_expired():
        return BucketCredentialsError(f"{answered}: the SAS token has expired; renew it")
    if code in _PERMISSION:
        return BucketPermissionError(
            f"{answered}: permission denied; check that the credentials are this account's and may list, read and "
            "write here, and that its network rules let this machine in"
        )
    if status in {401, 403}:
        return _not_authenticated(answered, error, access)
    if status in {408, 429} or status >= 500:
        return BucketAccessError(
            f"{answered}: it fails or is overloaded; try again later, and check that the option endpoint_url is of "
            "Azure Blob Storage"
        )
    return BucketAccessError(f"{answered}; check the options and any proxy, then look the code up")


def _not_authenticated(answered: str, error: HttpResponseError, access: AzureAccess) -> ObjectStorageError:
    detail = _detail(error)
    out_of_time = "time frame" in detail or "date header" in detail
    if out_of_time and access.account_key:  # signed here and now, so that only a clock can be wrong
        return ClockSkewError(f"{answered}: {_CLOCK}")
    if out_of_time:
        return BucketCredentialsError(f"{answered}: the SAS token is not valid now; renew it, or set the clock")
    if "expired" in detail.lower():
        return BucketCredentialsError(f"{answered}: the credentials have expired; renew them")
    if not _code(error):
        return BucketPermissionError(f"{answered}: permission denied; check the credentials and any proxy")
    return BucketCredentialsError(f"{answered}: the account does not know the credentials; check {_OPTIONS}")


def _code(error: HttpResponseError) -> str:
    headers = getattr(error.response, "headers", {})
    return str(headers.get("x-ms-error-code", ""))


def _detail(error: HttpResponseError) -> str:
    try:
        return str(error.response.text()) if error.response is not None else ""
    except Exception:  # noqa: BLE001  # a body that is gone or no text tells nothing
        return ""
