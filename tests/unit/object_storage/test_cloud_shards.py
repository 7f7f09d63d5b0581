"""Listings of Google and Azure that are cut into parts, with pages so small that a hundred objects are many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from include.object_storage import open_bucket
from tests.support.azurite_server import ACCOUNT, ACCOUNT_KEY

KEYS = sorted(
    [f"raw/{folder}/{number:02}.jpg" for folder in ("a", "a-b", "a.c", "a b") for number in range(12)]
    + [f"raw/{number}" for number in range(5)]
    + ["raw//x", "raw/a", "raw/a/", "raw/a/deep/down/x", "raw/ü/x", "raw/ü/!/y", "rawest", "raw&co/1"]
)


@pytest.fixture(params=["gcs", "azure"])
def bucket(request, monkeypatch):
    if request.param == "gcs":
        monkeypatch.setattr("include.object_storage.gcs_listing.BATCH_SIZE", 3)
        name, url = request.getfixturevalue("gcs_name"), request.getfixturevalue("gcs_url")
        opened = open_bucket(f"gs://{name}", endpoint_url=url, anonymous=True)
    else:
        monkeypatch.setattr("include.object_storage.azure_listing.PAGE_SIZE", 3)
        monkeypatch.setattr("include.object_storage.azure_listing.LEVEL_PAGES", 5)
        name, url = request.getfixturevalue("azure_name"), request.getfixturevalue("azure_url")
        opened = open_bucket(f"az://{ACCOUNT}/{name}", endpoint_url=url, account_key=ACCOUNT_KEY)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: opened.write(key, key.encode()), KEYS))
    return opened


@pytest.mark.parametrize("prefix", ["", "raw", "raw/", "raw/a", "raw/a/", "nothing"])
def test_a_listing_in_parts_has_each_key_once_and_in_order(bucket, prefix):
    expected = [key for key in KEYS if key.startswith(prefix)]
    rows = [row for batch in bucket.list(prefix) for row in zip(batch.keys, batch.sizes, strict=True)]
    assert rows == [(key, len(key.encode())) for key in expected]
    shards = bucket.shards(prefix)
    assert sorted(key for shard in shards for batch in bucket.list_shard(shard) for key in batch.keys) == expected


def test_a_shard_goes_on_after_any_of_its_keys(bucket):
    shards = bucket.shards("raw/")
    assert len(shards) > 4
    for shard in shards:
        keys = [key for batch in bucket.list_shard(shard) for key in batch.keys]
        for number, key in enumerate(keys):
            rest = [one for batch in bucket.list_shard(shard, start_after=key) for one in batch.keys]
            assert rest == keys[number + 1 :]


def test_a_level_of_too_many_pages_is_none(bucket):
    for number in range(4):
        bucket.write(f"raw/a/0{number}x", b"")
    assert bucket.level("raw/a/") is None
    assert bucket.level("raw/ü/").prefixes == ("raw/ü/!/",)
