"""What an S3 URI names, and the URLs of its objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from include.object_storage.errors import BucketUriError
from include.object_storage.keys import check_web_address
from include.object_storage.s3_client import S3Access, addressing_config

_ACCESS_POINT = re.compile(r"arn:[a-z-]+:s3:(?P<region>[a-z0-9-]*):\d{12}:accesspoint/(?P<name>[a-z0-9-]+(\.mrap)?)")
# Open Telekom Cloud documents its buckets as hosts of their own, and Encord lists them so.
_OPEN_TELEKOM_CLOUD = re.compile(r"obs\.[a-z0-9-]+\.otc\.t-systems\.com")
_DIRECTORY_BUCKET = "--x-s3"
_HOST_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
ADDRESSING = ("auto", "path", "virtual")


@dataclass(frozen=True, slots=True)
class S3Address:
    """
    A bucket and a prefix in it.

    :param uri: as a person writes it, without the prefix.
    :param bucket: name, or ARN of an access point.
    :param prefix: empty, or ends in a slash.
    :param endpoint_url: the server when the URI names it.
    :param region: where an access point is, when it is in one.
    """

    uri: str
    bucket: str
    prefix: str = ""
    endpoint_url: str | None = None
    region: str | None = None

    @property
    def is_access_point(self) -> bool:
        return self.bucket.startswith("arn:")

    @property
    def is_multi_region(self) -> bool:
        return self.is_access_point and self.bucket.endswith(".mrap")


def parse_address(uri: str) -> S3Address:
    """
    Return what ``s3://bucket``, ``s3+https://endpoint/bucket`` or an access point's ARN names; a prefix may follow.

    :raises BucketUriError: when it names no bucket, or a kind of access point that objects are not listed by.
    """
    if uri.startswith("arn:"):
        return _access_point(uri)
    scheme, _, rest = uri.partition("://")
    endpoint_url, start = None, f"{scheme}://"
    if scheme != "s3":
        host, _, rest = rest.partition("/")
        endpoint_url, start = f"{scheme.removeprefix('s3+')}://{host}", f"{scheme}://{host}/"
        if not host or "@" in host or not urlsplit(endpoint_url).hostname:
            raise BucketUriError(f"{scheme}:// must name a server and a bucket: {scheme}://endpoint/bucket/prefix")
    bucket, _, prefix = rest.partition("/")
    if not bucket:
        form = f"{scheme}://bucket" if scheme == "s3" else f"{scheme}://endpoint/bucket"
        raise BucketUriError(f"{uri} names no bucket; write {form} or {form}/prefix")
    if bucket.endswith(_DIRECTORY_BUCKET):
        raise BucketUriError(f"{uri}: directory buckets (S3 Express) list in no order; use another kind")
    return S3Address(start + bucket, bucket, _folder(prefix), endpoint_url)


def _access_point(uri: str) -> S3Address:
    found = _ACCESS_POINT.match(uri)
    rest = uri[found.end() :] if found else ""
    if not found or rest[:1] not in {"", "/"}:
        raise BucketUriError(
            f"{uri}: of ARNs, only S3 access points can be opened: arn:aws:s3:region:account:accesspoint/name, or "
            "arn:aws:s3::account:accesspoint/alias.mrap for one of many regions; a prefix may follow after a slash"
        )
    if bool(found["region"]) is found["name"].endswith(".mrap"):
        raise BucketUriError(f"{uri}: an access point has a region or ends in .mrap, one of the two")
    return S3Address(found[0], found[0], _folder(rest[1:]), region=found["region"] or None)


def _folder(prefix: str) -> str:
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def addressing_of(bucket: str, endpoint_url: str | None, addressing: str) -> str:
    """
    Return how a bucket is addressed, ``virtual`` (as a host), ``path``, or ``auto`` for Amazon's own rules.

    Those make a bucket a host, except one with a dot in its name, which no TLS certificate of Amazon's covers. Other
    servers are addressed by path, since few of them answer under a host name per bucket; Open Telekom Cloud does.
    """
    if addressing not in ADDRESSING:
        raise BucketUriError(f"option addressing is {addressing!r}; use one of {', '.join(ADDRESSING)}")
    if addressing != "auto" or not endpoint_url:
        return addressing
    is_host = _OPEN_TELEKOM_CLOUD.fullmatch(urlsplit(endpoint_url).hostname or "") and _HOST_NAME.fullmatch(bucket)
    return "virtual" if is_host else "path"


def url_base(address: S3Address, access: S3Access) -> str:
    """
    Return what stands before the slash and the key in an object's URL.

    For Amazon it comes from botocore's endpoint rules, which know every partition (China, GovCloud), dual-stack and
    access points: ``https://<bucket>.s3.<region>.amazonaws.com``, or ``https://s3.<region>.amazonaws.com/<bucket>``
    for a bucket with a dot in its name.

    :param access: with a region, unless the endpoint or the ARN makes it needless.
    """
    if access.endpoint_url and not address.is_access_point:
        endpoint = access.endpoint_url.rstrip("/")
        if access.addressing == "virtual":
            scheme, _, host = endpoint.partition("://")
            return f"{scheme}://{address.bucket}.{host}"
        return f"{endpoint}/{address.bucket}"
    return _amazon_url_base(address.bucket, access)


def _amazon_url_base(bucket: str, access: S3Access) -> str:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    config: dict[str, Any] = {**addressing_config(access), "ignore_configured_endpoint_urls": True}
    # botocore's own "auto" gives paths in China and GovCloud too.
    style = "virtual" if access.addressing == "auto" and _HOST_NAME.fullmatch(bucket) else access.addressing
    config["s3"] = {**config["s3"], "addressing_style": style}
    client = boto3.client(
        "s3",
        region_name=access.region,
        endpoint_url=access.endpoint_url,
        config=Config(signature_version=UNSIGNED, **config),
    )
    # A stand-in of the same form: which names are valid is for the server to say.
    asked = bucket if bucket.startswith("arn:") else "the-bucket" if _HOST_NAME.fullmatch(bucket) else "the.bucket"
    url = client.generate_presigned_url("get_object", Params={"Bucket": asked, "Key": "k"})
    return url.partition("?")[0].removesuffix("/k").replace(asked, bucket)


def check_endpoint(address: S3Address, endpoint_url: str | None) -> str | None:
    """
    Return the server to ask, from the URI or the option.

    :raises BucketUriError: both name one, or the address goes through Amazon's own servers only.
    """
    option = check_web_address("endpoint_url", endpoint_url)
    if option and address.endpoint_url:
        raise BucketUriError(f"{address.uri}: the URI names the server, so leave out the option endpoint_url")
    if option and address.is_multi_region:
        raise BucketUriError(f"{address.uri}: an access point of many regions has no endpoint_url; leave it out")
    return option or address.endpoint_url


def check_access(address: S3Address, access: S3Access, endpoint_url: str | None) -> None:
    """
    Refuse options that belong together and are not, or that contradict each other.

    :param endpoint_url: the server to ask, as ``check_endpoint`` returns it.
    :raises BucketUriError: names the options, and no value.
    """
    has_key = bool(access.access_key_id)
    if has_key is not bool(access.secret_access_key) or (access.session_token and not has_key):
        raise BucketUriError(
            f"{address.uri}: access_key_id and secret_access_key go together, and session_token with both"
        )
    if access.external_id and not access.role_arn:
        raise BucketUriError(f"{address.uri}: the option external_id is for a role; add the option role_arn")
    if access.dualstack and endpoint_url:
        raise BucketUriError(f"{address.uri}: dual-stack addresses are Amazon's; leave out dualstack or endpoint_url")
