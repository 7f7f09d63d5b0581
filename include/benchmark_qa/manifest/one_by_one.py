"""Objects that are looked at one by one: whatever is odd about them, and what a rule has to read."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.extensions import is_known
from include.benchmark_qa.manifest.finishing import Candidate
from include.benchmark_qa.manifest.grouping import GroupStore
from include.benchmark_qa.manifest.metadata.enrich import ObjectReader
from include.benchmark_qa.manifest.quarantine import Fault, Quarantine, Reason
from include.benchmark_qa.manifest.rules import FileRule, ManifestRules
from include.benchmark_qa.manifest.units import Place, captures_of, make_unit
from include.benchmark_qa.manifest.validation import key_fault

_READERS = 16


class OneByOne:
    """Finds each object's rule, puts files of groups with their group, and leaves out what has no rule."""

    def __init__(
        self,
        rules: ManifestRules,
        kind: DataKind,
        place: Place,
        quarantine: Quarantine,
        groups: GroupStore,
        reader: ObjectReader | None,
    ) -> None:
        self._rules = rules.rules
        self._kind = kind
        self._place = place
        self._quarantine = quarantine
        self._groups = groups
        self._reader = reader

    def candidates(self, objects: Iterable[tuple[int, str, int]]) -> list[Candidate]:
        """Return the single files among objects, given as row, key and size in bytes; keep the files of groups."""
        made: list[Candidate] = []
        grouped: dict[int, list[tuple[str, str, int]]] = {}
        unread: dict[int, list[tuple[str, int]]] = {}
        for row, key, size in objects:
            index = self._rule_of(key)
            if isinstance(index, Fault):
                self._quarantine.add(key, [index])
            elif not (rule := self._rules[index]).type.is_group:
                made.append(self._single(row, rule, key, size))
            elif rule.grouping == "series":
                unread.setdefault(index, []).append((key, size))
            elif isinstance(source_key := self._source_key(rule, key), Fault):
                self._quarantine.add(key, [source_key])
            else:
                grouped.setdefault(index, []).append((source_key, key, size))
        for index, files in unread.items():
            grouped[index] = self._read_series(files)
        for index, members in grouped.items():
            self._keep(index, members)
        return made

    def _rule_of(self, key: str) -> int | Fault:
        relative = self._place.relative(key)
        if fault := key_fault(key, relative):
            return fault
        for index, rule in enumerate(self._rules):
            if rule.matches(relative):
                return index
        name = key.rpartition("/")[2]
        if "." in name[1:] and not is_known(name):
            return Fault(Reason.UNSUPPORTED, "objectUrl", "has an extension that Encord does not support")
        return Fault(Reason.NO_RULE, "objectUrl", "matches no rule of the manifest; add one, or filter it out")

    def _single(self, row: int, rule: FileRule, key: str, size: int) -> Candidate:
        captures = captures_of(rule, self._place.relative(key))
        made = make_unit(rule, self._kind, self._place, source_key=key, keys=(key,), captures=captures)
        return Candidate(row, rule, key, (key,), (size,), made)

    def _source_key(self, rule: FileRule, key: str) -> str | Fault:
        if rule.grouping == "directory":
            directory = key.rpartition("/")[0]
            reason = "is to be grouped by directory and is in none; move it into one"
            return directory or Fault(Reason.GROUP, "key", reason)
        group = captures_of(rule, self._place.relative(key))["group"]
        reason = "the capture 'group' took no part in the match, so the object belongs to no group; correct the pattern"
        return self._place.prefix + group if group else Fault(Reason.CAPTURE, "group", reason)

    def _read_series(self, files: list[tuple[str, int]]) -> list[tuple[str, str, int]]:
        """Return the files with the SeriesInstanceUID of each, and leave out those without."""
        with ThreadPoolExecutor(_READERS) as pool:
            found = pool.map(self._series_of, files)
            members = []
            for (key, size), series in zip(files, found, strict=True):
                if isinstance(series, Fault):
                    self._quarantine.add(key, [series])
                else:
                    members.append((series, key, size))
        return members

    def _series_of(self, file: tuple[str, int]) -> str | Fault:
        from include.benchmark_qa.manifest.metadata.dicom import series_uid

        key, size = file
        if size == 0:
            return Fault(Reason.EMPTY, "size", "is empty; write it again or remove it")
        if self._reader is None:
            raise RuntimeError("generate_manifest checks that there is a reader")
        try:
            return series_uid(self._reader, key, size)
        except ValueError as error:
            return Fault(Reason.METADATA, "SeriesInstanceUID", str(error))

    def _keep(self, index: int, members: list[tuple[str, str, int]]) -> None:
        import pyarrow as pa

        if members:
            source_keys, keys, sizes = zip(*members, strict=True)
            self._groups.add(index, pa.array(source_keys), pa.array(keys), sizes)
