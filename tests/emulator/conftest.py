"""Projects for the emulator's tests; the emulator itself and the SDK's client are fixtures of ``tests/conftest.py``."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests
from encord.project import Project

from tests.emulator.emulator_support import (
    ANNOTATORS,
    BENCHMARK_QA,
    KEYS,
    MANAGER,
    REVIEWER,
    image_manifest,
    make_dataset,
    road_ontology,
)
from tests.support.dto_check import watched_answers
from tests.support.raw_http import RawClient, Signer

if TYPE_CHECKING:
    from encord import EncordUserClient

    from include.encord_emulator.server import RunningEmulator

MakeProject = Callable[..., Project]


@pytest.fixture(autouse=True)
def answers_match_the_sdk() -> Iterator[None]:
    """Fail a test in which the emulator's v2 answers had other keys than the SDK's data classes."""
    with watched_answers() as found:
        yield
    if found:
        pytest.fail("\n".join(sorted(set(found))), pytrace=False)


@pytest.fixture
def raw(emulator: RunningEmulator) -> RawClient:
    """Return a client that sends anything, signed by the organisation's admin."""
    key = KEYS[MANAGER]
    return RawClient(emulator.url, Signer(key.private_pem, key.public_hex))


@pytest.fixture
def unharmed(emulator: RunningEmulator, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Ask the emulator afterwards whether it is well, and its log whether it ever was not."""
    with caplog.at_level(logging.ERROR):
        yield
    assert requests.get(f"{emulator.url}/_emulator/health", timeout=5).ok
    logged = Counter(repr(record.exc_info[1] if record.exc_info else record) for record in caplog.get_records("call"))
    assert not logged


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
