"""Each reason why a bucket cannot be asked is an error of its own, which says what to do and holds no secret."""

from __future__ import annotations

import boto3
import pytest

from include.object_storage import (
    BucketAccessError,
    BucketCredentialsError,
    BucketNotFoundError,
    BucketPermissionError,
    BucketRegionError,
    ClockSkewError,
    ObjectKeyError,
    ObjectNotFoundError,
    open_bucket,
)

USES = {
    "list": lambda bucket: list(bucket.list()),
    "shards": lambda bucket: bucket.shards(),
    "level": lambda bucket: bucket.level(""),
    "read": lambda bucket: bucket.read("k"),
    "read_range": lambda bucket: bucket.read_range("k", 0, 5),
    "write": lambda bucket: bucket.write("k", b"x"),
    "exists": lambda bucket: bucket.exists("k"),
}
every_use = pytest.mark.parametrize("use", USES.values(), ids=USES)


def error_body(code: str, **more: str) -> str:
    """Return the XML that S3 documents for its errors."""
    rest = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>No: hunter2</Message>{rest}</Error>'
    )


@pytest.mark.parametrize("use", [USES["list"], USES["read"]], ids=["list", "read"])
@pytest.mark.parametrize(
    ("status", "code", "error", "message"),
    [
        (404, "NoSuchBucket", BucketNotFoundError, "there is no such bucket; check the name"),
        (404, "NoSuchAccessPoint", BucketNotFoundError, "there is no such access point; check the ARN"),
        (403, "AccessDenied", BucketPermissionError, "AccessDenied: permission denied; check that the credentials may"),
        (403, "AllAccessDisabled", BucketPermissionError, "all access to it is disabled; ask the bucket's owner"),
        (403, "InvalidAccessKeyId", BucketCredentialsError, "the access key is not known there"),
        (403, "SignatureDoesNotMatch", BucketCredentialsError, "the secret key does not belong to the access key"),
        (400, "ExpiredToken", BucketCredentialsError, "the session token has expired; renew the credentials"),
        (400, "InvalidToken", BucketCredentialsError, "the session token is not valid; renew the credentials"),
        (403, "RequestTimeTooSkewed", ClockSkewError, "clock and the server's are too far apart; set the clock"),
        (301, "PermanentRedirect", BucketRegionError, "the bucket is in another region; set the option region"),
        (400, "IllegalLocationConstraintException", BucketRegionError, "the bucket is in another region"),
        (400, "KeyTooLongError", ObjectKeyError, "the key is too long"),
    ],
)
def test_documented_errors(answering_server, use, status, code, error, message):
    bucket = open_bucket("s3://some-bucket/raw", endpoint_url=answering_server(status, error_body(code)))
    with pytest.raises(error, match=message) as raised:
        use(bucket)
    assert type(raised.value) is error
    assert str(raised.value).startswith("s3://some-bucket/raw")
    assert "hunter2" not in str(raised.value)


def test_wrong_region_of_a_signature_names_the_right_one(answering_server):
    body = error_body("AuthorizationHeaderMalformed", Region="eu-central-1")
    with pytest.raises(BucketRegionError, match="in another region; set the option region to eu-central-1"):
        open_bucket("s3://some-bucket", endpoint_url=answering_server(400, body)).read("k")


def test_missing_object(s3_server, s3_name):
    with pytest.raises(ObjectNotFoundError, match=f"s3://{s3_name}/no/such: there is no such object; check the key"):
        open_bucket(f"s3://{s3_name}", endpoint_url=s3_server).read("no/such")


@every_use
def test_a_bucket_that_no_server_has(s3_server, use):
    with pytest.raises(BucketNotFoundError, match="s3://no-such-bucket"):
        use(open_bucket("s3://no-such-bucket", endpoint_url=s3_server))


@pytest.mark.parametrize(
    ("key", "secret", "message"),
    [("nobody", "x", "the access key is not known there"), ("test-key", "x", "the secret key does not belong")],
)
def test_credentials_that_a_server_checks(signed_server, key, secret, message):
    address = signed_server.url.replace("http:", "s3+http:")
    bucket = open_bucket(f"{address}/some-bucket", region="us-east-1", access_key_id=key, secret_access_key=secret)
    with pytest.raises(BucketCredentialsError, match=message):
        list(bucket.list())


def test_region_of_the_option_is_checked_before_urls_name_it(s3_server, monkeypatch):
    boto3.client("s3", endpoint_url=s3_server, region_name="eu-west-1").create_bucket(
        Bucket="by-the-liffey", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)  # the option would say that it is not Amazon's
    with pytest.raises(BucketRegionError, match="is in region eu-west-1, not in us-east-2; correct the option region"):
        list(open_bucket("s3://by-the-liffey", region="us-east-2").list())
    assert list(open_bucket("s3://by-the-liffey", region="eu-west-1").list()) == []


@pytest.fixture
def role(s3_server, s3_name, monkeypatch):
    """A role, and boto3's default chain pointed at the server that knows it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", s3_server)
    iam = boto3.client("iam", endpoint_url=s3_server)
    return iam.create_role(RoleName=f"reader-{s3_name}", AssumeRolePolicyDocument="{}")["Role"]["Arn"]


def test_a_role_is_assumed_and_its_credentials_sign(s3_server, s3_name, role, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")  # STS wants a region, even of those who have set none
    bucket = open_bucket(f"s3://{s3_name}", endpoint_url=s3_server, role_arn=role, external_id="ours")
    headers = []
    bucket.client.meta.events.register("before-send.s3", lambda request, **_: headers.append(request.headers))
    bucket.write("x", b"content")
    assert b"Credential=ASIA" in headers[0]["Authorization"]
    assert headers[0]["X-Amz-Security-Token"]


def test_a_role_that_must_not_be_assumed(s3_server, s3_name, role, monkeypatch):
    name = f"powerless-{s3_name}"
    iam = boto3.client("iam", endpoint_url=s3_server)
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    keys = {"access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]}
    monkeypatch.setattr("moto.core.authorization.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
    with pytest.raises(BucketPermissionError, match="must not be assumed; check the option role_arn, its trust policy"):
        list(open_bucket(f"s3://{s3_name}", endpoint_url=s3_server, role_arn=role, **keys).list())


def test_a_role_without_anyone_to_assume_it(s3_server, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    arn = "arn:aws:iam::123456789012:role/reader"
    with pytest.raises(BucketCredentialsError, match="no complete credentials were found"):
        list(open_bucket("s3://some-bucket", endpoint_url=s3_server, role_arn=arn).list())


def test_a_name_that_leads_nowhere():
    with pytest.raises(BucketAccessError, match=r"the server cannot be reached; check .* endpoint_url"):
        list(open_bucket("s3+http://127.0.0.1:1/some-bucket").list())
