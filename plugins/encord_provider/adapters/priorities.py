"""The order in which Encord hands out tasks: by falling priority, in [0, 1]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from encord_provider.exceptions import EncordWorkflowError

if TYPE_CHECKING:
    from encord.objects import LabelRowV2
    from encord.user_client import EncordUserClient

BUNDLE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class UnitInQueue:
    """
    A data unit of a project, with where its task is; ``handle`` is the SDK's own object.

    ``stage_uuid`` is None where the unit has no task yet, ``priority`` where Encord does not tell.
    """

    data_hash: str
    stage_uuid: str | None
    priority: float | None
    handle: LabelRowV2 = field(repr=False, compare=False)


class PriorityAdapter:
    """Look at the priorities of a project's tasks, and set them."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def units(self, project_hash: str, data_hash: str | None = None) -> list[UnitInQueue]:
        """List the units of a project in one request: one of them, or all (``None``)."""
        project = self._client.get_project(project_hash)
        return [_unit(row) for row in project.list_label_rows_v2(data_hashes=[data_hash] if data_hash else None)]

    def set(self, units: Iterable[UnitInQueue], priorities: Mapping[str, float]) -> None:
        """
        Set priorities, ``{data hash: priority}``, up to 1,000 in a request; to repeat it changes nothing.

        :raises EncordWorkflowError: Encord refuses them
        """
        from encord.exceptions import InvalidArgumentsError
        from encord.http.bundle import Bundle

        try:
            with Bundle(bundle_size=BUNDLE_SIZE) as bundle:
                for unit in units:
                    if unit.data_hash in priorities:
                        unit.handle.set_priority(priorities[unit.data_hash], bundle=bundle)
        except InvalidArgumentsError as error:
            raise EncordWorkflowError(
                f"Encord refuses to set priorities of {len(priorities)} task(s): {error.message}. "
                "With benchmark_mix: none in the campaign, priorities are left alone"
            ) from error


def _unit(row: LabelRowV2) -> UnitInQueue:
    node = row.workflow_graph_node
    return UnitInQueue(str(row.data_hash), str(node.uuid) if node else None, row.priority, row)
