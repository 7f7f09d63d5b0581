"""What came of an import: counts that add up, and the name of everything that was left out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID

import orjson

from include.benchmark_qa import paths

if TYPE_CHECKING:
    from encord_provider.adapters.importer import Fate, KindImport
    from include.benchmark_qa.manifest.shards import ManifestIndex
    from include.object_storage.protocol import Bucket

_NAMED = 5
_NO_REASON = (
    "Encord gave no reason and the folder has no such item: look at the upload job in Encord's web app, and whether an "
    "item of this URL is in another folder"
)


@dataclass(slots=True)
class Tally:
    """Units, and the objects that they are made of."""

    units: int = 0
    objects: int = 0

    def add(self, objects: int) -> None:
        """Count a unit of so many objects."""
        self.units += 1
        self.objects += objects


@dataclass(slots=True)
class KindReport:
    """
    What became of what was listed of one kind.

    Counted in objects, ``listed == registered + already_there + metadata_files + quarantined``, where
    ``metadata_files`` are sidecars and tables, whose content came along with the units that they describe, and
    ``quarantined`` is what the manifest left out and what Encord did not register. ``items`` are the uuids of the
    items that units have, ``refused`` the first units without one, each with the reason.
    """

    kind: str
    index: ManifestIndex
    registered: Tally = field(default_factory=Tally)
    already_there: Tally = field(default_factory=Tally)
    not_registered: Tally = field(default_factory=Tally)
    items: bytearray = field(default_factory=bytearray)
    refused: list[str] = field(default_factory=list)

    @property
    def metadata_files(self) -> int:
        """How many objects only describe others."""
        in_units = self.registered.objects + self.already_there.objects + self.not_registered.objects
        return self.index.used - in_units

    @property
    def quarantined(self) -> int:
        """How many objects were left out, by the manifest or by Encord."""
        return self.index.quarantined + self.not_registered.objects

    def item_uuids(self) -> Iterator[str]:
        """Yield the uuids of the items that units have, in the manifest's order."""
        return (str(UUID(bytes=bytes(self.items[place : place + 16]))) for place in range(0, len(self.items), 16))

    def check(self) -> None:
        """
        Make sure that the sums are right.

        :raises ArithmeticError: they are not: a fault of this program
        """
        units = self.registered.units + self.already_there.units + self.not_registered.units
        objects = self.registered.objects + self.already_there.objects + self.metadata_files + self.quarantined
        if units != sum(self.index.units.values()) or objects != self.index.listed or self.metadata_files < 0:
            raise ArithmeticError(f"the counts of the {self.kind} import do not add up: {self.to_dict()}")

    def to_dict(self) -> dict[str, object]:
        """Return the counts as JSON."""
        return {
            "listed": self.index.listed,
            "registered": self.registered.objects,
            "already_there": self.already_there.objects,
            "metadata_files": self.metadata_files,
            "quarantined": self.quarantined,
            "quarantined_by_manifest": self.index.quarantined,
            "quarantined_by_encord": self.not_registered.objects,
            "units": sum(self.index.units.values()),
            "units_registered": self.registered.units,
            "units_already_there": self.already_there.units,
            "units_quarantined": self.not_registered.units,
        }

    def __str__(self) -> str:
        describing = f" + {self.metadata_files} that describe others" if self.metadata_files else ""
        return (
            f"{self.kind}: {self.index.listed} objects listed = {self.registered.objects} registered + "
            f"{self.already_there.objects} already there{describing} + {self.quarantined} quarantined; in units: "
            f"{self.registered.units} registered, {self.already_there.units} already there, "
            f"{self.not_registered.units} refused by Encord"
        )


def make_report(workspace: Bucket, run_id: str, imports: Sequence[KindImport]) -> list[KindReport]:
    """
    Look at what became of every unit, and write the report and the quarantine of a run.

    A line of the quarantine is a JSON object a file that was left out: ``file`` (the manifest's shard), ``key``,
    ``field``, ``reason``. What the manifest left out has its own quarantine beside the manifest.

    :raises ArithmeticError: the counts do not add up
    """
    with tempfile.TemporaryFile() as quarantine:
        reports = [_report_on(one, quarantine) for one in imports]
        quarantine.seek(0)
        workspace.write(paths.import_quarantine(run_id), quarantine)
    content = {report.kind: report.to_dict() for report in reports}
    workspace.write(paths.import_report(run_id), orjson.dumps(content, option=orjson.OPT_INDENT_2))
    for report in reports:
        report.check()
    return reports


def _report_on(one: KindImport, quarantine: BinaryIO) -> KindReport:
    report = KindReport(one.kind, one.manifest.index)
    errors = one.errors()
    for fate in one.fates():
        objects = len(fate.unit.object_urls)
        if fate.item is not None:
            report.items += fate.item.bytes
            (report.registered if fate.was_asked else report.already_there).add(objects)
            continue
        report.not_registered.add(objects)
        reason = _reason(fate, errors)
        if len(report.refused) < _NAMED:
            report.refused.append(f"{fate.unit.client_metadata['source_key']} ({reason})")
        file = f"{one.manifest.folder}{fate.shard}"
        for key in fate.unit.source_keys:
            line = {"file": file, "key": key, "field": "objectUrl", "reason": reason}
            quarantine.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    return report


def _reason(fate: Fate, errors: dict[str, str]) -> str:
    told = (errors[url] for url in fate.unit.object_urls if url in errors)
    return next(told, None) or errors.get("") or _NO_REASON
