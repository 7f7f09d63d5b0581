"""A workspace and a bucket in memory, and manifests made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.generate import generate_manifest
from include.benchmark_qa.manifest.model import Unit
from include.benchmark_qa.manifest.quarantine import QUARANTINE_NAME
from include.benchmark_qa.manifest.render import read_shard
from include.benchmark_qa.manifest.rules import ManifestRules
from include.benchmark_qa.manifest.shards import INDEX_NAME, ManifestIndex, read_index
from include.benchmark_qa.manifest.units import Place
from include.object_storage.keys import url_path
from tests.support.listings import listed

URL_PREFIX = "https://bucket.s3.eu-west-1.amazonaws.com/"
FOLDER = "manifest/production/"


class MemoryWorkspace:
    """Files in a dict, in the order in which they were written."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, key: str) -> bytes:
        return self.files[key]

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        self.files.pop(key, None)
        self.files[key] = data if isinstance(data, bytes) else data.read()

    def exists(self, key: str) -> bool:
        return key in self.files

    def list(self, prefix: str = "") -> Any:
        raise NotImplementedError


class MemoryBucket:
    """Objects in a dict, for rules that read them."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self._objects = objects

    def read(self, key: str) -> bytes:
        return self._objects[key]

    def read_range(self, key: str, start: int, length: int) -> bytes:
        return self._objects[key][start : start + length]

    def exists(self, key: str) -> bool:
        return key in self._objects

    @property
    def listing(self) -> list[tuple[str, int]]:
        return [(key, len(content)) for key, content in self._objects.items()]


@dataclass(frozen=True)
class Made:
    index: ManifestIndex
    files: dict[str, bytes]

    @property
    def shards(self) -> list[list[Unit]]:
        return [read_shard(self.files[FOLDER + shard.name], self.index.url_prefix) for shard in self.index.shards]

    @property
    def units(self) -> list[Unit]:
        return [unit for shard in self.shards for unit in shard]

    @property
    def quarantine(self) -> dict[str, str]:
        """Why each object was left out; no object is in it twice."""
        lines = quarantine_lines(self.files)
        reasons = {line["key"]: line["reason"] for line in lines}
        assert len(reasons) == len(lines) == self.index.quarantined
        return reasons


def quarantine_lines(files: dict[str, bytes]) -> list[dict[str, str]]:
    return [orjson.loads(line) for line in files[FOLDER + QUARANTINE_NAME].splitlines()]


def place(prefix: str = "production/", url_prefix: str = URL_PREFIX) -> Place:
    return Place("s3://bucket", prefix, lambda key: url_prefix + url_path(key), url_prefix)


def make(
    *batches: Iterable[str | tuple[str, int]],
    rules: Iterable[dict[str, Any]] | None = None,
    where: Place | None = None,
    kind: DataKind = DataKind.PRODUCTION,
    workspace: MemoryWorkspace | None = None,
    reader: Any = None,
    check: Any = None,
    **settings: Any,
) -> Made:
    """Return the manifest of some batches of objects: keys, or pairs of key and size."""
    workspace = workspace or MemoryWorkspace()
    given = settings if rules is None else settings | {"rules": list(rules)}
    index = generate_manifest(
        [listed(*batch) for batch in batches],
        ManifestRules.model_validate(given),
        kind,
        place=where or place(),
        workspace=workspace,
        folder=FOLDER,
        reader=reader,
        check=check,
    )
    assert index == read_index(workspace.files[FOLDER + INDEX_NAME])
    assert list(workspace.files)[-1] == FOLDER + INDEX_NAME, "the index is written last"
    assert index.listed == sum(map(len, map(list, batches))) == index.used + index.quarantined
    assert sum(index.reasons.values()) == index.quarantined
    return Made(index, workspace.files)
