from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from include.object_storage import (
    BucketAccessError,
    BucketNotFoundError,
    ObjectKeyError,
    ObjectNotFoundError,
    open_bucket,
)


class BreaksOff:
    """A file that fails after its first part."""

    def __init__(self) -> None:
        self.parts = [b"half"]

    def read(self, size: int = -1) -> bytes:
        if self.parts:
            return self.parts.pop()
        raise ConnectionResetError("gone")


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "", "a//b", "./a", "a/", "a\0b", ".."])
@pytest.mark.parametrize("use", ["read", "write", "exists"])
def test_keys_that_would_leave_the_root_are_refused(tmp_path, key, use):
    bucket = open_bucket(str(tmp_path / "root"))
    with pytest.raises(ObjectKeyError, match="is no path below file://"):
        bucket.write(key, b"") if use == "write" else getattr(bucket, use)(key)
    assert not list(tmp_path.rglob("*"))


def test_missing_folder_is_an_error_to_read_and_appears_with_a_write(tmp_path):
    bucket = open_bucket(str(tmp_path / "new"))
    with pytest.raises(BucketNotFoundError, match="/new: there is no such folder"):
        list(bucket.list())
    with pytest.raises(BucketNotFoundError, match="/new: there is no such folder"):
        bucket.read("x")
    assert not bucket.exists("x")
    bucket.write("x", b"1")
    assert [batch.keys for batch in bucket.list()] == [("x",)]


def test_write_that_breaks_off_leaves_the_old_content_and_no_litter(tmp_path):
    bucket = open_bucket(str(tmp_path))
    bucket.write("x", b"old")
    with pytest.raises(BucketAccessError, match="/x: "):
        bucket.write("x", BreaksOff())
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert bucket.read("x") == b"old"


def test_readers_never_see_half_a_file(tmp_path):
    bucket = open_bucket(str(tmp_path))
    contents = [bytes([letter]) * 2_000_000 for letter in b"ab"]
    bucket.write("x", contents[0])
    writer = threading.Thread(target=lambda: [bucket.write("x", contents[turn % 2]) for turn in range(20)])
    writer.start()
    seen = [bucket.read("x")]
    while writer.is_alive():
        seen.append(bucket.read("x"))
    writer.join()
    assert all(content in contents for content in seen)


def test_what_a_killed_write_left_behind_is_no_object(tmp_path):
    (tmp_path / ".object-storage-0123").write_bytes(b"half")
    (tmp_path / ".hidden").write_bytes(b"mine")
    assert [batch.keys for batch in open_bucket(str(tmp_path)).list()] == [(".hidden",)]


def test_written_files_obey_the_umask(tmp_path):
    old = os.umask(0o022)
    try:
        open_bucket(str(tmp_path)).write("x", b"")
    finally:
        os.umask(old)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o644


def test_a_folder_is_no_object(tmp_path):
    bucket = open_bucket(str(tmp_path))
    bucket.write("dir/x", b"")
    with pytest.raises(ObjectNotFoundError, match="/dir: there is no such file"):
        bucket.read("dir")
    with pytest.raises(ObjectNotFoundError, match="/dir/x/y: there is no such file"):
        bucket.read("dir/x/y")
    with pytest.raises(BucketAccessError, match="/dir/x/y: "):
        bucket.write("dir/x/y", b"")


def test_lists_more_than_a_thousand_files_in_batches(tmp_path):
    for number in range(1001):
        (tmp_path / f"{number:04d}").touch()
    assert [len(batch) for batch in open_bucket(str(tmp_path)).list()] == [1000, 1]


def test_a_listing_goes_on_after_a_key(tmp_path):
    for name in ("a", "b/x", "b-1", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    bucket = open_bucket(str(tmp_path))
    (shard,) = bucket.shards()
    found = [key for batch in bucket.list_shard(shard, start_after="b-1") for key in batch.keys]
    assert found == ["b/x", "c"]


def test_a_name_that_is_not_utf8_is_refused_by_name(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).touch()
    with pytest.raises(ObjectKeyError, match=r"caf.*jpg.* is not valid UTF-8; rename it"):
        list(open_bucket(str(tmp_path)).list())


def test_links_to_folders_are_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    assert [batch.keys for batch in open_bucket(str(tmp_path)).list()] == [("real/x",)]


def test_etag_changes_with_the_content(tmp_path):
    bucket = open_bucket(str(tmp_path))
    bucket.write("x", b"1")
    (first,) = bucket.list()
    bucket.write("x", b"22")
    (second,) = bucket.list()
    assert first.etags != second.etags


def test_url_is_a_file_url(tmp_path: Path):
    assert open_bucket("/data/a b").url("c#d/é.jpg") == "file:///data/a%20b/c%23d/%C3%A9.jpg"


def test_url_base_replaces_the_folder(tmp_path):
    bucket = open_bucket(str(tmp_path), object_url_base="https://files.example/demo/")
    assert bucket.url("a b.jpg") == "https://files.example/demo/a%20b.jpg"
