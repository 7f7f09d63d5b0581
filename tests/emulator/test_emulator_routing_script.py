"""
What a routing script does here, in four versions that differ in a line or two.

It follows the road that Encord's page "Benchmark QA Workflow" shows: collect the data hashes of a dataset of known
units, then go through the tasks of the agent stage and send the known ones to YES and the others to NO. Two mistakes
lie in the SDK itself (a Dataset is no iterable, a task's data hash is no string);
the third depends on how Encord pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest
from encord.orm.workflow import WorkflowStageType

from tests.emulator.emulator_support import BENCHMARK_QA, image_manifest, make_dataset
from tests.emulator.workflow_support import stage_of

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.dataset import Dataset
    from encord.project import Project

    from tests.emulator.emulator_support import Control

pytestmark = pytest.mark.emulator
KNOWN = 3
OTHERS = 7
PAGE = 2
MISSED_BY_COUNTING = 4
"""Of ten tasks in pages of two: each page that is emptied lets the next two slip below the count."""
PAGINGS = ("keyset", "offset")


def route_one_by_one(project: Project, known: Iterable[Any], key: Callable[[Any], Any]) -> None:
    stage = stage_of(project, WorkflowStageType.AGENT)
    known = set(known)
    for task in stage.get_tasks():
        task.proceed("YES" if key(task) in known else "NO")


def as_published(project: Project, dataset: Dataset) -> None:
    rows: Any = dataset  # typed as what the script takes it for: the SDK's Dataset is no iterable
    route_one_by_one(project, (row.uid for row in rows), lambda task: task.data_hash)


def over_the_data_rows(project: Project, dataset: Dataset) -> None:
    route_one_by_one(project, (row.uid for row in dataset.data_rows), lambda task: task.data_hash)


def by_text(project: Project, dataset: Dataset) -> None:
    route_one_by_one(project, (row.uid for row in dataset.data_rows), lambda task: str(task.data_hash))


def listed_first_and_bundled(project: Project, dataset: Dataset) -> None:
    known = {row.uid for row in dataset.data_rows}
    tasks = list(stage_of(project, WorkflowStageType.AGENT).get_tasks())
    with project.create_bundle() as bundle:
        for task in tasks:
            task.proceed("YES" if str(task.data_hash) in known else "NO", bundle=bundle)


@pytest.fixture(params=PAGINGS)
def paging(request: pytest.FixtureRequest, control: Control) -> str:
    control.switch(task_paging=request.param, page_size=PAGE)
    return str(request.param)


@pytest.fixture
def known_units(client: EncordUserClient, control: Control, paging: str) -> Dataset:
    return client.get_dataset(make_dataset(client, "Known", image_manifest(KNOWN, "known")))


@pytest.fixture
def project(client: EncordUserClient, known_units: Dataset) -> Project:
    others = make_dataset(client, "Others", image_manifest(OTHERS, "other"))
    datasets = [known_units.dataset_hash, others]
    return client.get_project(client.create_project("Work", datasets, workflow_template_hash=BENCHMARK_QA))


def whereabouts(project: Project) -> dict[str, list[str]]:
    """Return ``{stage: the kind of unit of each task in it}``, as the label rows tell."""
    found: dict[str, list[str]] = {}
    for row in project.list_label_rows_v2():
        assert row.workflow_graph_node is not None
        found.setdefault(row.workflow_graph_node.title, []).append(row.data_title.partition("-")[0])
    return {title: sorted(kinds) for title, kinds in found.items()}


RIGHT = {"Consensus 1": ["known"] * KNOWN, "Annotate": ["other"] * OTHERS}


def test_the_script_as_published_stops_before_it_routes_anything(project: Project, known_units: Dataset) -> None:
    with pytest.raises(TypeError, match="'Dataset' object is not iterable"):
        as_published(project, known_units)
    assert whereabouts(project) == {"Benchmark Task?": ["known"] * KNOWN + ["other"] * OTHERS}


def test_over_the_data_rows_it_runs_and_finds_no_known_unit(
    project: Project, known_units: Dataset, paging: str
) -> None:
    over_the_data_rows(project, known_units)
    found = whereabouts(project)
    assert "Consensus 1" not in found
    missed = 0 if paging == "keyset" else MISSED_BY_COUNTING
    assert len(found["Annotate"]) == KNOWN + OTHERS - missed
    assert len(found.get("Benchmark Task?", [])) == missed
    assert "known" in found["Annotate"]


def test_comparing_text_routes_each_task_it_sees_and_misses_some_if_pages_are_counted(
    project: Project, known_units: Dataset, paging: str
) -> None:
    by_text(project, known_units)
    found = whereabouts(project)
    if paging == "keyset":
        assert found == RIGHT
        return
    assert len(found["Benchmark Task?"]) == MISSED_BY_COUNTING
    assert set(found["Consensus 1"]) == {"known"}
    assert set(found["Annotate"]) == {"other"}


def test_listing_first_and_bundling_is_right_under_both_pagings(project: Project, known_units: Dataset) -> None:
    listed_first_and_bundled(project, known_units)
    assert whereabouts(project) == RIGHT
