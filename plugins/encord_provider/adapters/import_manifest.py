"""A manifest in the workspace, as an import reads it: shard by shard, never whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from include.benchmark_qa.manifest.render import read_shard
from include.benchmark_qa.manifest.shards import INDEX_NAME, ManifestIndex, ShardInfo, read_index

if TYPE_CHECKING:
    from include.benchmark_qa.manifest.model import Unit
    from include.object_storage.protocol import Bucket


@dataclass(frozen=True)
class Manifest:
    """
    A manifest in the workspace, whose units are read shard by shard.

    :param folder: key of its folder, with a slash at the end
    """

    workspace: Bucket
    folder: str

    @cached_property
    def digest(self) -> str:
        """What tells this manifest from any other of the same place."""
        return hashlib.sha256(self._index_bytes).hexdigest()

    @cached_property
    def index(self) -> ManifestIndex:
        """What is in it."""
        return read_index(self._index_bytes)

    @cached_property
    def shards(self) -> dict[str, ShardInfo]:
        """Its files by name, in order."""
        return {info.name: info for info in self.index.shards}

    def units(self, shard: str) -> list[Unit]:
        """Return the units of a shard."""
        return read_shard(self.workspace.read(f"{self.folder}{shard}"), self.index.url_prefix)

    @cached_property
    def _index_bytes(self) -> bytes:
        return self.workspace.read(f"{self.folder}{INDEX_NAME}")
