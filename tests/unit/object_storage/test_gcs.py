from __future__ import annotations

import json
import os
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from include.object_storage import (
    BucketAccessError,
    BucketCredentialsError,
    BucketNotFoundError,
    BucketPermissionError,
    BucketUriError,
    ClockSkewError,
    ObjectStorageError,
    open_bucket,
)

PAGE = {"kind": "storage#objects"}
ROW = {"name": "k", "size": "3", "updated": "2026-02-03T04:05:06.789Z", "etag": "CJ="}


def denied(status: int, reason: str = "", message: str = "") -> str:
    return json.dumps(
        {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}
    )


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode()


def service_account(private_key: str, token_uri: str) -> str:
    fields = {"client_email": "me@project.iam.gserviceaccount.com", "private_key": private_key, "token_uri": token_uri}
    return json.dumps({"type": "service_account", "private_key_id": "1", "project_id": "p", **fields})


def test_lists_page_by_page_and_goes_on_after_a_key(gcs_url, gcs_name):
    bucket = open_bucket(f"gs://{gcs_name}/raw", endpoint_url=gcs_url, anonymous=True)
    bucket.write("a/1", b"1")
    bucket.write("b", b"22")
    bucket.write("a/2/x", b"")
    assert [batch.keys for batch in bucket.scan("")] == [("a/1", "a/2/x", "b")]
    assert [batch.keys for batch in bucket.scan("", "a/1")] == [("a/2/x", "b")]
    assert [batch.keys for batch in bucket.scan("", "a/10")] == [("a/2/x", "b")]
    assert [batch.keys for batch in bucket.scan("", "b")] == []
    level = bucket.level("")
    assert (level.prefixes, level.objects.keys) == (("a/",), ("b",))


def test_a_page_holds_what_is_asked_for_only_and_tokens_lead_on(recording_server):
    second = PAGE | {"items": [ROW | {"name": "p/b"}]}
    server = recording_server(
        [
            (200, json.dumps(PAGE | {"items": [ROW | {"name": "p/a"}], "nextPageToken": "t+1"})),
            (200, json.dumps(second)),
        ]
    )
    bucket = open_bucket("gs://bucket/p", endpoint_url=server.url, anonymous=True, project="payer")
    rows = [(*batch.keys, *batch.sizes, *batch.etags, *batch.modified) for batch in bucket.list()]
    assert [row[:3] for row in rows] == [("a", 3, "CJ="), ("b", 3, "CJ=")]
    assert rows[0][3].isoformat() == "2026-02-03T04:05:06.789000+00:00"
    first, then = (parse_qs(urlsplit(path).query) for path in server.paths)
    assert first["fields"] == ["kind,nextPageToken,prefixes,items(name,size,updated,etag)"]
    assert (first["prefix"], first["userProject"], first["maxResults"]) == (["p/"], ["payer"], ["1000"])
    assert then["pageToken"] == ["t+1"]


def test_a_passing_failure_is_tried_again(recording_server):
    server = recording_server([(503, "{}"), (429, "{}"), (200, json.dumps(PAGE | {"items": [ROW]}))])
    bucket = open_bucket("gs://bucket", endpoint_url=server.url, anonymous=True)
    assert [batch.keys for batch in bucket.scan("")] == [("k",)]


@pytest.mark.parametrize(
    ("uri", "options", "url"),
    [
        ("gs://bucket", {}, "https://storage.cloud.google.com/bucket/k%201"),
        ("gs://bucket/p", {}, "https://storage.cloud.google.com/bucket/p/k%201"),
        ("gs://bucket/p", {"endpoint_url": "https://g.example/"}, "https://g.example/bucket/p/k%201"),
        ("gs://bucket", {"object_url_base": "https://files.example/"}, "https://files.example/k%201"),
    ],
)
def test_url_takes_the_form_that_the_options_ask_for(uri, options, url):
    bucket = open_bucket(uri, **options)
    assert bucket.url("k 1") == url
    assert url == bucket.url_prefix + "k%201"


def test_emulator_of_the_environment_is_asked_without_credentials(gcs_url, gcs_name, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_url)
    bucket = open_bucket(f"gs://{gcs_name}")
    bucket.write("x", b"1")
    assert bucket.exists("x")


@pytest.mark.parametrize("use", ["list", "read", "write", "exists", "read_range"])
def test_unknown_bucket(gcs_url, use):
    with pytest.raises(BucketNotFoundError, match=r"^gs://no-such-bucket: there is no such bucket; check the name"):
        _use(open_bucket("gs://no-such-bucket", endpoint_url=gcs_url, anonymous=True), use)


@pytest.mark.parametrize("use", ["list", "read", "write", "exists"])
@pytest.mark.parametrize(
    ("status", "reason", "message", "error", "said"),
    [
        (401, "required", "Anonymous caller", BucketCredentialsError, "the server wants credentials"),
        (403, "forbidden", "does not have storage.objects.list", BucketPermissionError, "403: permission denied"),
        (403, "RequestTimeTooSkewed", "RequestTimeTooSkewed", ClockSkewError, "this machine's clock is wrong"),
        (400, "required", "Bucket is requester pays bucket", BucketPermissionError, "set the option project"),
        (418, "teapot", "short and stout", BucketAccessError, "the server answered 418"),
    ],
)
def test_answers_that_say_no(answering_server, use, status, reason, message, error, said):
    url = answering_server(status, denied(status, reason, message))
    with pytest.raises(error, match=said) as raised:
        _use(open_bucket("gs://some-bucket", endpoint_url=url, anonymous=True), use)
    assert type(raised.value) is error
    assert str(raised.value).startswith("gs://some-bucket")


@pytest.mark.parametrize(
    "body", ["<html>log in</html>", "[]", "{}", json.dumps(PAGE | {"items": [{"name": "x"}]}),
             json.dumps(PAGE | {"items": [ROW | {"updated": "yesterday"}]})],
)  # fmt: skip
def test_an_answer_that_is_no_listing(answering_server, body):
    with pytest.raises(BucketAccessError, match="the answer is no listing of Google's; check the option endpoint_url"):
        _use(open_bucket("gs://some-bucket", endpoint_url=answering_server(200, body), anonymous=True), "list")


def test_server_that_cannot_be_reached():
    # Port 1 of the loopback interface: nothing listens there, and only root could.
    with pytest.raises(BucketAccessError, match="gs://some-bucket: the server cannot be reached"):
        _use(open_bucket("gs://some-bucket", endpoint_url="http://127.0.0.1:1", anonymous=True), "list")


def test_no_credentials():
    with pytest.raises(BucketCredentialsError, match="gs://some-bucket: no credentials were found; provide them"):
        _use(open_bucket("gs://some-bucket"), "list")


@pytest.mark.parametrize(
    ("description", "error", "said"),
    [
        ("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat "
         "and exp values in the JWT claim.", ClockSkewError, "this machine's clock is wrong"),
        ("Invalid JWT Signature.", BucketCredentialsError, r"takes the credentials no more \(invalid_grant\)"),
        ("Token has been expired or revoked.", BucketCredentialsError, "expired, revoked or of a deleted account"),
    ],
)  # fmt: skip
def test_a_service_account_that_google_does_not_take(answering_server, private_key, description, error, said):
    refusal = json.dumps({"error": "invalid_grant", "error_description": description})
    account = service_account(private_key, answering_server(400, refusal))
    for use in ("list", "read"):
        bucket = open_bucket("gs://some-bucket", service_account_json=account, endpoint_url="http://127.0.0.1:1")
        with pytest.raises(error, match=said) as raised:
            _use(bucket, use)
        assert raised.value.__cause__ is None
        assert private_key[40:80] not in str(raised.value)


def test_a_service_accounts_token_goes_with_the_listing(recording_server, private_key, tmp_path):
    token = json.dumps({"access_token": "token-of-google", "expires_in": 3600, "token_type": "Bearer"})
    server = recording_server([(200, token), (200, json.dumps(PAGE | {"items": [ROW]}))])
    (tmp_path / "key.json").write_text(service_account(private_key, f"{server.url}/token"))
    options = {"endpoint_url": server.url, "service_account_file": str(tmp_path / "key.json")}
    assert [batch.keys for batch in open_bucket("gs://bucket", **options).scan("")] == [("k",)]
    assert server.headers[1]["Authorization"] == "Bearer token-of-google"


def test_impersonation_asks_for_the_other_accounts_token(private_key):
    account = service_account(private_key, "http://127.0.0.1:1/token")
    bucket = open_bucket("gs://bucket", service_account_json=account, impersonate="other@p.iam.gserviceaccount.com")
    assert bucket._credentials.service_account_email == "other@p.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"anonymous": "yes"}, "option anonymous must be true or false"),
        ({"service_account_json": "hunter2"}, "service_account_json must be the content of a key file"),
        ({"service_account_json": "[]"}, "service_account_json must be the content of a key file"),
        ({"service_account_json": "{}", "anonymous": "true"}, "give one of the options .*, not both"),
        ({"endpoint_url": "https://me:hunter2@host"}, "must hold no whitespace, user name or password"),
        ({"region": "x"}, "unknown option.* region; known: endpoint_url, project"),
    ],
)
def test_options_that_are_refused_without_repeating_them(options, message):
    with pytest.raises(BucketUriError, match=message) as raised:
        open_bucket("gs://bucket", **options)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("content", [None, "no json", "{}", '{"type": "service_account"}'])
def test_key_file_that_cannot_be_read(tmp_path, content):
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BucketCredentialsError, match=r"the service account's key cannot be read .* check the option"):
        _use(open_bucket("gs://bucket", service_account_file=str(path)), "list")


def test_a_write_that_breaks_off_leaves_what_was_there(gcs_url, gcs_name):
    class Breaking:
        def __init__(self) -> None:
            self.given = 0

        def read(self, size: int = -1) -> bytes:
            if self.given > 20_000_000:
                raise OSError("the disk is gone")
            self.given += size
            return os.urandom(16) * (size // 16)

        def tell(self) -> int:
            return self.given

    bucket = open_bucket(f"gs://{gcs_name}", endpoint_url=gcs_url, anonymous=True)
    bucket.write("x", b"before")
    with pytest.raises((OSError, ObjectStorageError)):
        bucket.write("x", Breaking())
    assert bucket.read("x") == b"before"


def _use(bucket, use):
    if use == "list":
        return list(bucket.list())
    if use == "read_range":
        return bucket.read_range("k", 0, 1)
    return bucket.write("k", b"") if use == "write" else getattr(bucket, use)("k")
