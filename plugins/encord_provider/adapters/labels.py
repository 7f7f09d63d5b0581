"""Encord's label rows, as raw dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from encord.objects import LabelRowV2
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

    ``label_hash`` is None where nothing was ever saved; ``stage_title`` where the unit has no task yet.
    """

    data_hash: str
    data_title: str
    dataset_hash: str
    label_branch_name: str
    label_hash: str | None
    backing_item_uuid: str | None
    stage_title: str | None


class LabelAdapter:
    """Read label rows; nothing here ever writes, not even by initialising a row that was never saved."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def rows(self, project_hash: str, data_hashes: Iterable[str] | None = None) -> list[LabelRow]:
        """List the ``main`` label rows of a project, of some units or of all (``None``)."""
        return [_row(row) for row in self._list(project_hash, data_hashes, branches=False)]

    def labels(self, project_hash: str, wanted: Iterable[BranchKey]) -> dict[BranchKey, dict[str, Any]]:
        """
        Return label rows as Encord's own dictionaries, ``{(data hash, branch): label row}``.

        Rows that were never saved are left out: to initialise one would create it on the server.
        """
        keys = set(wanted)
        found = self._list(project_hash, {data_hash for data_hash, _ in keys}, branches=True)
        rows = [row for row in found if row.label_hash and _key(row) in keys]
        by_hash: dict[str, list[LabelRowV2]] = {}
        for row in rows:
            by_hash.setdefault(str(row.label_hash), []).append(row)
        # The SDK tells the answers of a bundle apart by label hash alone; that branches differ in it is not settled.
        for bundle in zip_longest(*by_hash.values()):
            self._initialise([row for row in bundle if row is not None])
        return {_key(row): row.to_encord_dict() for row in rows}

    def _initialise(self, rows: Sequence[LabelRowV2]) -> None:
        from encord.http.bundle import Bundle

        with Bundle(bundle_size=BUNDLE_SIZE) as bundle:
            for row in rows:
                row.initialise_labels(bundle=bundle)

    def _list(self, project_hash: str, data_hashes: Iterable[str] | None, *, branches: bool) -> list[LabelRowV2]:
        project = self._client.get_project(project_hash)
        if data_hashes is None:
            return project.list_label_rows_v2(include_all_label_branches=branches)
        wanted = sorted(set(data_hashes))
        found: list[LabelRowV2] = []
        # An empty filter means everything, so it is never sent: no unit asked for, no request.
        for start in range(0, len(wanted), FILTER_CHUNK):
            chunk = wanted[start : start + FILTER_CHUNK]
            found += project.list_label_rows_v2(data_hashes=chunk, include_all_label_branches=branches)
        return found


def _key(row: LabelRowV2) -> BranchKey:
    return str(row.data_hash), row.branch_name


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
    )
