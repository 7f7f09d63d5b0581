"""Where requests go and which URLs come out, for each kind of S3: no network, AWS's own endpoint rules."""

from __future__ import annotations

import io

import pytest
from botocore.awsrequest import AWSResponse

from include.object_storage import open_bucket

MANY_REGIONS = "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap"
ONE_REGION = "arn:aws:s3:eu-west-1:123456789012:accesspoint/photos"
IN_CHINA = "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/photos"
OTC = "s3+https://obs.eu-de.otc.t-systems.com"
PAGE = b"""<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>x</Name><IsTruncated>false</IsTruncated>
<EncodingType>url</EncodingType><Contents><Key>raw/k+1</Key><LastModified>2026-02-03T04:05:06.000Z</LastModified>
<ETag>&quot;e&quot;</ETag><Size>3</Size></Contents></ListBucketResult>"""


@pytest.mark.parametrize(
    ("uri", "options", "url"),
    [
        ("s3://photos", {"region": "eu-west-1"}, "https://photos.s3.eu-west-1.amazonaws.com/"),
        ("s3://photos", {"region": "us-east-1"}, "https://photos.s3.us-east-1.amazonaws.com/"),
        ("s3://photos", {"region": "cn-north-1"}, "https://photos.s3.cn-north-1.amazonaws.com.cn/"),
        ("s3://photos", {"region": "us-gov-west-1"}, "https://photos.s3.us-gov-west-1.amazonaws.com/"),
        ("s3://photos/raw", {"region": "eu-west-1"}, "https://photos.s3.eu-west-1.amazonaws.com/raw/"),
        ("s3://dot.ted", {"region": "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com/dot.ted/"),
        ("s3://photos", {"region": "eu-west-1", "addressing": "path"}, "https://s3.eu-west-1.amazonaws.com/photos/"),
        ("s3://photos", {"region": "eu-west-1", "dualstack": True}, "https://photos.s3.dualstack.eu-west-1.amazonaws.com/"),
        ("s3://photos", {"region": "eu-west-1", "dualstack": False}, "https://photos.s3.eu-west-1.amazonaws.com/"),
        ("s3://photos", {"endpoint_url": "https://bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com"}, "https://bucket.vpce-1.s3.eu-west-1.vpce.amazonaws.com/photos/"),
        (f"{OTC}/photos/raw", {}, "https://photos.obs.eu-de.otc.t-systems.com/raw/"),
        (f"{OTC}/dot.ted", {}, "https://obs.eu-de.otc.t-systems.com/dot.ted/"),
        (f"{OTC}/photos", {"addressing": "path"}, "https://obs.eu-de.otc.t-systems.com/photos/"),
        ("s3+https://minio.example:9000/photos/raw", {}, "https://minio.example:9000/photos/raw/"),
        ("s3+https://minio.example/photos", {"addressing": "virtual"}, "https://photos.minio.example/"),
        ("s3+http://localhost:9000/photos", {"object_url_base": "https://cdn.example/p"}, "https://cdn.example/p/"),
        (MANY_REGIONS, {}, f"{MANY_REGIONS}/"),
        (f"{MANY_REGIONS}/raw", {"mrap_separator": "/object/"}, f"{MANY_REGIONS}/object/raw/"),
        (f"{MANY_REGIONS}/raw", {"mrap_separator": ""}, f"{MANY_REGIONS}raw/"),
        (ONE_REGION, {"region": "us-east-1"}, "https://photos-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/"),
        (IN_CHINA, {}, "https://photos-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn/"),
    ],
)  # fmt: skip
def test_urls_take_the_form_of_the_cloud(uri, options, url):
    bucket = open_bucket(uri, **options)
    assert bucket.url_prefix == url
    assert bucket.url("a b/é+.jpg") == f"{url}a%20b/%C3%A9%2B.jpg"


class _Raw(io.BytesIO):
    """The body of an answer, as urllib3 hands it out."""

    def stream(self, *_: object, **__: object):
        yield self.read()


@pytest.fixture
def sent():
    """Let a bucket's requests end before the network: they are kept, and answered by one page of a listing."""
    requests = []

    def watch(bucket):
        def answer(request, **_: object) -> AWSResponse:
            requests.append(request)
            return AWSResponse(request.url, 200, {}, _Raw(PAGE))

        bucket.client.meta.events.register("before-send.s3", answer)
        return requests

    return watch


def test_many_regions_are_asked_at_their_own_host_with_a_signature_for_all_regions(sent):
    bucket = open_bucket(f"{MANY_REGIONS}/raw")
    requests = sent(bucket)
    assert [batch.keys for batch in bucket.list()] == [("k 1",)]
    (request,) = requests
    assert request.url.startswith("https://mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/?list-type=2&")
    assert request.headers["X-Amz-Region-Set"] == b"*"
    assert request.headers["Authorization"].startswith(b"AWS4-ECDSA-P256-SHA256 Credential=testing/")
    assert bucket.url("k 1") == f"{MANY_REGIONS}/raw/k%201"


@pytest.mark.parametrize(
    ("uri", "options", "host"),
    [
        (ONE_REGION, {}, "photos-123456789012.s3-accesspoint.eu-west-1.amazonaws.com"),
        (IN_CHINA, {}, "photos-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn"),
        (f"{OTC}/photos", {"region": "eu-de"}, "photos.obs.eu-de.otc.t-systems.com"),
        ("s3+https://minio.example:9000/photos", {}, "minio.example:9000/photos"),
    ],
)
def test_requests_go_where_the_urls_point(sent, uri, options, host):
    bucket = open_bucket(f"{uri}/raw", **options)
    requests = sent(bucket)
    assert [batch.keys for batch in bucket.list()] == [("k 1",)]
    assert requests[0].url.startswith(f"https://{host}?list-type=2&prefix=raw%2F") or requests[0].url.startswith(
        f"https://{host}/?list-type=2&prefix=raw%2F"
    )
    assert bucket.url("x") == f"https://{host}/raw/x"


@pytest.mark.parametrize("uri", ["s3+https://minio.example/photos", f"{OTC}/photos"])
def test_other_servers_are_sent_no_checksums_that_only_amazon_knows(sent, uri):
    bucket = open_bucket(uri)
    requests = sent(bucket)
    bucket.write("x", b"content")
    assert not [
        name for name in requests[0].headers if name.lower().startswith(("x-amz-checksum", "x-amz-sdk-checksum"))
    ]


def test_given_credentials_come_before_the_environment_and_sign(sent):
    bucket = open_bucket(
        "s3+https://minio.example/photos", access_key_id="mine", secret_access_key="s", session_token="t"
    )
    requests = sent(bucket)
    list(bucket.list())
    assert b"Credential=mine/" in requests[0].headers["Authorization"]
    assert requests[0].headers["X-Amz-Security-Token"] == b"t"
