"""The canned listing server, asked by each cloud's own client and by obstore, must answer as a bucket would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import boto3
import obstore
import pytest
import requests
from azure.storage.blob import BlobPrefix, ContainerClient
from botocore.config import Config
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import AzureStore, GCSStore, S3Store

from benchmarks.canned.objects import NumberedKeys, Page, StoredObject
from benchmarks.listing_server import ListingServer, running

AWKWARD = ("a b", "a+b", "a%2Fb", "a&b;<c>", "a#b?c=d", "é", "日本", "'quoted'", '"double"', "a\\b", "~tilde", "😀")
KEYS = sorted(
    {f"{folder}{name}" for folder in ("", "photos/", "photos/2026/", "photos-old/", "x & y/") for name in AWKWARD}
    | {f"photos/{number}/image.jpg" for number in range(40)}
    | {"/leading", "a//b", "photos", "zz/last"}
)
PREFIXES = ("", "photos", "photos/", "photos/1", "x & y/", "é", "no such")
# A key, some position in the middle, and what lies after every key.
STARTS = ("photos/1/image.jpg", "photos/2/", "\U0010ffff")
PAGE_SIZE = 7

Objects = list[tuple[str, int]]
Listing = tuple[Objects, list[str]]


def expected(prefix: str, *, delimiter: str = "", is_wanted: Callable[[str], bool] = bool) -> Listing:
    objects: Objects = []
    prefixes: list[str] = []
    for number, key in enumerate(KEYS):
        if not key.startswith(prefix) or not is_wanted(key):
            continue
        head, found, _ = key.removeprefix(prefix).partition(delimiter) if delimiter else (key, "", "")
        if not found:
            objects.append((key, StoredObject.of(number, key).size))
        elif (rolled_up := prefix + head + delimiter) not in prefixes:
            prefixes.append(rolled_up)
    return objects, prefixes


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with running(ListingServer("s3", KEYS)) as url:
        yield url


@pytest.fixture(scope="module")
def gcs_url() -> Iterator[str]:
    with running(ListingServer("gcs", KEYS)) as url:
        yield url


@pytest.fixture(scope="module")
def azure_url() -> Iterator[str]:
    with running(ListingServer("azure", KEYS)) as url:
        yield url


def boto3_listing(url: str, **arguments: object) -> Listing:
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket="bucket", PaginationConfig={"PageSize": PAGE_SIZE}, **arguments
    )
    objects: Objects = []
    prefixes: list[str] = []
    for page in pages:
        assert page["KeyCount"] <= PAGE_SIZE
        objects += [(entry["Key"], entry["Size"]) for entry in page.get("Contents", [])]
        prefixes += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
    return objects, prefixes


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_boto3_lists_what_is_there(s3_url: str, prefix: str, delimiter: str) -> None:
    assert boto3_listing(s3_url, Prefix=prefix, Delimiter=delimiter) == expected(prefix, delimiter=delimiter)


@pytest.mark.parametrize("after", STARTS)
def test_boto3_lists_after_a_key(s3_url: str, after: str) -> None:
    assert boto3_listing(s3_url, StartAfter=after) == expected("", is_wanted=lambda key: key > after)


def test_boto3_finds_the_region(s3_url: str) -> None:
    client = boto3.client("s3", endpoint_url=s3_url, aws_access_key_id="a", aws_secret_access_key="b")
    assert client.head_bucket(Bucket="bucket")["BucketRegion"] == "us-east-1"


def gcs_listing(url: str, **arguments: object) -> Listing:
    client = storage.Client(project="p", credentials=AnonymousCredentials(), client_options={"api_endpoint": url})
    blobs = client.list_blobs("bucket", page_size=PAGE_SIZE, **arguments)
    return [(blob.name, blob.size) for blob in blobs], sorted(blobs.prefixes)


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_google_client_lists_what_is_there(gcs_url: str, prefix: str, delimiter: str) -> None:
    listing = gcs_listing(gcs_url, prefix=prefix, delimiter=delimiter or None)
    assert listing == expected(prefix, delimiter=delimiter)


@pytest.mark.parametrize("start", STARTS)
def test_google_client_lists_from_a_key(gcs_url: str, start: str) -> None:
    assert gcs_listing(gcs_url, start_offset=start) == expected("", is_wanted=lambda key: key >= start)


@pytest.mark.parametrize("mask", ["items(name,size),nextPageToken", "items/name,items/size,nextPageToken"])
def test_google_client_gets_only_the_fields_it_asks_for(gcs_url: str, mask: str) -> None:
    assert gcs_listing(gcs_url, fields=mask) == expected("")
    asked = {"fields": mask, "maxResults": "1"}
    answer = requests.get(f"{gcs_url}/storage/v1/b/bucket/o", params=asked, timeout=10).json()
    assert set(answer) == {"items", "nextPageToken"}
    assert set(answer["items"][0]) == {"name", "size"}


def azure_listing(url: str, prefix: str, delimiter: str) -> Listing:
    client = ContainerClient(f"{url}/account", "container", credential="a2V5")
    options = {"name_starts_with": prefix, "results_per_page": PAGE_SIZE}
    entries = list(client.walk_blobs(delimiter=delimiter, **options) if delimiter else client.list_blobs(**options))
    blobs = [(entry.name, entry.size) for entry in entries if not isinstance(entry, BlobPrefix)]
    return blobs, [entry.name for entry in entries if isinstance(entry, BlobPrefix)]


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_azure_client_lists_what_is_there(azure_url: str, prefix: str, delimiter: str) -> None:
    assert azure_listing(azure_url, prefix, delimiter) == expected(prefix, delimiter=delimiter)


def s3_store(url: str) -> S3Store:
    return S3Store(
        "bucket", endpoint=url, access_key_id="a", secret_access_key="b", region="us-east-1",
        client_options={"allow_http": True},
    )  # fmt: skip


def gcs_store(url: str) -> GCSStore:
    """Return a store that asks the XML API."""
    key = {"gcs_base_url": url, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    return GCSStore("bucket", service_account_key=json.dumps(key), client_options={"allow_http": True})


def azure_store(url: str) -> AzureStore:
    return AzureStore(
        "container", account_name="account", account_key="a2V5", endpoint=f"{url}/account",
        client_options={"allow_http": True},
    )  # fmt: skip


STORES = {"s3": s3_store, "gcs": gcs_store, "azure": azure_store}


def obstore_listing(cloud: str, keys: Sequence[str], prefix: str | None, offset: str | None = None) -> list[str]:
    with running(ListingServer(cloud, keys)) as url:
        pages = obstore.list(STORES[cloud](url), prefix=prefix, offset=offset, return_arrow=True)
        return [key for page in pages for key in page["path"].to_pylist()]


@pytest.mark.parametrize("cloud", STORES)
def test_obstore_lists_every_page(cloud: str) -> None:
    keys = NumberedKeys(11_000)
    assert obstore_listing(cloud, keys, None) == list(keys)
    assert obstore_listing(cloud, keys, None, offset=keys[8_999]) == keys[9_000:]


@pytest.mark.parametrize("cloud", STORES)
def test_obstore_lists_awkward_keys(cloud: str) -> None:
    # Whole, this listing has a key with an empty segment, which obstore refuses.
    assert obstore_listing(cloud, KEYS, "photos") == [key for key, _ in expected("photos/")[0]]


@given(
    keys=st.sets(st.text("ab/", max_size=6)).map(sorted), prefix=st.text("ab/", max_size=3),
    delimiter=st.sampled_from(["", "/"]), limit=st.integers(1, 4),
)  # fmt: skip
def test_pages_of_any_size_hold_the_same(keys: list[str], prefix: str, delimiter: str, limit: int) -> None:
    whole = Page.of(keys, prefix=prefix, delimiter=delimiter, start=0, limit=1000)
    pages, start = [], 0
    while start is not None:
        pages.append(Page.of(keys, prefix=prefix, delimiter=delimiter, start=start, limit=limit))
        start = pages[-1].next
    assert tuple(each for page in pages for each in page.objects) == whole.objects
    assert tuple(each for page in pages for each in page.prefixes) == whole.prefixes
    rolled_up = {key for key in keys if key.startswith(whole.prefixes)} if whole.prefixes else set()
    assert sorted([each.key for each in whole.objects] + list(rolled_up)) == [k for k in keys if k.startswith(prefix)]


@pytest.mark.parametrize(("count", "prefixes"), [(0, 16), (1, 16), (1603, 16), (25_000, 3)])
def test_numbered_keys_are_in_byte_order_and_below_as_many_prefixes_as_asked(count: int, prefixes: int) -> None:
    keys = list(NumberedKeys(count, prefixes))
    assert len(keys) == count
    assert keys == sorted(set(keys), key=str.encode)
    assert len({key.partition("/")[0] for key in keys}) == min(count, prefixes)


def test_command_writes_its_url_once_it_listens(tmp_path: Path) -> None:
    url_file = tmp_path / "url"
    command = [sys.executable, "-m", "benchmarks.listing_server", "--cloud", "s3", "--keys", "2500"]
    with subprocess.Popen([*command, "--url-file", str(url_file)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url_file.read_text(encoding="utf-8").strip() == url
            objects, _ = boto3_listing(url, Prefix="site-01/")
            assert [key for key, _ in objects] == NumberedKeys(2500)[157:314]
        finally:
            process.terminate()
