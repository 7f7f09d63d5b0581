"""A boto3 client that lists fast and gives up soon."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_TIMEOUT = 10
READ_TIMEOUT = 60
TOTAL_ATTEMPTS = 3


def make_client(*, endpoint_url: str | None, region: str | None, profile: str | None) -> S3Client:
    """
    Return an S3 client with credentials from boto3's default chain.

    Servers other than Amazon's are addressed by path, since few of them answer under a host name per bucket.
    """
    import boto3
    import botocore.session
    from botocore.config import Config

    session = botocore.session.Session(profile=profile)
    # Three quarters of botocore's time for a page of a listing goes into dateutil's reading of timestamps.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_timestamp)
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": TOTAL_ATTEMPTS},
        s3={"addressing_style": "path" if endpoint_url else "auto"},
    )
    return boto3.Session(botocore_session=session, region_name=region).client(
        "s3", endpoint_url=endpoint_url, config=config
    )


def parse_timestamp(value: Any) -> datetime:
    """Return a time with its zone; ISO 8601 fast, the header forms (RFC 1123, epoch) as botocore does."""
    from botocore.utils import parse_timestamp as parse_any

    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        parsed = parse_any(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
