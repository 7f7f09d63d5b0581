"""The order in which Encord hands out tasks: by falling priority, in [0, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from encord_provider.adapters.project_client import project_client
from encord_provider.exceptions import EncordWorkflowError

if TYPE_CHECKING:
    from encord.user_client import EncordUserClient

BUNDLE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class UnitInQueue:
    """
    A data unit of a project, with where its task is.

    ``stage_uuid`` is None where the unit has no task yet, ``priority`` where Encord does not tell.
    """

    data_hash: str
    stage_uuid: str | None
    priority: float | None


class PriorityAdapter:
    """Look at the priorities of a project's tasks, and set them."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def units(self, project_hash: str, data_hash: str | None = None) -> list[UnitInQueue]:
        """List the units of a project in one request: one of them, or all (``None``)."""
        client = project_client(self._client, project_hash, made=_unit)
        found = client.list_label_rows(
            data_hashes=[data_hash] if data_hash else None, include_uninitialised_labels=True
        )
        return cast("list[UnitInQueue]", found)

    def set(self, project_hash: str, priorities: Mapping[str, float]) -> None:
        """
        Set priorities, ``{data hash: priority}``, up to 1,000 in a request; to repeat it changes nothing.

        :raises EncordWorkflowError: Encord refuses them
        """
        from encord.exceptions import InvalidArgumentsError

        client = project_client(self._client, project_hash)
        wanted = list(priorities.items())
        try:
            for start in range(0, len(wanted), BUNDLE_SIZE):
                client.workflow_set_priority(wanted[start : start + BUNDLE_SIZE])
        except InvalidArgumentsError as error:
            raise EncordWorkflowError(
                f"Encord refuses to set priorities of {len(priorities)} task(s): {error.message}. "
                "With benchmark_mix: none in the campaign, priorities are left alone"
            ) from error


def _unit(told: dict[str, Any]) -> UnitInQueue:
    node = told.get("workflow_graph_node")
    return UnitInQueue(str(told["data_hash"]), str(node["uuid"]) if node else None, told.get("priority"))
