"""Listings come as columns and say what botocore itself would say, whatever form the server's answer has."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from include.object_storage import Shard, open_bucket
from include.object_storage.s3_listing import _columns

HEAD = "<ListBucketResult><Name>some-bucket</Name><IsTruncated>false</IsTruncated>"
ROW = (
    "<Contents><Key>{}</Key><LastModified>2026-02-03T04:05:06.000Z</LastModified>"
    "<ETag>&quot;e-1&quot;</ETag><Size>3</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
URL_ENCODED = "<EncodingType>url</EncodingType>"
PRETTY = """<Contents>
    <ETag>"e-1"</ETag>
    <Key>a</Key>
    <Size>3</Size>
    <Owner><ID>me</ID><DisplayName>Me</DisplayName></Owner>
    <LastModified>2026-02-03T04:05:06.123Z</LastModified>
</Contents>
"""


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        (ROW.format("a") + ROW.format("b"), ["a", "b"]),
        (URL_ENCODED + ROW.format("a+b%2Bc%25"), ["a b+c%"]),
        (URL_ENCODED + ROW.format("caf%C3%A9/x"), ["café/x"]),
        (ROW.format("a+b%2Bc"), ["a+b%2Bc"]),
        (ROW.format("a&amp;b&lt;c&#39;"), ["a&b<c'"]),
        (URL_ENCODED + ROW.format("a&amp;b+c"), ["a&b c"]),
        (ROW.format("<![CDATA[a<b]]>"), ["a<b"]),
        (ROW.format("schlüssel"), ["schlüssel"]),
        (PRETTY + PRETTY.replace(">a<", ">b<"), ["a", "b"]),
        (ROW.format("a").replace("<ETag>&quot;e-1&quot;</ETag>", "") + ROW.format("b"), ["a", "b"]),
        (ROW.format("a").replace("Z<", "+01:00<"), ["a"]),
        (ROW.format("a").replace("2026-02-03T04:05:06.000Z", "Tue, 03 Feb 2026 04:05:06 GMT"), ["a"]),
        (ROW.format("a") + "<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>" + ROW.format("c"), ["a", "c"]),
        (ROW.format("a").replace("<Contents>", '<Contents kind="x">'), ["a"]),
        (ROW.format("a").replace("<Size>3</Size>", "<Size> 3 </Size>"), ["a"]),
        ("", []),
    ],
)
def test_any_form_of_page_reads_as_botocore_reads_it(answering_server, body, keys):
    url = answering_server(200, f"{HEAD}{body}</ListBucketResult>")
    batches = list(open_bucket("s3://some-bucket", endpoint_url=url).list())
    entries = boto3.client("s3", endpoint_url=url).list_objects_v2(Bucket="some-bucket").get("Contents", [])
    assert [key for batch in batches for key in batch.keys] == keys == [entry["Key"] for entry in entries]
    assert [size for batch in batches for size in batch.sizes] == [entry["Size"] for entry in entries]
    assert [time for batch in batches for time in batch.modified] == [entry["LastModified"] for entry in entries]
    etags = [entry.get("ETag", "").strip('"') for entry in entries]
    assert [etag for batch in batches for etag in batch.etags] == etags


@settings(deadline=None)
@given(st.lists(st.binary(max_size=12)))
def test_columns_are_all_or_nothing(fields):
    objects = b"<Contents>" + b"</Contents><Contents>".join(fields) + b"</Contents>"
    columns = _columns(objects, is_url_encoded=True)
    assert columns is None or columns.num_rows == objects.count(b"<Contents>")


def test_botocore_itself_reads_no_object_of_a_page(s3_server, s3_name):
    bucket = open_bucket(f"s3://{s3_name}", endpoint_url=s3_server)
    bucket.write("x", b"123")
    left: list[bytes] = []
    events = bucket.client.meta.events
    events.register("before-parse.s3.*", lambda response_dict, **_: left.append(response_dict["body"]))
    (batch,) = bucket.list()
    assert (batch.keys, batch.sizes) == (("x",), (3,))
    assert b"<Contents>" not in left[0]


@pytest.fixture
def large(s3_server, s3_name):
    """A bucket of 2,400 objects in folders of every size, and its keys."""
    keys = [f"raw/a/{number:05d}.jpg" for number in range(2000)] + [f"raw/c/d/{number}" for number in range(200)]
    keys += [f"raw/p{number}/x" for number in range(100)] + [f"raw/{number}.txt" for number in range(98)]
    keys += ["raw/", "z"]
    for key in keys:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(s3_name, key, b"")
    return open_bucket(f"s3://{s3_name}", endpoint_url=s3_server), sorted(keys)


def test_a_large_bucket_is_cut_up_and_comes_in_order(large):
    bucket, keys = large
    assert [key for batch in bucket.list() for key in batch.keys] == keys
    shards = bucket.shards()
    assert len(shards) > 8
    assert Shard("raw/", is_level=True) in shards
    assert sorted(key for shard in shards for batch in bucket.list_shard(shard) for key in batch.keys) == keys


def test_a_look_at_a_level_gives_up_on_long_rows_of_objects(large):
    bucket, _ = large
    level = bucket.level("raw/")
    assert len(level.prefixes) == 102
    assert len(level.objects) == 99
    assert bucket.level("raw/a/") is None


def test_ranges_are_cut_off_at_the_end(s3_server, s3_name):
    bucket = open_bucket(f"s3://{s3_name}", endpoint_url=s3_server)
    bucket.write("x", b"0123456789")
    bucket.write("empty", b"")
    assert bucket.read_range("x", 2, 3) == b"234"
    assert bucket.read_range("x", 8, 100) == b"89"
    assert [bucket.read_range("x", 10, 1), bucket.read_range("x", 0, 0), bucket.read_range("empty", 0, 9)] == [b""] * 3


def test_window_is_asked_of_whole_columns(s3_server, s3_name):
    bucket = open_bucket(f"s3://{s3_name}", endpoint_url=s3_server)
    bucket.write("x", b"")
    assert list(bucket.list(modified_until=datetime(2020, 1, 1, tzinfo=UTC))) == []
