"""Azure's own client for blobs, and a pipeline of azure-core's that lists fast."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.object_storage.azure_access import AzureAccess, AzureAddress
from include.object_storage.errors import BucketCredentialsError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient

SCOPE = "https://storage.azure.com/.default"
RETRIES = 3
MAX_CONNECTIONS = 32  # as many shards may be listed at the same time
_UPLOAD_CHUNK = 8 * 1024 * 1024  # bytes of a streamed upload that are held in memory
_TIMEOUTS: dict[str, Any] = {
    "connection_timeout": 10,
    "read_timeout": 60,
}  # seconds to connect, and between two bytes of an answer
_AUTHORITIES = {
    "public": "login.microsoftonline.com",
    "china": "login.chinacloudapi.cn",
    "government": "login.microsoftonline.us",
}
# A signature made of the account's key is good for this long on either side of this machine's now.
_SIGNED_BEFORE, _SIGNED_AFTER = timedelta(minutes=15), timedelta(hours=1)
_RENEWAL_SECONDS = 1200


def make_credential(uri: str, access: AzureAccess, cloud: str) -> TokenCredential | None:
    """
    Return Microsoft's default credential, or None where the access needs none.

    :raises BucketCredentialsError: when the package that has it is not installed.
    """
    if access != AzureAccess():
        return None
    try:
        from azure.identity import DefaultAzureCredential  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise BucketCredentialsError(
            f"{uri}: no credentials were given (options account_key, sas_token, connection_string or anonymous), and "
            "Microsoft's default chain needs the package azure-identity, which is not installed; give an option, or "
            "install it"
        ) from None
    credential: TokenCredential = DefaultAzureCredential(authority=_AUTHORITIES[cloud])
    return credential


def listing_signature(address: AzureAddress, access: AzureAccess) -> str:
    """Return the query that lets one list the container; made of the account's key it is good for an hour."""
    if not access.account_key:
        return access.sas_token or ""
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas

    now = datetime.now(tz=UTC)
    return generate_container_sas(
        address.account,
        address.container,
        access.account_key,
        permission=ContainerSasPermissions(list=True),
        start=now - _SIGNED_BEFORE,
        expiry=now + _SIGNED_AFTER,
    )


def blob_credential(address: AzureAddress, access: AzureAccess, token: TokenCredential | None) -> Any:
    """Return the credential in the form that Azure's own client takes."""
    if access.account_key:
        from azure.core.credentials import AzureNamedKeyCredential

        return AzureNamedKeyCredential(address.account, access.account_key)
    return access.sas_token or token


def make_container_client(
    endpoint: str, address: AzureAddress, access: AzureAccess, token: TokenCredential | None
) -> ContainerClient:
    """Return Azure's own client of a container."""
    from azure.storage.blob import ContainerClient

    return ContainerClient(
        endpoint,
        address.container,
        credential=blob_credential(address, access, token),
        max_single_put_size=_UPLOAD_CHUNK,
        max_block_size=_UPLOAD_CHUNK,
        retry_total=RETRIES,
        initial_backoff=1,
        increment_base=2,
        **_TIMEOUTS,
    )


def make_pipeline(endpoint: str) -> Any:
    """Return what sends requests and tries them again; it neither signs nor logs."""
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import RetryPolicy
    from azure.core.pipeline.transport import RequestsTransport
    from requests import Session
    from requests.adapters import HTTPAdapter

    session = Session()
    adapter = HTTPAdapter(pool_maxsize=MAX_CONNECTIONS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return PipelineClient(
        endpoint,
        policies=[RetryPolicy(retry_total=RETRIES, retry_backoff_factor=0.3)],
        transport=RequestsTransport(session=session, session_owner=False, **_TIMEOUTS),
    )


def make_authorizer(
    address: AzureAddress, access: AzureAccess, token: TokenCredential | None
) -> Callable[[], tuple[dict[str, str], str]]:
    """Return what gives the headers and the query that let a request list the container now."""
    signature, renewed_at = "", -math.inf

    def authorize() -> tuple[dict[str, str], str]:
        nonlocal signature, renewed_at
        if token is not None:
            return {"Authorization": f"Bearer {token.get_token(SCOPE).token}"}, ""
        if time.monotonic() - renewed_at > _RENEWAL_SECONDS:
            signature, renewed_at = listing_signature(address, access), time.monotonic()
        return {}, signature

    return authorize
