"""Accounts with a hierarchical namespace, which list folder by folder, and which Azurite does not imitate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import pytest

from include.benchmark_qa.listing import shard_writer
from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.listing.plan import ShardPlan, check_apart
from include.benchmark_qa.listing.store import read_listing, write_listing
from include.object_storage import BucketAccessError, ObjectBatch, Shard, open_bucket
from include.object_storage.azure_blob import AzureBucket
from tests.unit.object_storage.test_azure_pages import answer, blob

# A space and the characters up to the full stop are before the slash in byte order.
KEYS = sorted(
    [f"raw/{folder}/{number:02}.jpg" for folder in ("a", "a-b", "a.c", "a b", "b/a", "b/a-b") for number in range(7)]
    + [f"raw/{number}" for number in range(5)]
    + ["raw/a!", "raw/a/deep/down/x", "raw/a/deep-x", "raw/ü/x", "raw/ü/!/y", "rawest", "raw-b/1", "raw&co/1"],
    key=lambda key: key.split("/"),
)
FOLDER = "runs/one/listing/"


def entries(keys: list[str], prefix: str, delimiter: str) -> list[tuple[str, str]]:
    """Return the names, each with its XML, that begin with the prefix: files, and folders as blobs or as prefixes."""
    file, folder = "<ResourceType>file</ResourceType>", "<ResourceType>directory</ResourceType>"
    found: dict[str, str] = {}
    for key in keys:
        parents = [key[:at] for at, one in enumerate(key) if one == "/"]
        names = [*((parent, folder) for parent in parents), (key, file)]
        for name, kind in names:
            if delimiter and "/" in f"{name}/"[len(prefix) :] and kind == folder and len(name) >= len(prefix):
                if name.startswith(prefix):
                    element = f"<BlobPrefix><Name>{escape(name)}/</Name><Properties>{folder}</Properties></BlobPrefix>"
                    found.setdefault(f"{name}/", element)
                    break
            elif name.startswith(prefix):
                found.setdefault(name, blob(escape(name), extra=kind))
    return list(found.items())


@pytest.fixture
def account() -> Iterator[tuple[str, list[str]]]:
    """An account's address and its keys, which a test may change."""
    keys = list(KEYS)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            found = entries(keys, query.get("prefix", ""), query.get("delimiter", ""))
            begin, count = int(query.get("marker", 0)), int(query["maxresults"])
            more = f"<NextMarker>{begin + count}</NextMarker>" if begin + count < len(found) else "<NextMarker />"
            body = answer(*(element for _, element in found[begin : begin + count]), next_marker=more).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", keys
    server.shutdown()
    server.server_close()


@pytest.fixture
def bucket(account, monkeypatch) -> AzureBucket:
    monkeypatch.setattr("include.object_storage.azure_listing.PAGE_SIZE", 3)
    monkeypatch.setattr("include.object_storage.azure_listing.LEVEL_PAGES", 5)
    opened = open_bucket("az://account/photos", endpoint_url=account[0], anonymous=True)
    assert isinstance(opened, AzureBucket)
    return opened


def keys_of(batches: Iterator[ObjectBatch]) -> list[str]:
    return [key for batch in batches for key in batch.keys]


@pytest.mark.parametrize("prefix", ["", "raw", "raw/", "raw/a", "raw/a/", "nothing"])
def test_shards_are_apart_and_together_all(bucket, prefix):
    expected = [key for key in KEYS if key.startswith(prefix)]
    assert keys_of(bucket.scan(prefix)) == expected
    shards = bucket.shards(prefix)
    check_apart(ShardPlan(0, DataKind.PRODUCTION, shard.prefix, shard.is_level) for shard in shards)
    assert sorted(key for shard in shards for key in keys_of(bucket.list_shard(shard))) == sorted(expected)
    assert sorted(keys_of(bucket.list(prefix))) == sorted(expected)


def test_a_large_account_is_cut_up(bucket, monkeypatch):
    # A first page of objects alone would be taken for the beginning of a long row of them.
    monkeypatch.setattr("include.object_storage.azure_listing.PAGE_SIZE", 12)
    shards = bucket.shards("raw/")
    assert Shard("raw/", is_level=True) in shards
    assert len(shards) > 5


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_shard_goes_on_after_any_of_its_keys(bucket, account, is_gone):
    for shard in (Shard("raw/"), Shard("raw/", is_level=True), Shard("raw")):
        keys = keys_of(bucket.list_shard(shard))
        assert keys
        for number in range(0, len(keys), 7):
            key = keys[number]
            if is_gone:
                account[1].remove(key)
            assert keys_of(bucket.list_shard(shard, start_after=key)) == keys[number + 1 :]
            account[1][:] = KEYS


class OneShard:
    """The bucket's listing as a single shard, as that of a large folder without further levels would be."""

    def __init__(self, bucket: AzureBucket, on_page: Callable[[int], object]) -> None:
        self.bucket, self.uri, self.pages, self.on_page = bucket, bucket.uri, 0, on_page
        self.started_after = ""

    def shards(self, prefix: str) -> tuple[Shard, ...]:
        return (Shard(prefix),)

    def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
        self.started_after = start_after
        for batch in self.bucket.list_shard(Shard(shard.prefix), start_after=start_after):
            self.pages += 1
            self.on_page(self.pages)
            yield batch


@pytest.mark.parametrize("cut_at", [4, 9, 15])
def test_a_listing_that_is_cut_short_goes_on_and_has_each_key_once(bucket, tmp_path: Path, monkeypatch, cut_at):
    monkeypatch.setattr(shard_writer, "PART_ROWS", 5)
    workspace = open_bucket(str(tmp_path))

    def cut(page: int) -> None:
        if page == cut_at:
            raise BucketAccessError("the line is cut")

    def write(source) -> None:
        write_listing(
            source, {DataKind.PRODUCTION: "raw"}, workspace, FOLDER, filters=ListingFilters(), window=None, workers=2
        )

    with pytest.raises(BucketAccessError, match="the line is cut"):
        write(OneShard(bucket, cut))
    write(last := OneShard(bucket, lambda _: None))
    found = [key for rows in read_listing(workspace, FOLDER) for key in rows.keys]
    assert found == KEYS
    assert last.started_after in KEYS


def test_a_whole_account_is_listed_in_parts(bucket, tmp_path: Path):
    workspace = open_bucket(str(tmp_path))
    write_listing(bucket, {DataKind.PRODUCTION: ""}, workspace, FOLDER, filters=ListingFilters(), window=None)
    found = [key for rows in read_listing(workspace, FOLDER) for key in rows.keys]
    assert sorted(found) == sorted(KEYS)
