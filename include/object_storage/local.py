"""A plain folder as a bucket: keys are the paths of files below it, with slashes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from include.object_storage.errors import (
    BucketAccessError,
    BucketNotFoundError,
    ObjectKeyError,
    ObjectNotFoundError,
)
from include.object_storage.keys import check_web_address, url_path
from include.object_storage.protocol import BATCH_SIZE, ObjectBatch, Shard
from include.object_storage.sharding import check_window, within

# Files being written bear this name; one that a crash left behind is no object.
_TEMPORARY_PREFIX = ".object-storage-"
# Key, size in bytes, time of last modification, etag.
_Row = tuple[str, int, datetime, str]


class LocalBucket:
    """
    Follows ``Bucket`` for a folder. Etags are made of time and size, as a web server makes them.

    The folder appears with the first ``write``; to list or read one that is not there is an error. Keys stay
    below the folder; links to files are followed wherever they point, links to folders are not.
    """

    def __init__(self, root: Path, *, object_url_base: str | None = None) -> None:
        self.root = root
        self._url_base = (check_web_address("object_url_base", object_url_base) or root.as_uri()).rstrip("/")

    @property
    def uri(self) -> str:
        return self.root.as_uri()

    def shards(self, prefix: str = "") -> tuple[Shard, ...]:
        return (Shard(prefix),)

    def list_shard(self, shard: Shard, *, start_after: str = "") -> Iterator[ObjectBatch]:
        self._check_root()
        return self._batches(row for row in self._rows(shard.prefix) if row[0] > start_after)

    def list(
        self, prefix: str = "", *, modified_from: datetime | None = None, modified_until: datetime | None = None
    ) -> Iterator[ObjectBatch]:
        check_window(modified_from, modified_until)
        for batch in self.list_shard(Shard(prefix)):
            if wanted := within(batch, modified_from, modified_until):
                yield wanted

    def read(self, key: str) -> bytes:
        with self._errors(key):
            return self._path(key).read_bytes()

    def read_range(self, key: str, start: int, length: int) -> bytes:
        with self._errors(key), self._path(key).open("rb") as file:
            file.seek(start)
            return file.read(length)

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        path = self._path(key)
        with self._errors(key, writing=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f"{_TEMPORARY_PREFIX}{uuid4().hex}")
            try:
                with temporary.open("xb") as file:
                    _store(data, file)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)

    def create(self, key: str, data: bytes) -> bool:
        path = self._path(key)
        with self._errors(key, writing=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("xb") as file:
                    _store(data, file)
            except FileExistsError:
                return False
        return True

    def exists(self, key: str) -> bool:
        with self._errors(key):
            return self._path(key).is_file()

    @property
    def url_prefix(self) -> str:
        return f"{self._url_base}/"

    def url(self, key: str) -> str:
        return self.url_prefix + url_path(key)

    def _path(self, key: str) -> Path:
        segments = key.split("/")
        if "\0" in key or not {"", ".", ".."}.isdisjoint(segments):
            raise ObjectKeyError(
                f"key {key!r} is no path below {self.uri}: it must not be empty, begin or end with a slash, "
                "or have an empty, '.' or '..' segment"
            )
        return self.root.joinpath(*segments)

    def _check_root(self) -> None:
        if not self.root.is_dir():
            raise BucketNotFoundError(f"{self.uri}: there is no such folder; check the path and what is mounted")

    def _batches(self, rows: Iterator[_Row]) -> Iterator[ObjectBatch]:
        while batch := tuple(islice(rows, BATCH_SIZE)):
            try:
                yield ObjectBatch.of(*zip(*batch, strict=True))
            except UnicodeEncodeError as error:
                raise ObjectKeyError(
                    f"{self.uri}: the name of the file {error.object!r} is not valid UTF-8; rename it"
                ) from None

    def _rows(self, prefix: str) -> Iterator[_Row]:
        for key, entry in self._files(self.root, "", prefix):
            with self._errors(key):
                status = entry.stat()
            modified = datetime.fromtimestamp(status.st_mtime, tz=UTC)
            yield key, status.st_size, modified, f"{status.st_mtime_ns:x}-{status.st_size:x}"

    def _files(self, folder: Path, base: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Yield files in byte order of their keys, entering only folders that can hold the prefix."""
        with self._errors(base):
            entries = _in_key_order(os.scandir(folder))
        for key_part, entry in entries:
            key = base + key_part
            if entry.is_dir(follow_symlinks=False):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._files(Path(entry.path), key, prefix)
            elif key.startswith(prefix) and entry.is_file() and not entry.name.startswith(_TEMPORARY_PREFIX):
                yield key, entry

    @contextmanager
    def _errors(self, key: str, *, writing: bool = False) -> Iterator[None]:
        where = f"{self.uri}/{key}"
        try:
            yield
        except OSError as error:
            if not writing and isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
                self._check_root()
                raise ObjectNotFoundError(f"{where}: there is no such file; check the key") from None
            reason = error.strerror or type(error).__name__
            raise BucketAccessError(f"{where}: {reason}; check the permissions and the disk") from error


def _in_key_order(entries: Iterable[os.DirEntry[str]]) -> list[tuple[str, os.DirEntry[str]]]:
    # A folder sorts as its name with a slash, so that "a-b" comes before "a/x", as it does in S3.
    named = [(entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name, entry) for entry in entries]
    return sorted(named, key=lambda pair: os.fsencode(pair[0]))


def _store(data: bytes | BinaryIO, file: BinaryIO) -> None:
    if isinstance(data, bytes):
        file.write(data)
    else:
        shutil.copyfileobj(data, file)
    file.flush()
    os.fsync(file.fileno())  # else a power cut may leave the new name with no content
