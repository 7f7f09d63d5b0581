"""Projects as requests describe them and as the API shows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from include.encord_emulator import clock
from include.encord_emulator.filters import ListingFilters
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.projects import ADMIN, VIEWER
from include.encord_emulator.wire.payload import Name, Payload, Uuid
from include.encord_emulator.workflow.template import Stage, Workflow

MOST = 5000
"""Entries of a list in one request; nobody tells Encord's limit."""
Uuids = Annotated[tuple[Uuid, ...], Field(max_length=MOST)]
Emails = Annotated[tuple[Name, ...], Field(max_length=MOST)]
ProjectRole = Annotated[int, Field(strict=True, ge=ADMIN, le=VIEWER)]
Status = Literal["notStarted", "inProgress", "inReview", "paused", "completed", "cancelled", "archived"]


class NewProject(Payload):
    """The document of ``EncordUserClient.create_project``."""

    title: Name
    description: str | None = None
    dataset_hashes: Uuids = ()
    workflow_type: Literal["manual", "benchmark"] = "manual"
    source_projects: Uuids = ()
    ontology_hash: Uuid | None = None
    workflow_template_id: Uuid | None = None


class ProjectUid(Payload):
    """The ``values`` of a legacy query about one project."""

    uid: Uuid


class ProjectFilters(ListingFilters):
    """``ProjectFilterParams``."""

    tags_anyof: tuple[str, ...] = ()
    page_token: str | None = None


class NewStatus(Payload):
    """``SetProjectStatusPayload``."""

    status: Status


class LegacyFilters(Payload):
    """The document of ``EncordUserClient.get_projects``."""

    filter: ListingFilters = ListingFilters()


class LegacyDetail(Payload):
    """The document of ``EncordClientProject.get_project``."""

    include_labels_metadata: bool = True


class LegacyOntology(Payload):
    """What ``Project.add_object`` and ``add_classification`` send: the project's ontology anew."""

    editor: dict[str, Any]


def project_dto(project: Record, editor: dict[str, Any], role: int | None) -> dict[str, Any]:
    """
    Return a ``ProjectDTO``.

    :param editor: the ontology's document.
    :param role: the caller's role, ``None`` for an organisation admin who is no member.
    """
    workflow = Workflow.from_dict(project["workflow"])
    return {
        "projectHash": project["project_hash"],
        "projectType": "workflow",
        "status": project["status"],
        "title": project["title"],
        "description": project["description"],
        "createdAt": project["created_at"],
        "creatorEmail": project["owner"],
        "lastEditedAt": project["edited_at"],
        "ontologyHash": project["ontology_hash"],
        "editorOntology": editor,
        "userRole": role,
        "sourceProjects": None,
        "workflowManagerUuid": project["template"],
        "workflow": {"stages": [stage_dto(stage) for stage in workflow.stages]},
    }


def legacy_project(project: Record, editor: dict[str, Any]) -> dict[str, Any]:
    """Return the older form of a project, whose moments have no zone; datasets and label rows are added elsewhere."""
    return {
        "project_hash": project["project_hash"],
        "title": project["title"],
        "description": project["description"],
        "created_at": clock.blob_stamp(project["created_at"]),
        "last_edited_at": clock.blob_stamp(project["edited_at"]),
        "editor_ontology": editor,
        "datasets": None,
        "label_rows": None,
        "ontology_hash": project["ontology_hash"],
        "source_projects": [],
        "workflow_manager_uuid": project["template"],
    }


def stage_dto(stage: Stage) -> dict[str, Any]:
    """Return a ``WorkflowNode``, or for an agent stage a ``WorkflowAgentNode``."""
    node: dict[str, Any] = {"stageType": stage.type, "uuid": stage.uuid, "title": stage.title}
    if stage.type == "AGENT":
        node["pathways"] = [
            {"uuid": pathway.uuid, "title": pathway.title, "destinationUuid": pathway.destination}
            for pathway in stage.pathways
        ]
    return node
