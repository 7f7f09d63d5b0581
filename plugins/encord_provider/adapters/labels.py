"""Encord's label rows, as raw dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

from encord_provider.adapters.raw_labels import read_raw
from include.benchmark_qa.ledger.moments import stamp

if TYPE_CHECKING:
    from encord.objects import LabelRowV2
    from encord.project import Project
    from encord.user_client import EncordUserClient

BUNDLE_SIZE = 100
FILTER_CHUNK = 500
MAIN_BRANCH = "main"

# Data hash and branch name.
BranchKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """
    What is known of a label row without its labels.

    ``label_hash`` is None where nothing was ever saved; ``stage_title`` where the unit has no task yet; ``edited_at``,
    as the ledger writes moments, where Encord tells no last edit.
    """

    data_hash: str
    data_title: str
    dataset_hash: str
    label_branch_name: str
    label_hash: str | None
    backing_item_uuid: str | None
    stage_title: str | None
    edited_at: str | None


@dataclass(frozen=True, slots=True)
class SavedLabels:
    """A label row as Encord's own dictionary; ``edited_at`` was told before the labels were read."""

    label_row: dict[str, Any]
    label_hash: str
    edited_at: str | None


class LabelAdapter:
    """Read label rows; nothing here ever writes, not even by initialising a row that was never saved."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def rows(self, project_hash: str, data_hashes: Iterable[str] | None = None) -> list[LabelRow]:
        """List the ``main`` label rows of a project, of some units or of all (``None``)."""
        project = self._client.get_project(project_hash)
        return [_row(row) for row in _list(project, data_hashes, branches=False)]

    def edited_rows(self, project_hash: str, edited_after: datetime | None, *, branches: bool) -> list[LabelRow]:
        """
        List the label rows that were edited after a moment (``None``: all rows), without their labels.

        :param branches: of all branches, or of ``main`` only
        """
        project = self._client.get_project(project_hash)
        found = project.list_label_rows_v2(edited_after=edited_after, include_all_label_branches=branches)
        return [_row(row) for row in found]

    def labels(self, project_hash: str, wanted: Iterable[BranchKey]) -> dict[BranchKey, SavedLabels]:
        """
        Return labels as Encord's own dictionaries, ``{(data hash, branch): labels}``.

        Rows that were never saved are left out: to initialise one would create it on the server.
        """
        keys = set(wanted)
        if not keys:
            return {}
        project = self._client.get_project(project_hash)
        found = _list(project, {data_hash for data_hash, _ in keys}, branches=True)
        rows = [row for row in found if row.label_hash and _key(row) in keys]
        by_hash: dict[str, list[LabelRowV2]] = {}
        for row in rows:
            by_hash.setdefault(str(row.label_hash), []).append(row)
        # Answers are told apart by label hash alone; that branches differ in it is not settled.
        bundles = ([row for row in bundle if row is not None] for bundle in zip_longest(*by_hash.values()))
        told = {_key(row): _edited_at(row) for row in rows}  # reading labels may replace it, rounded to the second
        return {
            _key(row): SavedLabels(label_row, str(row.label_hash), told[_key(row)])
            for bundle in bundles
            for start in range(0, len(bundle), BUNDLE_SIZE)
            for row, label_row in read_raw(project, bundle[start : start + BUNDLE_SIZE])
        }


def _list(project: Project, data_hashes: Iterable[str] | None, *, branches: bool) -> list[LabelRowV2]:
    if data_hashes is None:
        return project.list_label_rows_v2(include_all_label_branches=branches)
    return list(_list_some(project, sorted(set(data_hashes)), branches=branches))


def _list_some(project: Project, data_hashes: Sequence[str], *, branches: bool) -> Iterator[LabelRowV2]:
    # An empty filter means everything, so it is never sent: no unit asked for, no request.
    for start in range(0, len(data_hashes), FILTER_CHUNK):
        chunk = list(data_hashes[start : start + FILTER_CHUNK])
        yield from project.list_label_rows_v2(data_hashes=chunk, include_all_label_branches=branches)


def _key(row: LabelRowV2) -> BranchKey:
    return str(row.data_hash), row.branch_name


def _edited_at(row: LabelRowV2) -> str | None:
    return stamp(row.last_edited_at) if row.last_edited_at else None


def _row(row: LabelRowV2) -> LabelRow:
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
    )
