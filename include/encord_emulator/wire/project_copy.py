"""The document of ``Project.copy_project``, which spells out dataclasses, nulls included."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from include.encord_emulator.wire.payload import Name, Payload, Uuid

MOST_HASHES = 100_000
ApprovalState = Literal["APPROVED", "PENDING", "REJECTED", "DELETED", "NOT_SELECTED_FOR_REVIEW"]
Hashes = Annotated[tuple[Uuid, ...], Field(max_length=MOST_HASHES)]
LabelHashes = Annotated[tuple[Name, ...], Field(max_length=MOST_HASHES)]
"""No uuids asked: one of Encord's published scripts names object hashes here. What is no label hash picks nothing."""


class CopyLabels(Payload):
    """``CopyProjectPayload._CopyLabelsOptions``."""

    datasets_to_data_hashes_map: dict[Uuid, Hashes] = Field(default_factory=dict)
    accepted_label_hashes: LabelHashes | None = None
    accepted_label_statuses: tuple[ApprovalState, ...] | None = None
    create_new_dataset: bool | None = None


class CopyMetadata(Payload):
    """``CopyProjectPayload._ProjectCopyMetadata``."""

    project_title: Name | None = None
    project_description: str | None = None
    dataset_title: Name | None = None
    dataset_description: str | None = None


class ProjectCopy(Payload):
    """``CopyProjectPayload``."""

    copy_project_options: tuple[Literal["collaborators", "datasets", "models", "labels"], ...] = ()
    copy_labels_options: CopyLabels | None = None
    project_copy_metadata: CopyMetadata | None = None
