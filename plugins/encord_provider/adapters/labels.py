"""Encord's label rows, as raw dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from encord.objects import LabelRowV2
    from encord.user_client import EncordUserClient

BUNDLE_SIZE = 100
FILTER_CHUNK = 500
MAIN_BRANCH = "main"


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

    def labels(self, project_hash: str, label_hashes: Iterable[str], data_hashes: Iterable[str]) -> dict[str, Any]:
        """
        Return labels as Encord's own dictionaries, ``{label hash: label row}``, on whatever branch they are.

        ``data_hashes`` are the units that the labels belong to: Encord is asked for those only.
        """
        wanted = set(label_hashes)
        if not wanted:
            return {}
        rows = [row for row in self._list(project_hash, data_hashes, branches=True) if row.label_hash in wanted]
        for branch in sorted({row.branch_name for row in rows}):
            # One bundle a branch: the SDK sends a whole bundle under the first row's branch.
            self._initialise([row for row in rows if row.branch_name == branch])
        return {str(row.label_hash): row.to_encord_dict() for row in rows}

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
