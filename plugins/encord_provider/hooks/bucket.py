from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret

from encord_provider.exceptions import BucketConnectionError

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from include.object_storage import Bucket

# Names of extra fields, as Airflow's own providers define them, and the options of `open_bucket` that they become.
_AWS_EXTRA = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
    "role_arn": "role_arn",
    "external_id": "external_id",
    "region_name": "region",
    "endpoint_url": "endpoint_url",
    "profile_name": "profile",
}
_GOOGLE_EXTRA = {
    "key_path": "service_account_file",
    "keyfile_dict": "service_account_json",
    "project": "project",
}
_AZURE_EXTRA = {
    "connection_string": "connection_string",
    "sas_token": "sas_token",
    "account_key": "account_key",
}
# What decides who asks, and what this project cannot do: left aside, the wrong identity would ask.
_UNSUPPORTED = {
    "aws": ("assume_role_method", "credential_process", "assume_role_with_web_identity_token_file"),
    "google_cloud_platform": ("credential_config_file", "key_secret_name", "impersonation_chain", "is_anonymous"),
    "wasb": ("tenant_id", "client_secret_auth_config", "managed_identity_client_id", "workload_identity_tenant_id"),
}
_GENERIC = frozenset({*_AWS_EXTRA.values(), *_GOOGLE_EXTRA.values(), *_AZURE_EXTRA.values()})
_SECRETS = frozenset(
    {"secret_access_key", "session_token", "service_account_json", "account_key", "sas_token", "connection_string"}
)


def open_campaign_bucket(
    uri: str, options: Mapping[str, str | bool] | None = None, conn_id: str | None = None
) -> Bucket:
    """
    Return a campaign's bucket; nothing is asked of it yet.

    :param options: keyword arguments of ``open_bucket``, which count before the connection's
    :param conn_id: the Airflow connection whose credentials are used; None for the cloud's default chain
    :raises BucketConnectionError: the connection is not there or cannot be used
    :raises BucketUriError: the URI or an option is not understood
    """
    from include.object_storage import open_bucket

    return open_bucket(uri, **(bucket_options(conn_id) if conn_id else {}) | dict(options or {}))


def bucket_options(conn_id: str) -> dict[str, str]:
    """
    Return the options of ``open_bucket`` that an Airflow connection stands for; the secret ones are masked in logs.

    Types ``aws``, ``google_cloud_platform`` and ``wasb`` have the fields that Airflow's providers gave them, which
    need not be installed; a connection of type ``generic`` has the options themselves as its extra.

    :raises BucketConnectionError: it is not there, of another type, or has a field that is not supported
    """
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise BucketConnectionError(
            f"there is no Airflow connection {conn_id!r}: add it, or correct `bucket.connection` in the campaign"
        ) from None
    kind = connection.conn_type
    if kind not in _READERS:
        raise BucketConnectionError(
            f"Airflow connection {conn_id!r} is of type {kind!r}; a bucket needs one of {', '.join(_READERS)}"
        )
    extra = _extra(connection)
    if used := [name for name in _UNSUPPORTED.get(kind, ()) if extra.get(name)]:
        raise BucketConnectionError(
            f"Airflow connection {conn_id!r}: {', '.join(used)} cannot be used for a bucket; give a key, "
            "or leave the connection out and let the cloud's default credentials ask"
        )
    options = {name: _text(value) for name, value in _READERS[kind](connection, extra).items() if value}
    for name in _SECRETS & set(options):
        mask_secret(options[name])
    return options


def _extra(connection: Connection) -> dict[str, Any]:
    """Return the extra fields, under the short names that Airflow's older forms put a prefix before."""
    old = f"extra__{connection.conn_type}__"
    return {name.removeprefix(old): value for name, value in connection.extra_dejson.items()}


def _renamed(extra: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {option: extra.get(name) for name, option in names.items()}


def _aws(connection: Connection, extra: Mapping[str, Any]) -> dict[str, Any]:
    options = _renamed(extra, _AWS_EXTRA)
    if connection.login:
        options |= {"access_key_id": connection.login, "secret_access_key": connection.password}
    options["external_id"] = (extra.get("assume_role_kwargs") or {}).get("ExternalId") or options["external_id"]
    for_s3 = (extra.get("service_config") or {}).get("s3") or {}
    options["endpoint_url"] = for_s3.get("endpoint_url") or options["endpoint_url"]
    return options


def _google(_connection: Connection, extra: Mapping[str, Any]) -> dict[str, Any]:
    return _renamed(extra, _GOOGLE_EXTRA)


def _azure(connection: Connection, extra: Mapping[str, Any]) -> dict[str, Any]:
    options = _renamed(extra, _AZURE_EXTRA)
    options["account_key"] = connection.password or extra.get("shared_access_key") or options["account_key"]
    token = str(options["sas_token"] or "")
    # Airflow also takes the whole address that Azure's portal shows, of which the query is the token.
    options["sas_token"] = urlsplit(token).query if token.startswith("https://") else token
    if "://" in (connection.host or ""):
        options["endpoint_url"] = connection.host
    return options


def _generic(connection: Connection, extra: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(extra) - _GENERIC):
        raise BucketConnectionError(
            f"Airflow connection {connection.conn_id!r}: unknown extra field(s) {', '.join(unknown)}; "
            f"known: {', '.join(sorted(_GENERIC))}"
        )
    return dict(extra)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


_READERS = {"aws": _aws, "google_cloud_platform": _google, "wasb": _azure, "generic": _generic}
