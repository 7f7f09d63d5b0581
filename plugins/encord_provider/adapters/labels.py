"""Encord's label rows, as raw dictionaries."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

from encord_provider.adapters.patient_reading import PatientReader
from encord_provider.adapters.project_client import project_client
from encord_provider.adapters.raw_labels import read_raw
from include.benchmark_qa.ledger.moments import stamp

if TYPE_CHECKING:
    from encord.objects import LabelRowV2
    from encord.orm.label_row import LabelRowMetadata
    from encord.user_client import EncordUserClient

BUNDLE_SIZE = 100
BUNDLE_FRAMES = 5_000
FILTER_CHUNK = 500
MAIN_BRANCH = "main"
# Data types whose labels lie on single frames; what Encord calls the frames of a sound are its milliseconds.
WITH_FRAMES = frozenset({"VIDEO", "DICOM", "IMG_GROUP", "NIFTI"})

# Data hash and branch name.
BranchKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """
    What is known of a label row without its labels.

    ``label_hash`` is None where nothing was ever saved; ``stage_title`` where the unit has no task yet; ``edited_at``,
    as the ledger writes moments, where Encord tells no last edit. ``frames`` is 1 for whatever has no frames.
    """

    data_hash: str
    data_title: str
    dataset_hash: str
    label_branch_name: str
    label_hash: str | None
    backing_item_uuid: str | None
    stage_title: str | None
    edited_at: str | None
    frames: int = 1


@dataclass(frozen=True, slots=True)
class SavedLabels:
    """
    A label row as Encord's own dictionary; ``edited_at`` was told before the labels were read.

    ``problem`` says why Encord does not hand out these labels; the dictionary is empty then.
    """

    label_row: dict[str, Any]
    label_hash: str
    edited_at: str | None
    problem: str = ""


class LabelAdapter:
    """Read label rows; nothing here ever writes, not even by initialising a row that was never saved."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def rows(self, project_hash: str, data_hashes: Iterable[str] | None = None) -> list[LabelRow]:
        """List the ``main`` label rows of a project, of some units or of all (``None``)."""
        project = project_client(self._client, project_hash)
        found = []
        for chunk in _chunks(data_hashes):
            found += project.list_label_rows(data_hashes=chunk, include_uninitialised_labels=True)
        return [_row(row) for row in found]

    def edited_rows(self, project_hash: str, edited_after: datetime | None, *, branches: bool) -> list[LabelRow]:
        """
        List the label rows that were edited after a moment (``None``: all rows), without their labels; one request.

        :param branches: of all branches, or of ``main`` only
        """
        found = project_client(self._client, project_hash).list_label_rows(
            edited_after=edited_after, include_all_label_branches=branches, include_uninitialised_labels=True
        )
        return [_row(row) for row in found]

    def labels(self, project_hash: str, wanted: Iterable[BranchKey]) -> dict[BranchKey, SavedLabels]:
        """
        Return labels as Encord's own dictionaries, ``{(data hash, branch): labels}``.

        Rows that were never saved are left out: to initialise one would create it on the server. A row that Encord
        fails to hand out is there with its problem; it costs the others nothing.
        """
        keys = set(wanted)
        if not keys:
            return {}
        project = self._client.get_project(project_hash)
        chunks = _chunks({data_hash for data_hash, _ in keys})
        found = [
            row
            for chunk in chunks
            for row in project.list_label_rows_v2(data_hashes=chunk, include_all_label_branches=True)
        ]
        rows = [row for row in found if row.label_hash and _key(row) in keys]
        told = {_key(row): _edited_at(row) for row in rows}  # reading labels may replace it, rounded to the second
        reader = PatientReader(functools.partial(read_raw, project))
        read = {
            _key(row): SavedLabels(label_row, str(row.label_hash), told[_key(row)])
            for bundle in _bundles(rows)
            for row, label_row in reader.bundle(bundle)
        }
        hashes = {_key(row): str(row.label_hash) for row in rows}
        return read | {key: SavedLabels({}, hashes[key], told[key], why) for key, why in reader.problems.items()}


def _chunks(data_hashes: Iterable[str] | None) -> Iterator[list[str] | None]:
    # An empty filter means everything, so it is never sent: no unit asked for, no request.
    if data_hashes is None:
        yield None
        return
    wanted = sorted(set(data_hashes))
    for start in range(0, len(wanted), FILTER_CHUNK):
        yield wanted[start : start + FILTER_CHUNK]


def _bundles(rows: Sequence[LabelRowV2]) -> Iterator[list[LabelRowV2]]:
    """Yield rows to read in one request each: bounded in number and in frames, no two of one label hash."""
    by_hash: dict[str, list[LabelRowV2]] = {}
    for row in rows:
        by_hash.setdefault(str(row.label_hash), []).append(row)
    # Answers are told apart by label hash alone; that branches differ in it is not settled.
    for alike in zip_longest(*by_hash.values()):
        bundle: list[LabelRowV2] = []
        frames = 0
        for row in alike:
            if row is None:
                continue
            if bundle and (len(bundle) == BUNDLE_SIZE or frames + _frames(row) > BUNDLE_FRAMES):
                yield bundle
                bundle, frames = [], 0
            bundle.append(row)
            frames += _frames(row)
        yield bundle


def _frames(row: LabelRowV2) -> int:
    return (row.number_of_frames or 1) if row.data_type.value.upper() in WITH_FRAMES else 1


def _key(row: LabelRowV2) -> BranchKey:
    return str(row.data_hash), row.branch_name


def _edited_at(row: LabelRowV2 | LabelRowMetadata) -> str | None:
    return stamp(row.last_edited_at) if row.last_edited_at else None


def _row(row: LabelRowMetadata) -> LabelRow:
    node = row.workflow_graph_node
    return LabelRow(
        data_hash=str(row.data_hash),
        data_title=row.data_title,
        dataset_hash=str(row.dataset_hash),
        label_branch_name=row.branch_name,
        label_hash=str(row.label_hash) if row.label_hash else None,
        backing_item_uuid=str(row.backing_item_uuid) if row.backing_item_uuid else None,
        stage_title=node.title if node else None,
        edited_at=_edited_at(row),
        frames=row.number_of_frames if str(row.data_type).upper() in WITH_FRAMES else 1,
    )
