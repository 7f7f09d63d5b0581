from __future__ import annotations

from datetime import UTC, datetime

import boto3
import botocore.exceptions
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from include.object_storage import (
    BucketAccessError,
    BucketCredentialsError,
    BucketNotFoundError,
    BucketPermissionError,
    BucketUriError,
    ObjectStorageError,
    open_bucket,
)
from include.object_storage.s3_client import parse_timestamp

UNHEARD_OF = "<Error><Code>Teapot</Code><Message>short and stout</Message></Error>"


def test_lists_more_than_a_page_in_batches_of_a_thousand(s3_server, s3_name):
    for number in range(1001):  # straight into the server's memory; by HTTP it would take eight seconds
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(s3_name, f"{number:04d}", b"")
    batches = list(open_bucket(f"s3://{s3_name}", endpoint_url=s3_server).list())
    assert [len(batch) for batch in batches] == [1000, 1]
    assert [key for batch in batches for key in batch.keys] == [f"{number:04d}" for number in range(1001)]


def test_prefix_of_the_uri_hides_the_rest_of_the_bucket(s3_server, s3_name):
    whole = open_bucket(f"s3://{s3_name}", endpoint_url=s3_server)
    part = open_bucket(f"s3://{s3_name}/raw/", endpoint_url=s3_server)
    whole.write("rawest", b"")
    part.write("x", b"here")
    assert part.uri == f"s3://{s3_name}/raw"
    assert [batch.keys for batch in part.list()] == [("x",)]
    assert whole.read("raw/x") == b"here"


def test_url_base_takes_the_place_of_everything_before_the_key():
    bucket = open_bucket("s3://photos/p", endpoint_url="http://x", object_url_base="https://files.example/b/")
    assert bucket.url("k 1") == "https://files.example/b/p/k%201"


def test_region_is_asked_for_when_it_is_not_given(s3_server, monkeypatch):
    client = boto3.client("s3", endpoint_url=s3_server)
    client.create_bucket(Bucket="in-ireland", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    # Through the environment, since the option would ask for another form of URL.
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)
    assert open_bucket("s3://in-ireland").url("k") == "https://in-ireland.s3.eu-west-1.amazonaws.com/k"


def test_unknown_bucket_when_its_region_is_asked_for(s3_server, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)
    with pytest.raises(BucketNotFoundError, match="s3://no-such-bucket: there is no such bucket"):
        open_bucket("s3://no-such-bucket").url("k")


@pytest.mark.parametrize("use", ["list", "read", "write", "exists"])
def test_credentials_that_the_server_does_not_know(s3_server, s3_name, use, monkeypatch):
    monkeypatch.setattr("moto.core.authorization.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
    with pytest.raises(
        BucketCredentialsError, match=f"s3://{s3_name}.*InvalidAccessKeyId.*check the credentials"
    ) as raised:
        _use(open_bucket(f"s3://{s3_name}", endpoint_url=s3_server), use)
    assert "testing-secret" not in str(raised.value)


@pytest.mark.parametrize("use", ["list", "read", "write", "exists"])
def test_credentials_without_permission(s3_server, s3_name, use, monkeypatch):
    iam = boto3.client("iam", endpoint_url=s3_server)
    user = f"nobody-{s3_name}"
    iam.create_user(UserName=user)
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
    monkeypatch.setattr("moto.core.authorization.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
    with pytest.raises(BucketPermissionError, match=f"s3://{s3_name}.*AccessDenied: permission denied") as raised:
        _use(open_bucket(f"s3://{s3_name}", endpoint_url=s3_server), use)
    assert keys["SecretAccessKey"] not in str(raised.value)


def test_no_credentials(s3_server, s3_name, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(BucketCredentialsError, match=f"s3://{s3_name}: no complete credentials were found"):
        _use(open_bucket(f"s3://{s3_name}", endpoint_url=s3_server), "list")


def test_unknown_profile(s3_server):
    with pytest.raises(BucketCredentialsError, match=r"s3://b: .*\(nobodys\).*check the option profile"):
        _use(open_bucket("s3://b", endpoint_url=s3_server, profile="nobodys"), "list")


def test_server_that_cannot_be_reached():
    # Port 1 of the loopback interface: nothing listens there, and only root could.
    with pytest.raises(BucketAccessError, match=r"s3://b: the server cannot be reached; check .* endpoint_url"):
        _use(open_bucket("s3://b", endpoint_url="http://127.0.0.1:1"), "list")


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (418, UNHEARD_OF, "Teapot: this is not an error the project knows"),
        (403, "", "403: permission denied"),
        (200, "<html>a login page</html>", "the answer is no S3 listing; check the option endpoint_url"),
        (
            200,
            "<html><br>one that is no XML",
            "500: the server fails or is overloaded; .*check that the option endpoint_url",
        ),
        (503, "<html>a proxy's</html>", "503: the server fails or is overloaded"),
    ],
)
def test_answers_that_say_no(answering_server, status, body, message):
    with pytest.raises(ObjectStorageError, match=message) as raised:
        _use(open_bucket("s3://some-bucket", endpoint_url=answering_server(status, body)), "list")
    assert str(raised.value).startswith("s3://some-bucket")
    assert not isinstance(raised.value, botocore.exceptions.BotoCoreError | botocore.exceptions.ClientError)


@pytest.mark.parametrize("name", ["in valid", "x" * 300, "ümlaut"])
def test_name_that_no_bucket_can_have(s3_server, name):
    with pytest.raises(ObjectStorageError, match=f"s3://{name}: .*check the bucket's name"):
        _use(open_bucket(f"s3://{name}", endpoint_url=s3_server), "list")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:9000", "endpoint_url must be an address such as https://"),
        ("ftp://host", "endpoint_url must be an address such as https://"),
        ("https://me:hunter2@host", "must hold no whitespace, user name or password"),
    ],
)
def test_endpoint_that_is_no_address_is_refused_without_repeating_it(address, message):
    with pytest.raises(BucketUriError, match=message) as raised:
        open_bucket("s3://b", endpoint_url=address)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["2026-02-03T04:05:06.000Z", "2026-02-03T04:05:06+00:00", "Tue, 03 Feb 2026 04:05:06 GMT", 1770091506],
)
def test_timestamps_in_every_form_that_s3_uses(text):
    assert parse_timestamp(text) == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def _use(bucket, use):
    if use == "list":
        return list(bucket.list())
    return bucket.write("k", b"") if use == "write" else getattr(bucket, use)("k")
