"""What every kind of bucket does, each on its real store: moto's S3, fake-gcs-server, Azurite, and a folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from include.object_storage import Bucket, ObjectNotFoundError, open_bucket
from include.object_storage.keys import url_path
from tests.support.azurite_server import ACCOUNT, ACCOUNT_KEY

AWKWARD_KEYS = [
    "plain.jpg",
    "a b/with space.jpg",
    "plus+plus.jpg",
    "100%/50%25.jpg",
    "hash#question?.jpg",
    "café/фото 図.jpg",
    "quotes'\"&<>.jpg",
    "semi;colon=at@,$!*().jpg",
    "~tilde_under-dash.jpg",
]


@pytest.fixture(params=["s3", "s3-prefix", "gcs", "gcs-prefix", "azure", "azure-prefix", "folder"])
def bucket(request, tmp_path) -> Bucket:
    if request.param == "folder":
        (tmp_path / "root").mkdir()
        return open_bucket((tmp_path / "root").as_uri())
    cloud, _, has_prefix = request.param.partition("-")
    prefix = "/raw data+/v1" if has_prefix else ""
    if cloud == "gcs":
        name, url = request.getfixturevalue("gcs_name"), request.getfixturevalue("gcs_url")
        return open_bucket(f"gs://{name}{prefix}", endpoint_url=url, anonymous="true")
    if cloud == "azure":
        name, url = request.getfixturevalue("azure_name"), request.getfixturevalue("azure_url")
        return open_bucket(f"az://{ACCOUNT}/{name}{prefix}", endpoint_url=url, account_key=ACCOUNT_KEY)
    name, server = request.getfixturevalue("s3_name"), request.getfixturevalue("s3_server")
    return open_bucket(f"s3://{name}{prefix}", endpoint_url=server)


def listed(bucket: Bucket, prefix: str = "", **window: datetime) -> list[str]:
    return [key for batch in bucket.list(prefix, **window) for key in batch.keys]


def test_satisfies_the_protocol(bucket):
    assert isinstance(bucket, Bucket)


def test_awkward_keys_come_back_as_they_were_written(bucket):
    for key in AWKWARD_KEYS:
        bucket.write(key, key.encode())
    assert listed(bucket) == sorted(AWKWARD_KEYS, key=str.encode)
    assert [bucket.read(key) for key in AWKWARD_KEYS] == [key.encode() for key in AWKWARD_KEYS]


def test_keys_come_in_byte_order_whether_files_or_folders(bucket):
    for key in (
        ("a/x", "a-b", "a.b", "a", "a/sub/x", "b/1") if "file:" not in bucket.uri else ("a/x", "a-b", "a.b", "b/1")
    ):
        bucket.write(key, b"")
    assert listed(bucket) == sorted(listed(bucket), key=str.encode)
    assert len(listed(bucket)) >= 4


def test_prefix_is_text_not_a_folder(bucket):
    for key in ("photos/1", "photos-old/1", "phone", "other/photos/1"):
        bucket.write(key, b"")
    assert listed(bucket, "pho") == ["phone", "photos-old/1", "photos/1"]
    assert listed(bucket, "photos/") == ["photos/1"]
    assert listed(bucket, "nothing/") == []


def test_batch_columns_describe_the_object(bucket):
    before = datetime.now(tz=UTC) - timedelta(seconds=2)
    bucket.write("x", b"12345")
    (batch,) = bucket.list()
    assert (batch.keys, batch.sizes, len(batch)) == (("x",), (5,), 1)
    assert before < batch.modified[0] < datetime.now(tz=UTC) + timedelta(seconds=2)
    assert batch.modified[0].utcoffset() == timedelta(0)
    assert batch.etags[0]
    assert '"' not in batch.etags[0]


def test_window_includes_its_start_and_excludes_its_end(bucket):
    bucket.write("x", b"")
    (batch,) = bucket.list()
    (modified,) = batch.modified
    tick = timedelta(microseconds=1)
    assert listed(bucket, modified_from=modified) == ["x"]
    assert listed(bucket, modified_from=modified + tick) == []
    assert listed(bucket, modified_until=modified) == []
    assert listed(bucket, modified_until=modified + tick) == ["x"]


def test_window_without_time_zone_is_refused(bucket):
    with pytest.raises(ValueError, match="modified_until=2026-01-01T00:00:00 needs a time zone"):
        listed(bucket, modified_until=datetime(2026, 1, 1))  # noqa: DTZ001  # the point of the test


def test_write_replaces_and_takes_files(bucket):
    bucket.write("deep/down/x", b"first")
    bucket.write("deep/down/x", BytesIO(b"second"))
    assert bucket.read("deep/down/x") == b"second"


def test_create_stores_once_whoever_comes_first(bucket):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: bucket.create("turns/1.json", b"%d" % number), range(8)))
    assert sorted(made) == [False] * 7 + [True]
    assert bucket.read("turns/1.json") == b"%d" % made.index(True)
    assert (bucket.create("turns/1.json", b"later"), bucket.create("turns/2.json", b"other")) == (False, True)


def test_exists_means_exactly_this_key(bucket):
    bucket.write("dir/name.jpg", b"")
    assert bucket.exists("dir/name.jpg")
    assert not bucket.exists("dir/name")
    assert not bucket.exists("dir")
    assert not bucket.exists("dir/name.jpg.bak")


def test_missing_object_names_uri_and_key(bucket):
    bucket.write("there", b"")
    with pytest.raises(ObjectNotFoundError, match=r"not/there: there is no such") as raised:
        bucket.read("not/there")
    assert str(raised.value).startswith(bucket.uri)


def test_url_of_an_awkward_key_is_encoded(bucket):
    assert bucket.url("café no. 7 + 100%/1.jpg").endswith("/caf%C3%A9%20no.%207%20%2B%20100%25/1.jpg")


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_url_is_the_prefix_and_the_encoded_key(bucket, key):
    assert bucket.url(key) == bucket.url_prefix + url_path(key)


def test_ranges_end_with_the_object(bucket):
    bucket.write("x", b"0123456789")
    assert [bucket.read_range("x", *span) for span in ((0, 2), (8, 9), (10, 1), (4, 0))] == [b"01", b"89", b"", b""]


def test_shards_hold_the_listing(bucket):
    for key in ("a/x", "a/y", "b", "c/d/e"):
        bucket.write(key, b"")
    found = [key for shard in bucket.shards() for batch in bucket.list_shard(shard) for key in batch.keys]
    assert sorted(found) == listed(bucket) == ["a/x", "a/y", "b", "c/d/e"]
    (whole,) = bucket.shards("a/")
    assert [key for batch in bucket.list_shard(whole, start_after="a/x") for key in batch.keys] == ["a/y"]
