"""
Whole groups for a listing of one stretch of time.

An image group or a series whose files were modified in several intervals is one unit, and Encord takes a unit once,
with all of its files. So when an interval's listing has a file of a group, the other files are listed beside it,
whenever they were modified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.listing.model import DataKind, ListingSource, ObjectColumns
from include.benchmark_qa.listing.plan import ShardPlan
from include.benchmark_qa.manifest.rules import FileRule, ManifestRules
from include.benchmark_qa.manifest.units import captures_of

if TYPE_CHECKING:
    import pyarrow as pa

_Group: TypeAlias = tuple[int, str]
"""The rule's number, and the value of its capture; the number -1, and a directory."""


@dataclass(frozen=True)
class _Rows:
    arrow: pa.RecordBatch


@dataclass
class WholeGroups:
    """
    Adds to a listing the other files of the groups that it has files of.

    Groups by directory take one look at each directory; groups by pattern, if there are any, one more listing of the
    prefix. Of a DICOM series (``group_by: series``), the files beside those that are listed are found.

    :param source: the bucket
    :param prefix: under which the listing was made
    :param start: where the stretch of time begins
    """

    source: ListingSource
    rules: ManifestRules
    kind: DataKind
    prefix: str
    filters: ListingFilters
    start: datetime
    added: int = 0
    grown: set[str] = field(default_factory=set)
    """Groups with files from before the stretch of time: an earlier run may have registered them without the rest."""

    def completed(self, batches: Iterable[ObjectColumns]) -> Iterator[ObjectColumns]:
        """Yield a listing's batches, then what is missing of its groups; both have key, size and modified."""
        if not any(rule.type.is_group for rule in self.rules.rules):
            yield from batches
            return
        listed: dict[str, _Group] = {}
        for batch in batches:
            for key in _values(batch.arrow, "key"):
                if group := self._group(key):
                    listed[key] = group
            yield batch
        groups = set(listed.values())
        for rows in self._looks(groups):
            yield _Rows(self._missing(rows, groups, listed))

    def _group(self, key: str) -> _Group | None:
        if not key.startswith(self.prefix):
            return None
        relative = key.removeprefix(self.prefix)
        rule = self.rules.rule_for(relative)
        if rule is None or not rule.type.is_group:
            return None
        if rule.grouping == "pattern":
            return self._number(rule), str(captures_of(rule, relative).get("group"))
        return -1, key.rpartition("/")[0] + "/"

    def _number(self, rule: FileRule) -> int:
        return next(number for number, one in enumerate(self.rules.rules) if one is rule)

    def _looks(self, groups: Iterable[_Group]) -> Iterator[pa.RecordBatch]:
        """Yield whatever lies where files of the groups may be."""
        directories = sorted(name for number, name in groups if number < 0)
        places = [ShardPlan(0, self.kind, directory, is_level=True) for directory in directories]
        if any(number >= 0 for number, _ in groups):
            places = [ShardPlan(0, self.kind, one.prefix, one.is_level) for one in self.source.shards(self.prefix)]
        for place in places:
            for batch in self.source.list_shard(place, start_after=""):
                yield self.filters.kept(batch.arrow, self.prefix)

    def _missing(self, rows: pa.RecordBatch, groups: set[_Group], listed: dict[str, _Group]) -> pa.RecordBatch:
        """Return the rows that belong to the groups and are not listed yet."""
        import pyarrow as pa

        wanted: list[bool] = []
        for key, modified in zip(_values(rows, "key"), _values(rows, "modified"), strict=True):
            group = None if key in listed else self._group(key)
            wanted.append(group is not None and group in groups)
            if group is not None and group in groups and modified < self.start:
                self.grown.add(group[1])
        self.added += sum(wanted)
        return rows.filter(pa.array(wanted, type=pa.bool_()))


def _values(rows: pa.RecordBatch, column: str) -> list[Any]:
    return rows.column(column).to_pylist()
