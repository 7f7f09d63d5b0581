"""Keys of every kind: listed as they are, told to Encord by a URL, and fetched from that URL."""

from __future__ import annotations

import http.client
import random
import string
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from include.object_storage import ObjectKeyError, open_bucket

CHOSEN = [
    "with space.jpg", "plus+plus.jpg", "a+b c%20d.jpg", "100%.jpg", "%2F.jpg", "%252F.jpg", "a%00b", "hash#tag.jpg",
    "question?.jpg", "?x=1&y=2", "semi;colon", "equals=amp&", "quote'\".jpg", "<tag>&amp;.jpg", "back\\slash.jpg",
    "~tilde.jpg", "star*.jpg", "brackets[](){}.jpg", "pipe|caret^.jpg", "at@dollar$,!.jpg", "colon:.jpg", "`grave`.jpg",
    "/leading.jpg", "//leading.jpg", "///", "/", "a/", "a", "a/b", "a//b", "a///b", "foo", "foo/", "foo/x", "foo-bar",
    "trailing.", "trailing..", "trailing ", " leading", "...", "..hidden/x", "a/...b/c", "tab\there", "control\x01.jpg",
    "delete\x7f", "\u00e9.jpg", "e\u0301.jpg", "\u212b.jpg", "\u00c5.jpg", "фото.jpg", "写真/図.jpg", "عربى.jpg",
    "emoji😀👩‍👩‍👧.jpg", "nbsp\u00a0.jpg", "zero\u200bwidth.jpg", "bom\ufeff.jpg", "\ufffd", "line\u2028sep",
    "case.JPG", "Case.jpg", "k" * 1024, "é" * 512, "/".join("ab" * 200), "%E2%82%AC",
    "https://host/path?query#fragment", "None", "0",
]  # fmt: skip
# Whatever S3 documents as needing care, mixed at random; the seed keeps a failure the same from run to run.
_ALPHABET = string.ascii_letters + string.digits + " +%#?&=;:@,$!*'\"()[]{}<>|^`~\\/._-\t\x01éÅфж図😀"


def _random_keys(count: int) -> list[str]:
    dice = random.Random(4)
    keys = ("".join(dice.choices(_ALPHABET, k=dice.randint(1, 30))) for _ in iter(int, 1))
    found: dict[str, None] = {}
    for key in keys:
        if {".", ".."}.isdisjoint(key.split("/")):
            found[key] = None
        if len(found) == count:
            return list(found)
    raise AssertionError("the generator never ends")


AWKWARD = sorted({*CHOSEN, *_random_keys(260)}, key=str.encode)
# moto looks at no signature, but wants one.
UNCHECKED = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request"}


def fetched(url: str, headers: dict[str, str]) -> bytes:
    """Get exactly this URL; most clients would tidy up its path first."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("GET", url.removeprefix(f"http://{parts.netloc}"), headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (url, body)
        return body
    finally:
        connection.close()


@pytest.mark.parametrize("prefix", ["", "raw data+/%41/"])
def test_awkward_keys_are_listed_and_fetched_by_their_url(s3_server, s3_name, prefix):
    assert len(AWKWARD) >= 300
    bucket = open_bucket(f"s3://{s3_name}/{prefix}", endpoint_url=s3_server)
    for key in AWKWARD:  # straight into the server's memory: sooner, and no mistake of ours twice
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(s3_name, prefix + key, key.encode())
    assert [key for batch in bucket.list() for key in batch.keys] == AWKWARD
    assert [size for batch in bucket.list() for size in batch.sizes] == [len(key.encode()) for key in AWKWARD]
    assert [key for key in AWKWARD if fetched(bucket.url(key), UNCHECKED) != key.encode()] == []
    assert len({bucket.url(key) for key in AWKWARD}) == len(AWKWARD)


def test_awkward_keys_survive_boto3_on_their_way_in_and_out(s3_server, s3_name):
    bucket = open_bucket(f"s3://{s3_name}", endpoint_url=s3_server)
    for key in CHOSEN:
        bucket.write(key, key.encode())
    plain = boto3.client("s3", endpoint_url=s3_server).list_objects_v2(Bucket=s3_name)
    assert [entry["Key"] for entry in plain["Contents"]] == sorted(CHOSEN, key=str.encode)
    assert [key for key in CHOSEN if bucket.read(key) != key.encode() or not bucket.exists(key)] == []


def test_shards_of_awkward_keys_hold_each_once(s3_server, s3_name, monkeypatch):
    monkeypatch.setattr("include.object_storage.sharding.SMALL_PAGES", 1)  # else a page is not worth cutting up
    for key in AWKWARD:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(s3_name, key, b"")
    bucket = open_bucket(f"s3://{s3_name}", endpoint_url=s3_server)
    shards = bucket.shards()
    assert len(shards) > 10
    assert sorted(key for shard in shards for batch in bucket.list_shard(shard) for key in batch.keys) == sorted(
        AWKWARD
    )
    assert [key for batch in bucket.list() for key in batch.keys] == AWKWARD


@pytest.mark.parametrize("after", ["", "/", "a", "foo", "foo/", "é", AWKWARD[150], AWKWARD[-1]])
def test_listing_goes_on_after_any_key(s3_server, s3_name, after):
    for key in CHOSEN:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(s3_name, key, b"")
    bucket = open_bucket(f"s3://{s3_name}", endpoint_url=s3_server)
    (shard,) = bucket.shards()
    found = [key for batch in bucket.list_shard(shard, start_after=after) for key in batch.keys]
    assert found == [key for key in sorted(CHOSEN, key=str.encode) if key > after]


@pytest.mark.parametrize("key", [".", "..", "a/../b", "./a", "a/.", "../../etc"])
def test_keys_that_a_url_cannot_carry_are_listed_and_refused_by_name(s3_server, s3_name, key):
    bucket = open_bucket(f"s3://{s3_name}", endpoint_url=s3_server)
    bucket.write(key, b"x")
    assert [batch.keys for batch in bucket.list()] == [(key,)]
    with pytest.raises(ObjectKeyError, match="has a segment"):
        bucket.url(key)


# What rclone, which keeps objects as files, can store.
FILE_KEYS = [
    key
    for key in CHOSEN
    if "//" not in key
    and key.strip("/") == key
    and len(key) < 250
    and key not in {"a", "foo", "e\u0301.jpg", "\u212b.jpg"}
]


def test_a_server_that_checks_signatures_takes_the_same_urls(signed_server):
    name = "awkward"
    bucket = open_bucket(
        f"{signed_server.url.replace('http:', 's3+http:')}/{name}/raw data",
        region="us-east-1",
        access_key_id=signed_server.access_key_id,
        secret_access_key=signed_server.secret_access_key,
    )
    bucket.client.create_bucket(Bucket=name)
    for key in FILE_KEYS:
        bucket.write(key, key.encode())
    assert [key for batch in bucket.list() for key in batch.keys] == sorted(FILE_KEYS, key=str.encode)
    credentials = Credentials(signed_server.access_key_id, signed_server.secret_access_key)
    for key in FILE_KEYS:
        request = AWSRequest("GET", bucket.url(key))
        S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
        assert fetched(bucket.url(key), dict(request.headers)) == key.encode()
