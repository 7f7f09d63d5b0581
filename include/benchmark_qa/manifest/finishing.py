"""From drafts to items: metadata is looked up, each unit is validated, and what is sound is rendered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from include.benchmark_qa.manifest.arrow import Column
from include.benchmark_qa.manifest.companions import Companions
from include.benchmark_qa.manifest.metadata.enrich import Draft, Enricher
from include.benchmark_qa.manifest.model import Problem, Unit, UnitType
from include.benchmark_qa.manifest.quarantine import Fault, Quarantine, Reason
from include.benchmark_qa.manifest.render import SECTIONS, render_item
from include.benchmark_qa.manifest.rules import FileRule, ManifestRules
from include.benchmark_qa.manifest.shard_writer import FRAME_BYTES, MAX_SHARD_URLS, Items
from include.benchmark_qa.manifest.validation import unit_faults

# With these a look into the object would only find the same again.
_HOPELESS = frozenset({Reason.EMPTY, Reason.UNSUPPORTED})


@dataclass(slots=True)
class Candidate:
    """
    A unit to be, or what keeps its objects from being one.

    ``row`` orders it among others; ``keys`` and ``sizes`` (bytes) are those of its objects.
    """

    row: int
    rule: FileRule
    source_key: str
    keys: Sequence[str]
    sizes: Sequence[int]
    made: Unit | tuple[Fault, ...]
    faults: list[Fault] = field(default_factory=list)


class Finisher:
    """
    Turns candidates into items, or quarantines their objects; counts what becomes of them.

    :param enricher: None where no rule looks anything up
    :param check: finds what else is wrong with a unit
    """

    def __init__(
        self,
        rules: ManifestRules,
        quarantine: Quarantine,
        companions: Companions,
        enricher: Enricher | None,
        check: Callable[[Unit], tuple[Problem, ...]] | None,
    ) -> None:
        self._room = rules.max_shard_bytes - FRAME_BYTES
        self._max_shard_bytes = rules.max_shard_bytes
        self._quarantine = quarantine
        self._companions = companions
        self._enricher = enricher
        self._check = check
        self.units: Counter[UnitType] = Counter()
        self.used = 0

    def count(self, unit_type: UnitType, units: int) -> None:
        """Count units of one object each that were rendered elsewhere."""
        if units:
            self.units[unit_type] += units
            self.used += units

    def finish(self, candidates: Sequence[Candidate]) -> list[Items]:
        """Return the items of the candidates that are sound."""
        for candidate in candidates:
            made = candidate.made
            candidate.faults += unit_faults(made, candidate.sizes) if isinstance(made, Unit) else made
        self._enrich([one for one in candidates if isinstance(one.made, Unit) and not _is_hopeless(one)])
        sound: dict[str, list[tuple[Candidate, bytes]]] = defaultdict(list)
        for candidate in candidates:
            item = self._render(candidate)
            if candidate.faults:
                self._quarantine.add_all(candidate.keys, candidate.faults)
            elif item is not None:
                sound[SECTIONS[candidate.rule.type]].append((candidate, item))
        return [self._items(section, finished) for section, finished in sound.items()]

    def _enrich(self, candidates: Sequence[Candidate]) -> None:
        open_ones = [one for one in candidates if not one.rule.metadata.is_plain]
        if not open_ones or self._enricher is None:
            return
        drafts = [
            Draft(one.made, tuple(one.sizes), one.rule.metadata) for one in open_ones if isinstance(one.made, Unit)
        ]
        for candidate, enriched in zip(open_ones, self._enricher.enrich(drafts), strict=True):
            if isinstance(enriched, Unit):
                candidate.made = enriched
                known = set(candidate.faults)
                candidate.faults += [one for one in unit_faults(enriched, candidate.sizes) if one not in known]
            else:
                candidate.faults += [_as_fault(problem) for problem in enriched]

    def _render(self, candidate: Candidate) -> bytes | None:
        unit = candidate.made
        if not isinstance(unit, Unit):
            return None
        if self._check is not None and not _is_hopeless(candidate):
            candidate.faults += [_as_fault(problem) for problem in self._check(unit)]
        try:
            item = render_item(unit)
        except (TypeError, orjson.JSONEncodeError) as error:
            reason = f"the metadata of {candidate.source_key!r} cannot be written as JSON: {error}"
            candidate.faults.append(Fault(Reason.METADATA, "clientMetadata", reason))
            return None
        if len(item) > self._room:
            reason = (
                f"{unit.type.value} {unit.title[:100]!r} takes {len(item)} bytes of manifest, and a shard holds "
                f"{self._max_shard_bytes} (max_shard_bytes); split it, or allow bigger shards"
            )
            candidate.faults.append(Fault(Reason.SIZE, "clientMetadata", reason))
        if len(unit.object_urls) > MAX_SHARD_URLS:
            reason = f"{unit.title!r} has {len(unit.object_urls)} objects; Encord takes {MAX_SHARD_URLS}: split it"
            candidate.faults.append(Fault(Reason.SIZE, "objectUrl", reason))
        return item

    def _items(self, section: str, finished: Sequence[tuple[Candidate, bytes]]) -> Items:
        import numpy as np
        import pyarrow as pa

        described: dict[str, list[str]] = defaultdict(list)
        for candidate, _ in finished:
            self.units[candidate.rule.type] += 1
            self.used += len(candidate.keys)
            if candidate.rule.metadata.sidecar is not None:
                described[candidate.rule.metadata.sidecar].append(candidate.source_key)
        for suffix, source_keys in described.items():
            self._companions.describe(suffix, source_keys)
        rendered: Column = pa.array([item for _, item in finished], pa.binary())
        rows = np.array([candidate.row for candidate, _ in finished])
        return Items(section, rows, rendered, np.array([len(candidate.keys) for candidate, _ in finished]))


def _is_hopeless(candidate: Candidate) -> bool:
    return any(fault.kind in _HOPELESS for fault in candidate.faults)


def _as_fault(problem: Problem) -> Fault:
    where = f"{problem.key}: " if problem.key else ""
    return Fault(Reason.METADATA, problem.field, f"{where}{problem.reason}")
