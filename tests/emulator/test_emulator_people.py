from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from encord.exceptions import (
    AuthenticationError,
    AuthorisationError,
    InvalidArgumentsError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from encord.utilities.ontology_user import OntologyUserRole
from encord.utilities.project_user import ProjectUserRole

from tests.emulator.emulator_support import (
    ANNOTATORS,
    COLLEAGUE,
    ESTABLISHING,
    KEYS,
    MANAGER,
    Control,
    road_ontology,
    sdk_client,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
NOWHERE = "00000000-0000-0000-0000-000000000000"


def test_people_join_the_organisation_and_leave_it(client: EncordUserClient, make_project: MakeProject) -> None:
    client.add_organisation_user("new+1@example.com", role_mnemonic_name="TASKER", member_type="external")
    users = {user.email: user for user in client.list_organisation_users()}
    assert users[MANAGER].role_mnemonic_name == "ADMIN"
    assert (users["new+1@example.com"].role_mnemonic_name, users["new+1@example.com"].member_type) == (
        "TASKER", "external",
    )  # fmt: skip
    with pytest.raises(ResourceExistsError):
        client.add_organisation_user("new+1@example.com", role_mnemonic_name="MEMBER", member_type="internal")
    project = make_project(ESTABLISHING, images=1)
    project.add_users(["new+1@example.com"], ProjectUserRole.ANNOTATOR)
    client.remove_organisation_user("new+1@example.com")
    assert "new+1@example.com" not in {user.user_email for user in project.list_users()}
    with pytest.raises(ResourceNotFoundError):
        client.remove_organisation_user("new+1@example.com")


@pytest.mark.parametrize("role", ["ADMIN", "MEMBER", "TASKER", "WORKFORCE_MANAGER"])
def test_every_role_in_the_organisation_comes_back(client: EncordUserClient, role: str) -> None:
    client.add_organisation_user("new@example.com", role_mnemonic_name=role, member_type="internal")  # type: ignore[arg-type]
    [found] = [user for user in client.list_organisation_users() if user.email == "new@example.com"]
    assert found.role_mnemonic_name == role


def test_an_external_admin_is_refused(client: EncordUserClient) -> None:
    with pytest.raises(InvalidArgumentsError, match="internal"):
        client.add_organisation_user("new@example.com", role_mnemonic_name="ADMIN", member_type="external")


def test_who_left_the_organisation_is_let_in_no_more(client: EncordUserClient, control: Control) -> None:
    client.remove_organisation_user(COLLEAGUE)
    with pytest.raises(AuthenticationError):
        list(sdk_client(control.url, KEYS[COLLEAGUE]).list_projects())


def test_only_an_admin_of_the_organisation_manages_people_groups_and_tags(
    client: EncordUserClient, control: Control
) -> None:
    other, group = sdk_client(control.url, KEYS[COLLEAGUE]), client.create_group("G")
    refused = [
        lambda: other.add_organisation_user("new@example.com", role_mnemonic_name="MEMBER", member_type="internal"),
        lambda: other.remove_organisation_user(MANAGER),
        lambda: other.create_group("H"),
        lambda: other.delete_group(group.group_hash),
        lambda: other.get_group(group.group_hash).add_users([COLLEAGUE]),
        lambda: other.create_organisation_tag("t"),
    ]
    for call in refused:
        with pytest.raises(AuthorisationError):
            call()
    assert [found.name for found in other.list_groups()] == ["G"]


@pytest.mark.parametrize("listed", [True, False])
def test_a_group_lives_from_creation_to_deletion(
    client: EncordUserClient, make_project: MakeProject, control: Control, listed: bool
) -> None:
    control.switch(group_creator_listed=listed)
    group, creator = client.create_group("Annotators", "who draw"), [MANAGER] if listed else []
    assert [user.user_email for user in group.list_users()] == creator
    added = group.add_users([ANNOTATORS[0], ANNOTATORS[1], ANNOTATORS[0]])
    assert [user.user_email for user in added] == [*creator, *ANNOTATORS[:2]]
    with pytest.raises(AuthorisationError, match=r"nobody@example\.com"):
        group.add_users([ANNOTATORS[2], "nobody@example.com"])
    group.remove_users([ANNOTATORS[0], "nobody@example.com"])
    group.update_group(name="Drawers")
    found = client.get_group(group.group_hash)
    assert (found.name, found.description, group.name) == ("Drawers", "who draw", "Drawers")
    assert [user.user_email for user in found.list_users()] == [*creator, ANNOTATORS[1]]
    project = make_project(ESTABLISHING, images=1)
    project.add_group(group.group_hash, ProjectUserRole.VIEWER)
    client.delete_group(group.group_hash)
    assert list(client.list_groups()) == list(project.list_groups()) == []
    with pytest.raises(ResourceNotFoundError):
        client.get_group(group.group_hash)


def test_groups_enter_and_leave_a_project_and_an_ontology(client: EncordUserClient, make_project: MakeProject) -> None:
    one, two = client.create_group("One"), client.create_group("Two")
    project = make_project(ESTABLISHING, images=1)
    project.add_group([one.group_hash, two.group_hash], ProjectUserRole.ANNOTATOR)
    project.add_group(two.group_hash, ProjectUserRole.REVIEWER)
    assert {found.name: found.user_role for found in project.list_groups()} == {
        "One": ProjectUserRole.ANNOTATOR, "Two": ProjectUserRole.REVIEWER,
    }  # fmt: skip
    project.remove_group(one.group_hash)
    assert [found.name for found in project.list_groups()] == ["Two"]
    ontology = client.create_ontology("O", structure=road_ontology())
    ontology.add_group([one.group_hash, two.group_hash], OntologyUserRole.USER)
    assert [(found.name, found.user_role) for found in ontology.list_groups()] == [
        ("One", OntologyUserRole.USER), ("Two", OntologyUserRole.USER),
    ]  # fmt: skip
    ontology.remove_group([two.group_hash])
    assert [found.name for found in ontology.list_groups()] == ["One"]


def test_a_group_gives_its_users_their_role_in_a_project(
    client: EncordUserClient, make_project: MakeProject, control: Control
) -> None:
    project, group = make_project(ESTABLISHING, images=1), client.create_group("Managers")
    other = sdk_client(control.url, KEYS[COLLEAGUE])
    with pytest.raises(AuthorisationError):
        other.get_project(project.project_hash)
    group.add_users([COLLEAGUE])
    project.add_group(group.group_hash, ProjectUserRole.TEAM_MANAGER)
    assert other.get_project(project.project_hash).user_role == ProjectUserRole.TEAM_MANAGER
    second = client.create_group("Annotators")
    second.add_users([COLLEAGUE])
    project.add_group(second.group_hash, ProjectUserRole.ANNOTATOR)
    assert other.get_project(project.project_hash).user_role == ProjectUserRole.TEAM_MANAGER


def test_tags_are_made_attached_detached_and_deleted(client: EncordUserClient, make_project: MakeProject) -> None:
    project, tag = make_project(ESTABLISHING, images=1), client.create_organisation_tag("night", "after dark")
    project.add_organisation_tag(tag)
    project.remove_organisation_tag(tag)
    project.remove_organisation_tag(tag)
    assert project.get_organisation_tags() == []
    project.add_organisation_tag(tag_uuid=tag.uuid)
    assert [found.name for found in client.list_organisation_tags()] == ["night"]
    client.delete_organisation_tag(tag_name="night")
    assert project.get_organisation_tags(use_cache=False) == client.list_organisation_tags() == []
    with pytest.raises(ResourceNotFoundError):
        project.add_organisation_tag(tag_uuid=NOWHERE)
    with pytest.raises(ResourceNotFoundError):
        client.delete_organisation_tag(tag)


def test_a_group_that_is_not_there_changes_nothing(client: EncordUserClient, make_project: MakeProject) -> None:
    project, group = make_project(ESTABLISHING, images=1), client.create_group("G")
    with pytest.raises(ResourceNotFoundError):
        project._client.add_groups(project.project_hash, [group.group_hash, NOWHERE], ProjectUserRole.ANNOTATOR)  # type: ignore[arg-type,list-item]
    assert list(project.list_groups()) == []
