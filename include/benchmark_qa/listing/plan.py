"""What a listing is going to do, stored before it begins, so that a run after a kill does the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import DataKind, ListingError, ListingSource
from include.benchmark_qa.workspace import Workspace

PLAN_NAME = "plan.json"
INDEX_NAME = "listing_index.json"
FORMAT = 2

# What was listed long ago no longer says what the bucket holds.
RESUME_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """A part of the bucket that is listed on its own; follows ``PlannedShard``."""

    number: int
    kind: DataKind
    prefix: str
    is_level: bool


@dataclass(frozen=True, slots=True)
class ListingSettings:
    """What makes two listings the same: which bucket, which prefixes, and what of them."""

    uri: str
    prefixes: Mapping[DataKind, str]
    filters: ListingFilters
    window: tuple[datetime, datetime] | None

    def __post_init__(self) -> None:
        for limit in self.window or ():
            if limit.tzinfo is None:
                raise ValueError(f"the window's limit {limit.isoformat()} needs a time zone")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON holds them; equal settings give equal mappings."""
        return {
            "format": FORMAT,
            "uri": self.uri,
            "prefixes": {kind.value: prefix for kind, prefix in self.prefixes.items()},
            "filters": self.filters.model_dump(mode="json"),
            "window": [limit.astimezone(UTC).isoformat() for limit in self.window or ()],
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The shards of a listing in their order, and the name of this plan, which no other plan has."""

    name: str
    shards: tuple[ShardPlan, ...]


def ensure_plan(
    source: ListingSource,
    settings: ListingSettings,
    workspace: Workspace,
    folder: str,
    *,
    not_before: datetime | None = None,
) -> Plan:
    """
    Return the plan that an interrupted listing left in the folder, or store a new one.

    A listing that came to its end, one of other settings, and one that began more than a day ago are left alone: a
    new plan begins anew under its own name.

    :param not_before: a listing that began earlier is left alone, too
    :raises ListingError: the source's shards have keys in common
    """
    if found := _unfinished(settings, workspace, folder, not_before):
        return found
    shards = [
        ShardPlan(0, kind, shard.prefix, shard.is_level)
        for kind, prefix in settings.prefixes.items()
        for shard in source.shards(prefix)
    ]
    check_apart(shards)
    plan = {
        "started": datetime.now(UTC).isoformat(),
        "settings": settings.to_dict(),
        "shards": [{"kind": shard.kind, "prefix": shard.prefix, "is_level": shard.is_level} for shard in shards],
    }
    data = orjson.dumps(plan, option=orjson.OPT_INDENT_2)
    workspace.write(f"{folder}{PLAN_NAME}", data)
    return _read_plan(data)


def check_apart(shards: Iterable[ShardPlan]) -> None:
    """
    Make sure that no key can be in two shards.

    :raises ListingError: one can; the message names both prefixes
    """
    enclosing: list[ShardPlan] = []  # each one's prefix begins with the one's before
    for shard in sorted(shards, key=lambda shard: shard.prefix):
        while enclosing and not shard.prefix.startswith(enclosing[-1].prefix):
            enclosing.pop()
        for outer in enclosing:
            # A level has no key with a further slash, so it shares none with what lies beyond one.
            if not outer.is_level or "/" not in shard.prefix.removeprefix(outer.prefix):
                raise ListingError(f"two parts of the listing overlap: {outer.prefix!r} and {shard.prefix!r}")
        enclosing.append(shard)


def _unfinished(
    settings: ListingSettings, workspace: Workspace, folder: str, not_before: datetime | None
) -> Plan | None:
    if not workspace.exists(f"{folder}{PLAN_NAME}"):
        return None
    data = workspace.read(f"{folder}{PLAN_NAME}")
    stored = orjson.loads(data)
    if stored["settings"] != settings.to_dict():
        return None
    started, oldest = datetime.fromisoformat(stored["started"]), datetime.now(UTC) - RESUME_WITHIN
    if started < max(oldest, not_before or oldest):
        return None
    plan = _read_plan(data)
    index_key = f"{folder}{INDEX_NAME}"
    if workspace.exists(index_key) and orjson.loads(workspace.read(index_key))["plan"] == plan.name:
        return None
    return plan


def _read_plan(data: bytes) -> Plan:
    shards = (
        ShardPlan(number, DataKind(shard["kind"]), shard["prefix"], shard["is_level"])
        for number, shard in enumerate(orjson.loads(data)["shards"])
    )
    return Plan(hashlib.blake2b(data, digest_size=8).hexdigest(), tuple(shards))
