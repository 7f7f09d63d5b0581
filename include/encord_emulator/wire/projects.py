"""Projects as the API shows them."""

from __future__ import annotations

from typing import Any

from include.encord_emulator.store.database import Record
from include.encord_emulator.workflow.template import Stage, Workflow


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


def stage_dto(stage: Stage) -> dict[str, Any]:
    """Return a ``WorkflowNode``, or for an agent stage a ``WorkflowAgentNode``."""
    node: dict[str, Any] = {"stageType": stage.type, "uuid": stage.uuid, "title": stage.title}
    if stage.type == "AGENT":
        node["pathways"] = [
            {"uuid": pathway.uuid, "title": pathway.title, "destinationUuid": pathway.destination}
            for pathway in stage.pathways
        ]
    return node
