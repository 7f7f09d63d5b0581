"""Projects for the emulator's tests; the emulator itself and the SDK's client are fixtures of ``tests/conftest.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from encord.project import Project

from tests.emulator.emulator_support import (
    ANNOTATORS,
    BENCHMARK_QA,
    REVIEWER,
    image_manifest,
    make_dataset,
    road_ontology,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

MakeProject = Callable[..., Project]


@pytest.fixture
def make_project(client: EncordUserClient) -> MakeProject:
    """Return a function that makes a project over new datasets, with everybody in it."""

    def make(template: str | None = BENCHMARK_QA, *, images: int = 3, manifest: Any = None) -> Project:
        dataset_hash = make_dataset(client, "Dataset", manifest or image_manifest(images))
        ontology = client.create_ontology("Roads", structure=road_ontology())
        project_hash = client.create_project(
            "Project", [dataset_hash], ontology_hash=ontology.ontology_hash, workflow_template_hash=template
        )
        project = client.get_project(project_hash)
        project.add_users(list(ANNOTATORS), user_role=1)
        project.add_users([REVIEWER], user_role=2)
        return project

    return make
