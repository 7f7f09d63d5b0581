"""Azure's accounts: where they are, and with what they are asked."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote, urlsplit

from include.object_storage.errors import BucketUriError
from include.object_storage.keys import check_web_address

# Host suffixes of Azure's clouds, from Microsoft's pages on each of them.
CLOUDS = {"public": "core.windows.net", "china": "core.chinacloudapi.cn", "government": "core.usgovcloudapi.net"}
# The names that Azure's command line gives to the same things.
_ENVIRONMENT = {
    "connection_string": "AZURE_STORAGE_CONNECTION_STRING",
    "account_key": "AZURE_STORAGE_KEY",
    "sas_token": "AZURE_STORAGE_SAS_TOKEN",
}
AZURE_WAYS = ("connection_string", "account_key", "sas_token", "anonymous")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}|\$root|\$web|\$logs")


@dataclass(frozen=True, slots=True)
class AzureAddress:
    """What a URI names; ``cloud`` is one of ``CLOUDS``, or None where the URI leaves it open."""

    account: str
    container: str
    prefix: str = ""
    cloud: str | None = None


@dataclass(frozen=True, slots=True)
class AzureAccess:
    """With what an account is asked: one of these, and with none of them Microsoft's default chain."""

    account_key: str | None = field(default=None, repr=False)
    sas_token: str | None = field(default=None, repr=False)
    anonymous: bool = False

    def has_expired(self) -> bool:
        """Tell whether this is a SAS token whose end, by this machine's clock, is past."""
        end = parse_qs(self.sas_token or "").get("se", [""])[0]
        try:
            expiry = datetime.fromisoformat(end)
        except ValueError:
            return False
        return (expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)) < datetime.now(tz=UTC)


def parse_address(uri: str) -> AzureAddress:
    """
    Read ``az://account/container[/prefix]`` or ``https://<account>.blob.core.windows.net/<container>[/prefix]``.

    :raises BucketUriError: when it is neither; the message leaves out a query, which may be a signature.
    """
    scheme, _, rest = uri.partition("://")
    if scheme == "az":
        account, _, path = rest.partition("/")
        cloud = None
    else:
        parts = urlsplit(uri)
        if parts.query or parts.fragment or "@" in parts.netloc:
            raise BucketUriError(
                f"https://{parts.hostname}{parts.path}: write the address without a query; a signature goes into the "
                "option sas_token"
            )
        account, cloud = _account_of(uri, parts.netloc)
        path = unquote(parts.path).removeprefix("/")
    container, _, prefix = path.partition("/")
    if not _ACCOUNT.fullmatch(account) or not _CONTAINER.fullmatch(container):
        raise BucketUriError(
            f"{uri}: this names no account (3 to 24 of a-z and 0-9) and container (3 to 63 of a-z, 0-9 and single "
            "'-'); write az://account/container or az://account/container/prefix"
        )
    return AzureAddress(account, container, prefix, cloud)


def parse_access(uri: str, account: str, options: Mapping[str, str]) -> tuple[AzureAccess, str | None]:
    """
    Return the access, and the address that a connection string names, if one does.

    Without an option that says how, the environment is asked (the names of Azure's command line).

    :raises BucketUriError: when options contradict each other or cannot be read. No message repeats a secret.
    """
    given = {way: options[way] for way in AZURE_WAYS if options.get(way, "false") != "false"}
    if len(given) > 1:
        raise BucketUriError(f"{uri}: give one of the options {' and '.join(given)}, not both")
    if given.get("anonymous", "true") != "true":
        raise BucketUriError(f"{uri}: option anonymous must be true or false")
    if not given:
        found = {way: os.environ[name] for way, name in _ENVIRONMENT.items() if os.environ.get(name)}
        given = dict([next(iter(found.items()))]) if found else {}
    if "connection_string" in given:
        return _from_connection_string(uri, account, given["connection_string"])
    access = AzureAccess(given.get("account_key"), given.get("sas_token"), "anonymous" in given)
    return _checked(uri, access), None


def _account_of(uri: str, host: str) -> tuple[str, str]:
    for cloud, suffix in CLOUDS.items():
        if host.endswith(f".blob.{suffix}"):
            return host.removesuffix(f".blob.{suffix}"), cloud
    raise BucketUriError(
        f"{uri}: this is no address of Azure Blob Storage; write az://account/container/prefix or "
        "https://<account>.blob.core.windows.net/<container>/<prefix>, with the option endpoint_url for another host"
    )


def _from_connection_string(uri: str, account: str, text: str) -> tuple[AzureAccess, str | None]:
    parts = dict(part.split("=", 1) for part in text.strip().strip(";").split(";") if "=" in part)
    values = {name.strip().lower(): value for name, value in parts.items()}
    key, signature = values.get("accountkey"), values.get("sharedaccesssignature")
    if not key and not signature:
        raise BucketUriError(f"{uri}: option connection_string holds no AccountKey and no SharedAccessSignature")
    if values.get("accountname", account) != account:
        raise BucketUriError(f"{uri}: option connection_string is of another account, {values['accountname']}")
    endpoint = values.get("blobendpoint")
    if not endpoint and "endpointsuffix" in values:
        protocol = values.get("defaultendpointsprotocol", "https")
        endpoint = f"{protocol}://{account}.blob.{values['endpointsuffix']}"
    return _checked(uri, AzureAccess(key, signature)), check_web_address("connection_string", endpoint)


def _checked(uri: str, access: AzureAccess) -> AzureAccess:
    if access.sas_token and "sig=" not in access.sas_token:
        raise BucketUriError(f"{uri}: the SAS token is no shared access signature (it has no sig=)")
    if access.account_key:
        try:
            base64.b64decode(access.account_key, validate=True)
        except ValueError:
            raise BucketUriError(f"{uri}: the account key is none (it is not base64); copy it again") from None
    return replace(access, sas_token=access.sas_token and access.sas_token.strip().removeprefix("?"))
