from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.emulator.emulator_support import BENCHMARK_QA, image_manifest, make_dataset, road_ontology

if TYPE_CHECKING:
    from encord import EncordUserClient

    from include.encord_emulator.server import RunningEmulator

pytestmark = pytest.mark.emulator


def test_a_link_to_a_project_shows_how_far_its_tasks_are(client: EncordUserClient, emulator: RunningEmulator) -> None:
    dataset = make_dataset(client, "Production", image_manifest(3, "production"))
    ontology = client.create_ontology("Roads", structure=road_ontology())
    project_hash = client.create_project(
        "Cats & <dogs>", [dataset], ontology_hash=ontology.ontology_hash, workflow_template_hash=BENCHMARK_QA
    )
    answer = httpx.get(f"{emulator.url}/projects/view/{project_hash}/summary")
    assert answer.status_code == 200
    assert "<h1>Cats &amp; &lt;dogs&gt;</h1>" in answer.text
    assert "<tr><td>Benchmark Task? (AGENT)</td><td>3</td></tr>" in answer.text


def test_a_project_that_is_not_there_is_not_found(emulator: RunningEmulator) -> None:
    answer = httpx.get(f"{emulator.url}/projects/view/<b>/summary")
    assert answer.status_code == 404
    assert "<b>" not in answer.text
