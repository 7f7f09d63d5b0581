"""Requests that are wrong inside: refused with a message, never a 500, never a traceback, never a hang."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from encord.objects.coordinates import BoundingBoxCoordinates

from include.encord_emulator import ui
from include.encord_emulator.app import RESOURCES
from include.encord_emulator.control import CONTROLS
from tests.emulator.emulator_support import ANNOTATORS, image_manifest, upload
from tests.support.malformed import (
    ODD_BODIES,
    ODD_VALUES,
    filled,
    mutations,
    odd_bodies,
    odd_targets,
    survive,
)
from tests.support.raw_http import RawClient, Sent, recorded

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.objects import LabelRowV2
    from encord.project import Project

    from include.encord_emulator.server import RunningEmulator
    from tests.emulator.conftest import MakeProject

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("unharmed")]
V2 = [(method, f"v2/public/{path}") for resource in RESOURCES for method, path, _ in resource.routes.v2]
LEGACY = sorted({query for resource in RESOURCES for query in resource.routes.legacy})
UI = [(method, f"_emulator/ui/{path}") for method, path, _ in ui.ROUTES]


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project()


@pytest.fixture
def known(client: EncordUserClient, project: Project) -> dict[str, str]:
    """Return an id of something that exists for each variable of the routes' paths."""
    folder = next(iter(client.find_storage_folders()))
    row = project.list_label_rows_v2()[0]
    row.initialise_labels()
    stage = project.workflow.stages[0]
    return {
        "project": str(project.project_hash),
        "dataset": str(next(iter(project.list_datasets())).dataset_hash),
        "ontology": str(project.ontology_hash),
        "folder": str(folder.uuid),
        "item": str(next(iter(folder.list_items())).uuid),
        "stage": str(stage.uuid),
        "task": str(next(iter(stage.get_tasks())).uuid),
        "tag": str(client.create_organisation_tag("Tag").uuid),
        "label": str(row.label_hash),
        "data_hash": str(row.data_hash),
    }


def test_every_v2_route_survives_every_odd_body(raw: RawClient, known: dict[str, str]) -> None:
    wrong = (sent for method, path in V2 if method != "GET" for sent in odd_bodies(method, filled(path, known)))
    survive(raw, wrong)


def test_every_v2_route_survives_odd_paths_and_queries(raw: RawClient, known: dict[str, str]) -> None:
    # What a query may say matters to what reads; a path's ids matter to all.
    wrong = (sent for method, path in V2 for sent in odd_targets(method, path, known, queries=method == "GET"))
    survive(raw, wrong)


def test_every_v2_route_refuses_the_methods_it_has_not(raw: RawClient, known: dict[str, str]) -> None:
    wrong = (Sent(method, filled(path, known)) for _, path in V2 for method in ("PUT", "PATCH", "DELETE", "POST"))
    survive(raw, wrong)


@pytest.mark.parametrize("resource", ["project", "dataset", "nonsense"])
def test_every_legacy_query_survives_every_odd_value(raw: RawClient, known: dict[str, str], resource: str) -> None:
    headers = {"ResourceType": resource, "ResourceID": known.get(resource, resource)}
    values = [value for value in ODD_VALUES if type(value) is not object]
    odd: list[dict[str, Any]] = [{"uid": value, "payload": None} for value in values]
    odd += [{"uid": known.get(resource), "payload": value} for value in values]
    wrong = (legacy(kind, method, value, headers) for kind, method in LEGACY for value in odd)
    survive(raw, wrong)


def legacy(query_type: Any, query_method: Any, values: Any, headers: dict[str, str]) -> Sent:
    document = {"query_type": query_type, "query_method": query_method, "values": values}
    return Sent("POST", "/public", json.dumps(document).encode(), headers)


def test_what_is_no_legacy_query_is_refused(raw: RawClient) -> None:
    wrong = [Sent("POST", target, body) for target in ("/public", "/public/user") for body in ODD_BODIES]
    for value in ODD_VALUES[1:]:
        wrong += [legacy(value, "GET", {}, {}), legacy("project", value, {}, {}), legacy("project", "GET", value, {})]
    survive(raw, wrong, at_least=100)


def test_every_field_of_right_requests_may_be_wrong(
    raw: RawClient, emulator: RunningEmulator, client: EncordUserClient, project: Project
) -> None:
    right = {call_of(sent): sent for sent in recorded(emulator.url, lambda: journey(client, project))}
    assert len(right) > 20
    survive(raw, (wrong for sent in right.values() for wrong in mutations(sent)), at_least=1_000)


def call_of(sent: Sent) -> tuple[str, str, str]:
    """Return what tells calls apart: of two requests for the same, the last one is garbled."""
    body = json.loads(sent.body)
    query = f"{body.get('query_method')} {body.get('query_type')}" if isinstance(body, dict) else ""
    return sent.method, sent.target, query


def journey(client: EncordUserClient, project: Project) -> None:
    """Write one of each thing that has a body worth garbling."""
    folder = client.create_storage_folder("Second", client_metadata={"a": "b"})
    upload(client, folder, image_manifest(2, "second"))
    item, other = folder.list_items()
    client.get_storage_items([item.uuid])
    item.update(name="renamed", client_metadata={"c": 1})
    folder.update(name="Renamed", client_metadata={"c": 1})
    folder.create_data_group([item.uuid, other.uuid])
    client.get_dataset(next(iter(project.list_datasets())).dataset_hash).link_items([item.uuid])
    write_labels(project)
    tasks = list(project.workflow.stages[0].get_tasks())
    tasks[0].proceed("NO")
    tasks[1].issues.add_file_issue("Blurred", [])
    tasks[2].move(destination_stage_uuid=project.workflow.get_stage(name="Annotate").uuid)
    project.add_users([ANNOTATORS[0]], user_role=1)
    client.create_group("Group", "of users").add_users([ANNOTATORS[0]])
    project.copy_project(copy_datasets=True)
    folder.delete_storage_items([other.uuid])


def write_labels(project: Project) -> None:
    row = project.list_label_rows_v2()[0]
    row.set_priority(0.5)
    row.initialise_labels()
    box(row)
    row.save()
    list(project.get_label_classifications([str(row.label_hash)]))
    project.copy_labels_to_branch("second")


def box(row: LabelRowV2) -> None:
    instance = row.ontology_structure.get_child_by_title("Car").create_instance()
    instance.set_for_frames(BoundingBoxCoordinates(height=0.5, width=0.5, top_left_x=0.1, top_left_y=0.1))
    row.add_object_instance(instance)


def test_the_web_app_plane_survives_every_odd_body(raw: RawClient, known: dict[str, str]) -> None:
    user = {"X-Emulator-User": ANNOTATORS[0]}
    wrong = [Sent(method, filled(path, known), body, user) for method, path in UI for body in ODD_BODIES]
    wrong += [Sent(method, filled(path, known | {"project": "%00"}), b"{}", user) for method, path in UI]
    for name in ("", "nobody@example.com", "x" * 10_000):
        wrong += [Sent(method, filled(path, known), b"{}", {"X-Emulator-User": name}) for method, path in UI]
    survive(raw, wrong, at_least=100)


def test_the_control_plane_survives_every_odd_body(raw: RawClient) -> None:
    planes = [(method, f"/_emulator/{name}") for method, name in CONTROLS if name != "reset"]
    wrong = [Sent(method, path, body) for method, path in planes for body in ODD_BODIES]
    wrong += [Sent("POST", "/_emulator/seed", body, {"Content-Type": "application/yaml"}) for body in ODD_BODIES]
    for value in ODD_VALUES[1:]:
        # A fault rule that happens to be right must match nothing else that is asked here.
        faults = [
            {"match": value},
            *({"match": "NOBODY", key: value} for key in ("status", "times", "latency", "seed")),
        ]
        wrong += [document("POST", "faults", fault) for one in faults for fault in (one, [one])]
        wrong += [document("PUT", "switches", {key: value}) for key in ("task_paging", "page_size", "unique_titles")]
        wrong += [document("POST", "seed", {key: one}) for key in ("users", "projects") for one in (value, [value])]
    survive(raw, wrong)


def document(method: str, name: str, body: Any) -> Sent:
    return Sent(method, f"/_emulator/{name}", json.dumps(body).encode())
