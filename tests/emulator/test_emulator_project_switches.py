from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from encord.exceptions import AuthorisationError, InvalidArgumentsError, ResourceNotFoundError

from tests.emulator.emulator_support import ESTABLISHING, Control

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.project import Project
    from encord.workflow.stages.annotation import AnnotationTask

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator
NOWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("answer", "error"),
    [("404", ResourceNotFoundError), ("400", InvalidArgumentsError), ("403", AuthorisationError)],
)
def test_an_unknown_template_is_refused_as_the_switch_says(
    client: EncordUserClient, control: Control, answer: str, error: type[Exception]
) -> None:
    control.switch(unknown_template=answer)
    with pytest.raises(error):
        client.create_project("P", [], workflow_template_hash=NOWHERE)
    assert control.call("GET", "state")["projects"] == []


def test_a_project_may_have_to_name_its_template_and_ontology(client: EncordUserClient, control: Control) -> None:
    assert client.create_project("P", [])
    control.switch(default_template="refused")
    with pytest.raises(InvalidArgumentsError, match="workflow_template_id"):
        client.create_project("Q", [])
    control.switch(default_template="taken", default_ontology="refused")
    with pytest.raises(InvalidArgumentsError, match="ontology_hash"):
        client.create_project("Q", [])
    assert [project["title"] for project in control.call("GET", "state")["projects"]] == ["P"]


def submit(project: Project, tasks: list[AnnotationTask], bundle_size: int) -> None:
    with project.create_bundle(bundle_size=bundle_size) as bundle:
        for task in tasks:
            task.submit(bundle=bundle)


def test_a_request_may_hold_only_so_many_actions(make_project: MakeProject, control: Control) -> None:
    project = make_project(ESTABLISHING, images=3)
    stage = project.workflow.stages[0]
    tasks = list(stage.get_tasks())
    control.switch(actions_limit=2)
    with pytest.raises(InvalidArgumentsError, match="3 actions"):
        submit(project, tasks, bundle_size=3)
    assert len(list(stage.get_tasks())) == 3
    submit(project, tasks, bundle_size=2)
    assert list(stage.get_tasks()) == []
