from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from encord.exceptions import InvalidArgumentsError, ResourceNotFoundError
from encord.orm.project import (
    CopyDatasetAction,
    CopyDatasetOptions,
    CopyLabelsOptions,
    ProjectCopy,
    ReviewApprovalState,
)

from tests.emulator.emulator_support import (
    ANNOTATORS,
    BENCHMARK_QA,
    ESTABLISHING,
    MANAGER,
    REVIEWER,
    Control,
    image_manifest,
    make_dataset,
)
from tests.emulator.storage_support import EVERY_TYPE
from tests.emulator.test_emulator_labels import draw, without_stamps
from tests.emulator.test_emulator_projects import label_first_row

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.objects import LabelRowV2
    from encord.project import Project

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


def labelled_rows(project: Project) -> dict[str, LabelRowV2]:
    """Return the rows that have labels, read, by title."""
    rows = [row for row in project.list_label_rows_v2() if row.label_hash is not None]
    for row in rows:
        row.initialise_labels()
    return {row.data_title: row for row in rows}


def without_hashes(row: LabelRowV2) -> Any:
    document = without_stamps(row.to_encord_dict())
    names = {"label_hash", "data_hash", "dataset_hash", "dataset_title"}
    document = {name: value for name, value in document.items() if name not in names}
    units = document["data_units"].values()
    return document | {"data_units": [{k: v for k, v in unit.items() if k != "data_hash"} for unit in units]}


def test_a_bare_copy_has_ontology_and_workflow_and_nothing_else(
    client: EncordUserClient, make_project: MakeProject
) -> None:
    project = make_project(BENCHMARK_QA, images=2)
    label_first_row(project)
    copy = client.get_project(project.copy_project(copy_models=True, copy_labels=CopyLabelsOptions()))
    assert copy.ontology_hash == project.ontology_hash
    assert [stage.uuid for stage in copy.workflow.stages] == [stage.uuid for stage in project.workflow.stages]
    assert [user.user_email for user in copy.list_users()] == [MANAGER]
    assert list(copy.list_datasets()) == copy.list_label_rows_v2() == []


def test_title_and_description_of_a_copy_can_be_given(client: EncordUserClient, make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=1)
    copy = client.get_project(project.copy_project(new_title="Second", new_description="about"))
    assert (copy.title, copy.description) == ("Second", "about")
    assert client.get_project(project.copy_project()).title not in {"Second", "Project"}


def test_a_copy_with_datasets_and_people_begins_anew(
    client: EncordUserClient, make_project: MakeProject, control: Control
) -> None:
    project = make_project(ESTABLISHING, images=2)
    group = client.create_group("G")
    project.add_group(group.group_hash, 1)  # type: ignore[arg-type]
    control.submit(ANNOTATORS[0], project.project_hash, control.take(ANNOTATORS[0], project.project_hash))
    copy = client.get_project(project.copy_project(copy_datasets=True, copy_collaborators=True))
    assert list(copy.list_datasets()) == list(project.list_datasets())
    assert control.project(copy.project_hash)["tasks"]["Annotate (ANNOTATION)"] == 2
    roles = {user.user_email: user.user_role for user in copy.list_users()}
    assert roles == {user.user_email: user.user_role for user in project.list_users()}
    assert (roles[MANAGER], roles[REVIEWER], len(roles)) == (0, 2, 6)
    assert [found.name for found in copy.list_groups()] == ["G"]
    assert labelled_rows(copy) == {}


def test_labels_are_copied_with_attached_datasets(client: EncordUserClient, make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=3)
    for row in project.list_label_rows_v2()[:2]:
        row.initialise_labels()
        draw(project, row, [0])
        row.save()
    source = labelled_rows(project)
    copy = client.get_project(project.copy_project(copy_datasets=True, copy_labels=CopyLabelsOptions()))
    target = labelled_rows(copy)
    assert {title: without_hashes(row) for title, row in target.items()} == {
        title: without_hashes(row) for title, row in source.items()
    }
    assert not {row.label_hash for row in target.values()} & {row.label_hash for row in source.values()}
    chosen = CopyLabelsOptions(accepted_label_hashes=[str(source["image-1.jpg"].label_hash)])
    one = client.get_project(project.copy_project(copy_datasets=True, copy_labels=chosen, new_title="One"))
    assert list(labelled_rows(one)) == ["image-1.jpg"]


def test_an_object_hash_among_the_accepted_label_hashes_is_let_through_and_picks_nothing(
    client: EncordUserClient, make_project: MakeProject
) -> None:
    project = make_project(ESTABLISHING, images=1)
    label_first_row(project)
    options = CopyLabelsOptions(accepted_label_hashes=["DX2mzwdT", "WNkfZ/7u"])
    copy = client.get_project(project.copy_project(copy_datasets=True, copy_labels=options))
    assert labelled_rows(copy) == {}


def test_labels_of_every_data_type_are_copied_onto_cloned_data(
    client: EncordUserClient, make_project: MakeProject
) -> None:
    project = make_project(ESTABLISHING, manifest=EVERY_TYPE)
    for row in project.list_label_rows_v2():
        row.initialise_labels()
        if row.data_title in {"a video", "a group", "a series", "/b/c.png"}:
            draw(project, row, [0])
            row.save()
    source = labelled_rows(project)
    clone = CopyDatasetOptions(CopyDatasetAction.CLONE, dataset_title="Cloned", dataset_description="twice")
    copy = client.get_project(project.copy_project(copy_datasets=clone, copy_labels=CopyLabelsOptions()))
    target = labelled_rows(copy)
    [dataset] = copy.list_datasets()
    assert (dataset.title, dataset.description) == ("Cloned", "twice")
    assert len(target) == len(source) >= 4
    assert not {row.data_hash for row in target.values()} & {row.data_hash for row in source.values()}
    for title, row in target.items():
        assert len(row.get_object_instances()) == len(source[title].get_object_instances())
        assert without_hashes(row) == without_hashes(source[title])


def test_only_chosen_data_units_are_cloned(client: EncordUserClient, make_project: MakeProject) -> None:
    project = make_project(ESTABLISHING, images=3)
    project.add_datasets([make_dataset(client, "Late", image_manifest(2, "late"))])
    chosen = project.list_label_rows_v2()[1]
    options = CopyDatasetOptions(
        CopyDatasetAction.CLONE, datasets_to_data_hashes_map={chosen.dataset_hash: [chosen.data_hash]}
    )
    copy = client.get_project(project.copy_project(copy_datasets=options))
    assert [row.data_title for row in copy.list_label_rows_v2()] == [chosen.data_title]
    options.datasets_to_data_hashes_map = {chosen.data_hash: []}
    with pytest.raises(ResourceNotFoundError):
        project.copy_project(copy_datasets=options, new_title="Third")
    assert list(client.list_projects(title_eq="Third")) == []


def test_labels_are_chosen_by_the_state_of_their_task(
    client: EncordUserClient, make_project: MakeProject, control: Control
) -> None:
    project = make_project(ESTABLISHING, images=3)
    taken = control.take(ANNOTATORS[0], project.project_hash)
    control.submit(ANNOTATORS[0], project.project_hash, taken)
    reviews = control.take(REVIEWER, project.project_hash)
    body = [
        {"task_uuid": task["task_uuid"], "action": action}
        for task, action in zip(reviews, ["approve", "reject"], strict=False)
    ]
    control.call("POST", f"ui/projects/{project.project_hash}/review", body, REVIEWER)
    for state, number in (("APPROVED", 0), ("REJECTED", 1), ("PENDING", 2)):
        options = CopyLabelsOptions(accepted_label_statuses=[ReviewApprovalState(state)])
        copy = project.copy_project(copy_datasets=True, copy_labels=options, new_title=state)
        assert list(labelled_rows(client.get_project(copy))) == [reviews[number]["data_title"]]


@pytest.mark.parametrize(
    "payload",
    [
        [], {"copy_project_options": ["everything"]}, {"copy_project_options": None},
        {"copy_labels_options": {"accepted_label_hashes": "x"}}, {"project_copy_metadata": {"project_title": ""}},
        {"copy_labels_options": {"datasets_to_data_hashes_map": {"x": ["y"]}}},
    ],
)  # fmt: skip
def test_a_malformed_copy_is_refused(client: EncordUserClient, make_project: MakeProject, payload: Any) -> None:
    project = make_project(ESTABLISHING, images=1)
    querier = project._client._querier
    with pytest.raises(InvalidArgumentsError):
        querier.basic_setter(ProjectCopy, project.project_hash, payload)
    assert len(list(client.list_projects())) == 1
