"""What the tests of the workflow share: templates, stages, labels, and requests that the SDK would not make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from encord.objects import Object
from encord.objects.coordinates import BoundingBoxCoordinates

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.orm.workflow import WorkflowStageType
    from encord.project import Project

    from tests.emulator.emulator_support import Control

TEMPLATE = "33333333-3333-4333-8333-333333333333"


def seed_template(control: Control, stages: list[dict[str, Any]]) -> str:
    """Seed a template and return its uuid."""
    control.call("POST", "seed", {"workflow_templates": [{"uuid": TEMPLATE, "title": "Of the test", "stages": stages}]})
    return TEMPLATE


def stage_named(project: Project, title: str) -> Any:
    return next(stage for stage in project.workflow.stages if stage.title == title)


def stage_of(project: Project, kind: WorkflowStageType) -> Any:
    return next(stage for stage in project.workflow.stages if stage.stage_type == kind)


def draw_cars(project: Project, branch: str, *lefts: float) -> list[str]:
    """Save boxes on the first unit, one for each left edge; return their object hashes."""
    [row] = project.list_label_rows_v2(branch_name=branch)[:1]
    row.initialise_labels()
    car = project.ontology_structure.get_child_by_title("Car", type_=Object)
    hashes = []
    for left in lefts:
        box = car.create_instance()
        box.set_for_frames(BoundingBoxCoordinates(height=0.1, width=0.1, top_left_x=left, top_left_y=0.1), 0)
        row.add_object_instance(box)
        hashes.append(box.object_hash)
    row.save()
    return hashes


def lefts_on(project: Project, branch: str) -> list[float]:
    """Return the left edges of the boxes on the first unit."""
    [row] = project.list_label_rows_v2(branch_name=branch)[:1]
    row.initialise_labels()
    boxes = [instance.get_annotation(0).coordinates for instance in row.get_object_instances()]
    return sorted(box.top_left_x for box in boxes if isinstance(box, BoundingBoxCoordinates))


def answer(client: EncordUserClient, url: str, method: str, path: str, body: Any = None) -> requests.Response:
    """Send a request that the SDK would not make, with its bearer token."""
    headers = {"Authorization": f"Bearer {client.get_bearer_token()}"}
    return requests.request(method, f"{url}/v2/public/{path}", json=body, headers=headers, timeout=10)
