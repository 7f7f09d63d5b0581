"""Which options of a bucket an Airflow connection stands for, field by field as Airflow's providers name them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from encord_provider.exceptions import BucketConnectionError
from encord_provider.hooks.bucket import bucket_options, open_campaign_bucket
from include.object_storage import BucketUriError

KEY_FILE = {"type": "service_account", "private_key": "-----BEGIN"}


def connect(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> str:
    monkeypatch.setenv("AIRFLOW_CONN_FILES", json.dumps(fields))
    return "files"


@pytest.mark.parametrize(
    ("connection", "options"),
    [
        ({"conn_type": "aws"}, {}),
        (
            {"conn_type": "aws", "login": "AKIA", "password": "s3cr3t", "extra": {"region_name": "eu-west-1"}},
            {"access_key_id": "AKIA", "secret_access_key": "s3cr3t", "region": "eu-west-1"},
        ),
        (
            {
                "conn_type": "aws",
                "extra": {
                    "aws_access_key_id": "AKIA",
                    "aws_secret_access_key": "s3cr3t",
                    "aws_session_token": "t0ken",
                    "endpoint_url": "https://sts.example",
                    "service_config": {"s3": {"endpoint_url": "https://s3.example"}},
                    "config_kwargs": {"retries": 3},
                },
            },
            {
                "access_key_id": "AKIA",
                "secret_access_key": "s3cr3t",
                "session_token": "t0ken",
                "endpoint_url": "https://s3.example",
            },
        ),
        (
            {
                "conn_type": "aws",
                "extra": {
                    "profile_name": "work",
                    "role_arn": "arn:aws:iam::1:role/r",
                    "assume_role_kwargs": {"ExternalId": "e"},
                },
            },
            {"profile": "work", "role_arn": "arn:aws:iam::1:role/r", "external_id": "e"},
        ),
        (
            {"conn_type": "google_cloud_platform", "extra": {"key_path": "/keys/a.json", "project": "p", "scope": "x"}},
            {"service_account_file": "/keys/a.json", "project": "p"},
        ),
        (
            {"conn_type": "google_cloud_platform", "extra": {"keyfile_dict": KEY_FILE}},
            {"service_account_json": json.dumps(KEY_FILE)},
        ),
        (
            {
                "conn_type": "google_cloud_platform",
                "extra": {"extra__google_cloud_platform__keyfile_dict": json.dumps(KEY_FILE)},
            },
            {"service_account_json": json.dumps(KEY_FILE)},
        ),
        (
            {"conn_type": "wasb", "login": "account", "password": "a2V5", "host": "https://account.example"},
            {"account_key": "a2V5", "endpoint_url": "https://account.example"},
        ),
        ({"conn_type": "wasb", "extra": {"sas_token": "sv=1&sig=2"}}, {"sas_token": "sv=1&sig=2"}),
        (
            {"conn_type": "wasb", "extra": {"sas_token": "https://a.blob.core.windows.net/c?sv=1&sig=2"}},
            {"sas_token": "sv=1&sig=2"},
        ),
        (
            {"conn_type": "wasb", "extra": {"connection_string": "AccountName=a;AccountKey=k"}},
            {"connection_string": "AccountName=a;AccountKey=k"},
        ),
        (
            {"conn_type": "generic", "extra": {"access_key_id": "AKIA", "secret_access_key": "s3cr3t"}},
            {"access_key_id": "AKIA", "secret_access_key": "s3cr3t"},
        ),
    ],
)
def test_the_fields_of_a_connection_become_options(
    monkeypatch: pytest.MonkeyPatch, connection: dict[str, Any], options: dict[str, str]
) -> None:
    assert bucket_options(connect(monkeypatch, **connection)) == options


@pytest.mark.parametrize(
    ("connection", "said"),
    [
        ({"conn_type": "sftp"}, "'files' is of type 'sftp'; a bucket needs one of aws, google_cloud_platform, wasb,"),
        ({"conn_type": "wasb", "extra": {"tenant_id": "t", "sas_token": "s3cr3t"}}, "'files': tenant_id cannot be"),
        ({"conn_type": "google_cloud_platform", "extra": {"impersonation_chain": "a@b"}}, "impersonation_chain cannot"),
        ({"conn_type": "generic", "extra": {"secret": "s3cr3t", "region": "x"}}, r"extra field\(s\) secret; known: "),
    ],
)
def test_a_connection_that_would_be_misunderstood_is_refused_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, connection: dict[str, Any], said: str
) -> None:
    with pytest.raises(BucketConnectionError, match=said) as caught:
        bucket_options(connect(monkeypatch, **connection))
    assert "s3cr3t" not in str(caught.value)


def test_a_connection_that_is_not_there_is_named() -> None:
    with pytest.raises(BucketConnectionError, match=r"no Airflow connection 'files': add it, or correct `bucket.conn"):
        bucket_options("files")


def test_secrets_are_masked_in_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    masked: list[str] = []
    monkeypatch.setattr("encord_provider.hooks.bucket.mask_secret", masked.append)
    extra = {"account_key": "hidden key", "region": "shown"}
    bucket_options(connect(monkeypatch, conn_type="generic", extra=extra))
    assert masked == ["hidden key"]


def test_the_campaigns_options_count_before_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, conn_type="aws", extra={"region_name": "eu-west-1", "endpoint_url": "https://one.example"})
    bucket = open_campaign_bucket("s3://bucket", {"endpoint_url": "https://two.example"}, "files")
    assert bucket.url("a.jpg") == "https://two.example/bucket/a.jpg"
    bucket = open_campaign_bucket("s3://bucket", conn_id="files")
    assert bucket.url("a.jpg") == "https://one.example/bucket/a.jpg"


def test_a_connection_of_another_cloud_than_the_buckets_is_an_error_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect(monkeypatch, conn_type="wasb", login="account", password="s3cr3t")
    with pytest.raises(BucketUriError, match="account_key") as caught:
        open_campaign_bucket("s3://bucket", conn_id="files")
    assert "s3cr3t" not in str(caught.value)
