"""Folders, datasets, ontologies and projects: found or created, never twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from encord.exceptions import RequestException
from encord.orm.dataset import StorageLocation
from encord.utilities.project_user import ProjectUserRole

from encord_provider.exceptions import EncordAmbiguousTitleError, EncordNotFoundError, EncordOntologyError
from encord_provider.hooks.encord import EncordHook
from encord_provider.operators.dataset import EncordCreateDatasetOperator
from encord_provider.operators.ontology import EncordCreateOntologyOperator
from encord_provider.operators.storage import EncordCreateFolderOperator
from include.benchmark_qa.ontology import OntologySettings
from tests.emulator.emulator_support import ANNOTATORS, ESTABLISHING, REVIEWER, road_ontology
from tests.unit.encord_provider.provider_support import (
    ROADS,
    empty_dataset,
    project_maker,
    run,
    task_context,
    titles,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]


def create(thing: str, title: str) -> Any:
    """Return a new operator that ensures a thing of this title."""
    makers = {
        "folders": lambda: EncordCreateFolderOperator(task_id="ensure", title=title),
        "datasets": lambda: EncordCreateDatasetOperator(task_id="ensure", title=title),
        "ontologies": lambda: EncordCreateOntologyOperator(task_id="ensure", ontology=ROADS | {"title": title}),
        "projects": lambda: project_maker(title, []),
    }
    return makers[thing]()


@pytest.mark.parametrize("thing", ["folders", "datasets", "ontologies", "projects"])
@pytest.mark.parametrize("title", ["Plain", "Ward 7: 'a', \"b\" & ü"])
def test_ensuring_twice_makes_one_and_returns_the_same(control: Control, thing: str, title: str) -> None:
    first = run(create(thing, title))
    assert run(create(thing, title)) == first
    assert titles(control.call("GET", "state"), thing) == [title]
    assert str(UUID(first)) == first


@pytest.mark.parametrize("thing", ["folders", "datasets", "ontologies", "projects"])
def test_a_longer_title_is_another_thing(control: Control, thing: str) -> None:
    longer = run(create(thing, "Scans of 2026"))
    assert run(create(thing, "Scans")) != longer
    assert titles(control.call("GET", "state"), thing) == ["Scans of 2026", "Scans"]


TWICE = {
    "folders": lambda client: client.create_storage_folder("Twice").uuid,
    "datasets": lambda client: client.create_dataset("Twice", StorageLocation.S3_COMPATIBLE).dataset_hash,
    "ontologies": lambda client: client.create_ontology("Twice", structure=road_ontology()).ontology_hash,
    "projects": lambda client: client.create_project("Twice", []),
}


@pytest.mark.parametrize("thing", TWICE)
def test_two_of_one_title_are_an_error_that_names_both(client: EncordUserClient, thing: str) -> None:
    hashes = [str(TWICE[thing](client)) for _ in range(2)]
    with pytest.raises(EncordAmbiguousTitleError, match=r"2 \w+ are called 'Twice'") as caught:
        run(create(thing, "Twice"))
    assert [one for one in hashes if one not in str(caught.value)] == []


@pytest.mark.parametrize("thing", TWICE)
def test_a_create_whose_answer_is_lost_is_found_by_the_next_attempt(
    control: Control, one_attempt: None, thing: str
) -> None:
    match: dict[str, dict[str, str]] = {
        "folders": "POST .*storage/folders$",
        "datasets": "POST .*datasets$",
        "ontologies": "POST .*ontologies$",
        "projects": "project POST$",
    }
    [rule] = control.call("POST", "faults", {"match": match[thing], "drop": "after", "times": 1})
    with pytest.raises(RequestException):
        run(create(thing, "Lost"))
    [shown] = control.call("GET", "faults")
    assert (shown["id"], shown["matched"]) == (rule["id"], 1)
    found = run(create(thing, "Lost"))
    assert titles(control.call("GET", "state"), thing) == ["Lost"]
    assert found


def test_an_ontology_has_the_classes_that_are_written_out(hook: EncordHook) -> None:
    settings = {
        "title": "Everything",
        "objects": [
            {
                "name": "Vehicle",
                "shape": "bounding_box",
                "attributes": [
                    {"name": "Damage", "type": "checklist", "options": ["Dent"], "required": True},
                    {"name": "Plate", "type": "text"},
                ],
            }
        ],
        "classifications": [
            {
                "name": "Scene",
                "type": "radio",
                "options": ["Indoor", {"name": "Outdoor", "attributes": [{"name": "Wind", "type": "text"}]}],
            }
        ],
    }
    ontology_hash = run(EncordCreateOntologyOperator(task_id="t", ontology=settings))
    made = hook.ontologies.structure(ontology_hash)
    [vehicle] = made["objects"]
    assert (vehicle["name"], vehicle["shape"]) == ("Vehicle", "bounding_box")
    assert [(one["name"], one["type"], one["required"]) for one in vehicle["attributes"]] == [
        ("Damage", "checklist", True),
        ("Plate", "text", False),
    ]
    [scene] = made["classifications"]
    [question] = scene["attributes"]
    indoor, outdoor = question["options"]
    assert (question["name"], indoor["label"], outdoor["label"]) == ("Scene", "Indoor", "Outdoor")
    assert [nested["name"] for nested in outdoor["options"]] == ["Wind"]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"objects": [{"name": "Car", "shape": "polygon"}]}, r"Car \[polygon\]"),
        ({"classifications": []}, r"Weather \[radio\] = Sunny"),
        ({"classifications": [{"name": "Weather", "type": "radio", "options": ["Sunny", "Foggy"]}]}, "Foggy"),
    ],
    ids=["shape", "fewer", "option"],
)
def test_an_ontology_of_the_title_with_other_classes_is_refused(change: dict[str, Any], difference: str) -> None:
    run(EncordCreateOntologyOperator(task_id="t", ontology=ROADS))
    with pytest.raises(EncordOntologyError, match=difference):
        run(EncordCreateOntologyOperator(task_id="t", ontology=ROADS | change))


def test_an_ontology_is_found_by_its_hash_and_by_its_title_alone(hook: EncordHook) -> None:
    made = run(EncordCreateOntologyOperator(task_id="t", ontology=ROADS))
    assert hook.ontologies.ensure(OntologySettings(hash=made)) == (made, False)
    assert hook.ontologies.ensure(OntologySettings(title="Roads")) == (made, False)


@pytest.mark.parametrize(
    ("ontology", "field"), [({"hash": str(uuid4())}, "ontology.hash"), ({"title": "Rivers"}, "ontology.title")]
)
def test_an_ontology_that_is_named_must_exist(control: Control, ontology: dict[str, str], field: str) -> None:
    with pytest.raises(EncordNotFoundError, match=field) as caught:
        run(EncordCreateOntologyOperator(task_id="t", ontology=ontology))
    assert next(iter(ontology.values())) in str(caught.value)
    assert control.call("GET", "state")["ontologies"] == []


def test_an_unknown_integration_lists_those_that_are_known(hook: EncordHook, control: Control) -> None:
    control.call("POST", "seed", {"integrations": [{"title": "Another"}]})
    with pytest.raises(EncordNotFoundError, match=r"'Lokal bucket'; this key may use: 'Another', 'Local bucket'\."):
        hook.storage.integration_hash("Lokal bucket")


def test_a_project_that_exists_gets_what_it_lacks_and_loses_nothing(client: EncordUserClient, hook: EncordHook) -> None:
    first, second = empty_dataset("First"), empty_dataset("Second")
    project_hash = run(project_maker("P", [first], workflow_template=ESTABLISHING))
    project = client.get_project(project_hash)
    project.add_users([ANNOTATORS[0]], ProjectUserRole.TEAM_MANAGER)
    group_hash = str(client.create_group("Night shift").group_hash)
    wanted = {
        "tags": ["benchmark-qa", "roads"],
        "groups": [{"group_hash": group_hash, "role": "REVIEWER"}],
        "users": [
            {"email": ANNOTATORS[0], "role": "ANNOTATOR"},
            {"email": ANNOTATORS[1], "role": "ANNOTATOR"},
            {"email": REVIEWER, "role": "REVIEWER"},
        ],
    }
    for _ in range(2):
        assert run(project_maker("P", [second], workflow_template=ESTABLISHING, **wanted)) == project_hash
    assert hook.projects.dataset_hashes(project_hash) == {first, second}
    roles = {user.user_email: user.user_role for user in project.list_users()}
    assert roles[ANNOTATORS[0]] is ProjectUserRole.TEAM_MANAGER  # who is a member already keeps the role
    assert roles[ANNOTATORS[1]] is ProjectUserRole.ANNOTATOR
    assert roles[REVIEWER] is ProjectUserRole.REVIEWER
    assert [(str(one.group_hash), one.user_role) for one in project.list_groups()] == [
        (group_hash, ProjectUserRole.REVIEWER)
    ]
    assert sorted(tag.name for tag in project.get_organisation_tags()) == ["benchmark-qa", "roads"]
    assert sorted(tag.name for tag in client.list_organisation_tags()) == ["benchmark-qa", "roads"]


def test_a_project_hands_its_ontology_on_and_takes_it_by_hash() -> None:
    context = task_context()
    first = project_maker("First", [])
    first.execute(context)
    ontology_hash = context["ti"].pushed["ontology_hash"]
    second = project_maker("Second", [], ontology=ontology_hash)
    assert second.execute(task_context()) != first.project_hash
    assert second.hook.projects.ontology_hash(second.project_hash) == ontology_hash


def test_a_project_with_another_ontology_is_refused() -> None:
    run(project_maker("P", []))
    with pytest.raises(EncordOntologyError, match=r"project 'P' .* both projects must carry the same one"):
        run(project_maker("P", [], ontology=ROADS | {"title": "Other roads"}))


@pytest.mark.parametrize("missing", ["workflow_template", "dataset_hashes"])
def test_a_project_of_things_that_do_not_exist_is_not_made(control: Control, missing: str) -> None:
    unknown = str(uuid4())
    arguments: dict[str, Any] = {"workflow_template": unknown} if missing == "workflow_template" else {}
    datasets = [unknown] if missing == "dataset_hashes" else []
    with pytest.raises(EncordNotFoundError, match=f"did not create project 'P' .*{unknown}"):
        run(project_maker("P", datasets, **arguments))
    assert control.call("GET", "state")["projects"] == []
