"""
From a listing to the files of a manifest.

Most objects of most buckets are single files with a simple key and a rule of templates: these are assigned to their
rules, checked and rendered as columns, thousands at a time (``columns``, ``item_columns``). All others, whatever is odd
about them, are made into units one by one (``one_by_one``, ``grouping``, ``finishing``). Both ways give the same bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.arrow import Column, lengths
from include.benchmark_qa.manifest.assignment import Assignment
from include.benchmark_qa.manifest.companions import Companions
from include.benchmark_qa.manifest.finishing import Candidate, Finisher
from include.benchmark_qa.manifest.grouping import Group, GroupStore
from include.benchmark_qa.manifest.item_columns import ItemColumns, is_regular
from include.benchmark_qa.manifest.key_set import KeySet
from include.benchmark_qa.manifest.metadata.enrich import Enricher, ObjectReader
from include.benchmark_qa.manifest.model import ManifestError, Problem, Unit
from include.benchmark_qa.manifest.one_by_one import OneByOne
from include.benchmark_qa.manifest.quarantine import QUARANTINE_NAME, Fault, Quarantine, Reason, describe
from include.benchmark_qa.manifest.render import SECTIONS
from include.benchmark_qa.manifest.rules import FileRule, ManifestRules
from include.benchmark_qa.manifest.shard_writer import FRAME_BYTES, Items, ShardWriter, merged
from include.benchmark_qa.manifest.shards import INDEX_NAME, ManifestIndex, render_index
from include.benchmark_qa.manifest.units import Place, make_unit
from include.benchmark_qa.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

# Rows that are columns at the same time: enough to forget the cost of a call, few enough to stay in the cache.
CHUNK_ROWS = 8_192
_GROUPS_AT_ONCE = 256
_FILES_AT_ONCE = 20_000

Check = Callable[[Unit], tuple[Problem, ...]]


class ObjectColumns(Protocol):
    """A batch of objects as Arrow: at least the columns ``key`` (raw) and ``size`` (bytes)."""

    @property
    def arrow(self) -> pa.RecordBatch:
        """The columns."""


def generate_manifest(
    batches: Iterable[ObjectColumns],
    rules: ManifestRules,
    kind: DataKind,
    *,
    place: Place,
    workspace: Workspace,
    folder: str,
    reader: ObjectReader | None = None,
    check: Check | None = None,
    enricher: Enricher | None = None,
) -> ManifestIndex:
    """
    Write the manifest of listed objects: shards, then ``quarantine.jsonl``, and last the index.

    Units are in the order of the listing, then groups by what they are known by. The same listing and rules give the
    same bytes, so doing it again does no harm. Memory does not grow with single files, and by about a hundred bytes
    with each file of a group.

    :param batches: consumed once
    :param place: where the objects are
    :param folder: a prefix of keys in the workspace that ends in a slash
    :param reader: the bucket, for rules that look into objects
    :param check: finds what else is wrong with a unit
    :param enricher: reads tables once for several manifests, and then knows which rows none of them used
    :raises ManifestError: a rule looks into objects and there is no reader; or, with ``strict`` rules, there is
        something wrong with any object: all of it is in ``quarantine.jsonl``, and the first problems in the message
    """
    with tempfile.TemporaryFile() as lines:
        quarantine = Quarantine(place.uri, lines)
        shards = ShardWriter(rules, lambda name, data: workspace.write(f"{folder}{name}", data))
        generator = _Generator(rules, kind, place, shards, quarantine, reader, check, enricher)
        for batch in batches:
            for start in range(0, batch.arrow.num_rows, CHUNK_ROWS):
                rows = batch.arrow.slice(start, CHUNK_ROWS)
                generator.add(rows.column("key"), rows.column("size"))
        generator.finish()
        lines.seek(0)
        workspace.write(f"{folder}{QUARANTINE_NAME}", lines)
    if rules.strict and quarantine.faults:
        raise ManifestError(f"{describe(quarantine.first, quarantine.faults)}\nAll are in {folder}{QUARANTINE_NAME}")
    index = ManifestIndex(
        kind=kind,
        url_prefix=place.url_prefix,
        shards=tuple(shards.shards),
        listed=generator.listed,
        used=generator.finisher.used,
        quarantined=quarantine.objects,
        units={unit_type.value: count for unit_type, count in sorted(generator.finisher.units.items())},
        reasons={reason.value: count for reason, count in sorted(quarantine.reasons.items())},
    )
    workspace.write(f"{folder}{INDEX_NAME}", render_index(index))
    return index


class _Generator:
    """Takes objects in chunks, and gives their items to the shards."""

    def __init__(
        self,
        rules: ManifestRules,
        kind: DataKind,
        place: Place,
        shards: ShardWriter,
        quarantine: Quarantine,
        reader: ObjectReader | None,
        check: Check | None,
        enricher: Enricher | None,
    ) -> None:
        self._rules = rules.rules
        self._kind = kind
        self._place = place
        self._shards = shards
        self._quarantine = quarantine
        self._seen = KeySet()
        self._companions = Companions(rules.rules)
        self._groups = GroupStore(rules.rules, place.prefix)
        enricher = enricher or _enricher(rules, reader, place.uri)
        self.finisher = Finisher(rules, quarantine, self._companions, enricher, check)
        self._one_by_one = OneByOne(rules, kind, place, quarantine, self._groups, reader)
        self._room = rules.max_shard_bytes - FRAME_BYTES
        try:
            self._assignment: Assignment | None = Assignment(rules.rules, place.prefix) if is_regular(place) else None
        except ValueError:  # an expression that only Python can read
            self._assignment = None
        self._renderers = [self._renderer(index, rule, check) for index, rule in enumerate(rules.rules)]
        self._rows = 0
        self.listed = 0

    def _renderer(self, index: int, rule: FileRule, check: Check | None) -> ItemColumns | None:
        if self._assignment is None or rule.type.is_group or not rule.metadata.is_plain or check is not None:
            return None
        return ItemColumns(rule, self._assignment.columns[index], self._kind, self._place.url_prefix)

    def add(self, keys: Column, sizes: Column) -> None:
        """Take some objects: a string array of keys, and one of sizes in bytes."""
        import numpy as np

        self.listed += len(keys)
        keys, sizes = self._distinct(keys, sizes.to_numpy())
        left = np.ones(len(keys), bool)
        parts: list[Items] = []
        if self._assignment is not None:
            simple = self._assignment.simple(keys) & (sizes > 0)
            for index, rows, chosen in self._assignment.assign(keys, simple):
                left[rows] = ~self._as_columns(index, rows, chosen, sizes[rows], parts)
        if left.any():
            rows = np.flatnonzero(left)
            odd = zip((rows + self._rows).tolist(), keys.take(rows).to_pylist(), sizes[rows].tolist(), strict=True)
            parts += self.finisher.finish(self._one_by_one.candidates(odd))
        self._shards.add(merged(parts))
        self._rows += len(keys)

    def _distinct(self, keys: Column, sizes: Any) -> tuple[Column, Any]:
        """Return the objects without what cannot be read, what was listed before, and what describes others."""
        import numpy as np
        import pyarrow as pa

        try:
            keys.validate(full=True)
        except pa.ArrowInvalid:
            readable = np.array([_is_utf8(key) for key in keys.cast(pa.binary()).to_pylist()])
            for key in keys.cast(pa.binary()).filter(pa.array(~readable)).to_pylist():
                fault = Fault(Reason.KEY, "key", "is not valid UTF-8; rename the object")
                self._quarantine.add(key.decode(errors="backslashreplace"), [fault])
            keys, sizes = keys.filter(pa.array(readable)), sizes[readable]
        if (again := self._seen.add(keys)).any():
            reason = "the listing names this object twice; the first counts: list the bucket again"
            self._quarantine.add_all(keys.filter(pa.array(again)).to_pylist(), [Fault(Reason.REPEATED, "key", reason)])
            keys, sizes = keys.filter(pa.array(~again)), sizes[~again]
        if (set_aside := self._companions.take(keys)).any():
            keys, sizes = keys.filter(pa.array(~set_aside)), sizes[~set_aside]
        return keys, sizes

    def _as_columns(self, index: int, rows: Any, keys: Column, sizes: Any, parts: list[Items]) -> Any:
        """Take keys of one rule as columns, as far as that can be done, and tell which those are."""
        import numpy as np
        import pyarrow as pa

        rule, renderer, assignment = self._rules[index], self._renderers[index], self._assignment
        if renderer is not None:
            items, fine = renderer.render(keys)
            fine &= lengths(items) <= self._room
            if not fine.all():
                items = items.filter(pa.array(fine))
            parts.append(Items(SECTIONS[rule.type], rows[fine] + self._rows, items, np.ones(len(items), np.int64)))
            self.finisher.count(rule.type, len(items))
            return fine
        if assignment is None or not rule.type.is_group or rule.grouping == "series":
            return np.zeros(len(rows), bool)
        source_keys, fine = assignment.source_keys(index, keys)
        wanted = pa.array(fine)
        self._groups.add(index, source_keys.filter(wanted), keys.filter(wanted), sizes[fine])
        return fine

    def finish(self) -> None:
        """Make the groups, settle what describes units, and write the last shard."""
        candidates: list[Candidate] = []
        files = 0
        for group in self._groups.groups():
            candidates.append(self._group(group))
            files += len(group.keys)
            if len(candidates) == _GROUPS_AT_ONCE or files > _FILES_AT_ONCE:
                self._shards.add(merged(self.finisher.finish(candidates)))
                candidates, files = [], 0
        self._shards.add(merged(self.finisher.finish(candidates)))
        self._shards.flush()
        for key, describes in self._companions.settle():
            if describes:
                self.finisher.used += 1
            else:
                fault = Fault(
                    Reason.COMPANION, "key", "is named like a sidecar, and describes no unit of this manifest"
                )
                self._quarantine.add(key, [fault])

    def _group(self, group: Group) -> Candidate:
        made = make_unit(
            group.rule,
            self._kind,
            self._place,
            source_key=group.source_key,
            keys=group.keys,
            captures=group.captures,
        )
        self._rows += 1
        return Candidate(self._rows, group.rule, group.source_key, group.keys, group.sizes, made, list(group.faults))


def _enricher(rules: ManifestRules, reader: ObjectReader | None, uri: str) -> Enricher | None:
    for number, rule in enumerate(rules.rules):
        if reader is None and not (rule.metadata.is_plain and rule.grouping != "series"):
            raise ManifestError(f"rules.{number} looks into objects, and there is no bucket to read them from")
    return None if reader is None else Enricher(reader, uri)


def _is_utf8(key: bytes) -> bool:
    try:
        key.decode()
    except UnicodeDecodeError:
        return False
    return True
