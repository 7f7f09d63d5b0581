"""A boto3 client that lists fast and gives up soon, and where its credentials come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from include.object_storage.s3_listing import list_in_columns

if TYPE_CHECKING:
    import boto3
    import botocore.session
    from botocore.credentials import Credentials
    from botocore.loaders import Loader
    from mypy_boto3_s3 import S3Client

CONNECT_TIMEOUT = 10
READ_TIMEOUT = 60
TOTAL_ATTEMPTS = 3
# As many requests as a listing and the reading of headers have under way at the same time.
CONNECTIONS = 48
ROLE_SESSION_NAME = "benchmark-qa"


@dataclass(frozen=True, kw_only=True)
class S3Access:
    """
    How a server is asked; what is None is left to boto3's default chain.

    ``access_key_id``, ``secret_access_key`` and ``session_token`` come before the chain; ``role_arn`` is assumed
    with whatever credentials there are, and again before they run out.
    """

    endpoint_url: str | None = None
    region: str | None = None
    profile: str | None = None
    addressing: str = "auto"
    dualstack: bool = False
    role_arn: str | None = None
    external_id: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)


def make_client(access: S3Access) -> S3Client:
    """Return an S3 client whose listings come as columns, as ``s3_listing.pages`` wants them."""
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": TOTAL_ATTEMPTS},
        max_pool_connections=CONNECTIONS,
        **addressing_config(access),
    )
    client = make_session(access).client("s3", endpoint_url=access.endpoint_url, config=config)
    list_in_columns(client)
    return client


def make_session(access: S3Access) -> boto3.Session:
    """Return a session that asks as the access says; for other services of Amazon's, too."""
    import boto3

    session = _session(access.profile)
    if access.access_key_id and access.secret_access_key:
        session.set_credentials(access.access_key_id, access.secret_access_key, access.session_token)
    if access.role_arn:
        session = _assuming(session, access.role_arn, access)
    return boto3.Session(botocore_session=session, region_name=access.region)


def addressing_config(access: S3Access) -> Mapping[str, Any]:
    """Return the part of botocore's Config that decides on the form of addresses."""
    config: dict[str, Any] = {
        "s3": {"addressing_style": access.addressing, "us_east_1_regional_endpoint": "regional"},
        "use_dualstack_endpoint": access.dualstack,
    }
    if access.endpoint_url:
        # Checksums that S3 takes since 2025 and that many a server that speaks its protocol refuses.
        config |= dict.fromkeys(("request_checksum_calculation", "response_checksum_validation"), "when_required")
    return config


def _session(profile: str | None) -> botocore.session.Session:
    import botocore.session

    session = botocore.session.Session(profile=profile)
    # Three quarters of botocore's time for a page of a listing goes into dateutil's reading of timestamps.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_timestamp)
    session.register_component("data_loader", _loader())
    return session


@cache
def _loader() -> Loader:
    """Return what reads botocore's descriptions of services, once: each client else takes half a second for it."""
    from botocore.loaders import create_loader

    return create_loader()


def _assuming(source: botocore.session.Session, role_arn: str, access: S3Access) -> botocore.session.Session:
    """Return a session with the role's credentials, made with the first request and renewed before they expire."""
    from botocore.credentials import AssumeRoleCredentialFetcher, CredentialProvider, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError

    credentials = source.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    extra = {"RoleSessionName": ROLE_SESSION_NAME} | ({"ExternalId": access.external_id} if access.external_id else {})
    # STS answers in each region, but must be asked in one.
    region = access.region or source.get_config_variable("region") or "us-east-1"
    make_sts = partial(source.create_client, region_name=region)
    fetcher = AssumeRoleCredentialFetcher(make_sts, credentials, role_arn, extra_args=extra)

    class Role(CredentialProvider):
        METHOD = CANONICAL_NAME = "assume-role-option"

        def load(self) -> Credentials:
            return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    session = _session(access.profile)
    session.get_component("credential_provider").insert_before("env", Role())
    return session


def parse_timestamp(value: Any) -> datetime:
    """Return a time with its zone; ISO 8601 fast, the header forms (RFC 1123, epoch) as botocore does."""
    from botocore.utils import parse_timestamp as parse_any

    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        parsed = parse_any(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
