from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from encord import EncordUserClient, Project
from encord.orm.dataset import LongPollingStatus, StorageLocation
from encord.utilities.project_user import ProjectUserRole
from encord.workflow import AgentStage, ConsensusReviewStage, FinalStage

from include.benchmark_qa.scoring.submission import score_submission
from include.encord_emulator.server import RunningEmulator
from include.simulated_annotators.settings import TeamSettings
from include.simulated_annotators.team import Team
from include.simulated_annotators.web_app import WebApp

pytestmark = pytest.mark.emulator

BENCHMARK_TEMPLATE = "2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1b01"
PRODUCTION_TEMPLATE = "2f1d3b0a-7c64-5c0e-9a51-0d6f0b3c1c01"
MANIFEST = {
    "images": [{"objectUrl": f"https://bucket.test/{n}.jpg", "title": f"{n}.jpg"} for n in range(9)],
    "videos": [{"objectUrl": "https://bucket.test/a.mp4", "title": "a.mp4"}],
    "audio": [{"objectUrl": "https://bucket.test/a.wav", "title": "a.wav"}],
    "image_groups": [
        {"title": "group", "createVideo": False, "objectUrl_0": "https://bucket.test/g0.jpg"}
        | {"objectUrl_1": "https://bucket.test/g1.jpg"}
    ],
}
PRODUCTION = {"images": [{"objectUrl": f"https://bucket.test/p{n}.jpg", "title": f"p{n}.jpg"} for n in range(8)]}
ANNOTATORS = {f"{skill}@demo.test": skill for skill in ("careful", "steady", "hasty", "careless")}
TEAM = TeamSettings(
    members=[
        {"email": "truth@demo.test", "role": "ground_truth", "projects": "ground truth"},
        *({"email": e, "role": "annotator", "skill": s, "projects": "production"} for e, s in ANNOTATORS.items()),
        {"email": "review@demo.test", "role": "reviewer"},
    ],
    max_ordinary_tasks=1,
)


@pytest.fixture(scope="module")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def url(key: Ed25519PrivateKey) -> Iterator[str]:
    public = key.public_key().public_bytes_raw().hex()
    people = ["truth@demo.test", "review@demo.test", *ANNOTATORS]
    seed = {
        "users": [{"email": "admin@demo.test", "public_key": public, "role": "admin"}]
        + [{"email": email} for email in people],
        "integrations": [{"title": "bucket"}],
    }
    with RunningEmulator(seed=seed) as emulator:
        yield emulator.url


@pytest.fixture(scope="module")
def client(url: str, key: Ed25519PrivateKey) -> EncordUserClient:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return EncordUserClient.create_with_ssh_private_key(pem.decode(), domain=url)


def dataset_of(client: EncordUserClient, title: str, manifest: dict[str, Any]) -> str:
    (integration,) = client.get_cloud_integrations()
    folder = client.create_storage_folder(title)
    upload = folder.add_private_data_to_folder_start(integration.id, manifest)
    assert folder.add_private_data_to_folder_get_result(upload).status is LongPollingStatus.DONE
    dataset = client.create_dataset(title, StorageLocation.AWS, create_backing_folder=False)
    client.get_dataset(dataset.dataset_hash).link_items([item.uuid for item in folder.list_items()])
    return str(dataset.dataset_hash)


def project_of(client: EncordUserClient, title: str, **arguments: Any) -> Project:
    project = client.get_project(client.create_project(title, **arguments))
    project.add_users(["review@demo.test"], ProjectUserRole.REVIEWER)
    return project


def label_rows(project: Project, **filters: Any) -> dict[tuple[str, str], dict[str, Any]]:
    rows = project.list_label_rows_v2(**filters)
    for row in rows:
        row.initialise_labels()
    return {(row.data_title, row.branch_name): row.to_encord_dict() for row in rows}


def test_a_team_works_two_projects_through(client: EncordUserClient, url: str, structure: Any) -> None:
    benchmark = dataset_of(client, "benchmark", MANIFEST)
    production = dataset_of(client, "production", PRODUCTION)
    ontology = client.create_ontology("demo", structure=structure)
    shared = {"ontology_hash": ontology.ontology_hash}
    truth_project = project_of(
        client, "Ground truth", dataset_hashes=[benchmark], workflow_template_hash=BENCHMARK_TEMPLATE, **shared
    )
    truth_project.add_users(["truth@demo.test"], ProjectUserRole.ANNOTATOR)
    work_project = project_of(
        client, "Production", dataset_hashes=[benchmark, production],
        workflow_template_hash=PRODUCTION_TEMPLATE, **shared,
    )  # fmt: skip
    work_project.add_users(list(ANNOTATORS), ProjectUserRole.ANNOTATOR)
    benchmark_hashes = {row.uid for row in client.get_dataset(benchmark).data_rows}
    for task in work_project.workflow.get_stage(name="Benchmark Task?", type_=AgentStage).get_tasks():
        task.proceed(pathway_name="YES" if str(task.data_hash) in benchmark_hashes else "NO")

    with WebApp(url) as web_app:
        team = Team(TEAM)
        done = []
        while not done or not done[-1].nothing_left:
            done.append(team.work_once(web_app))
            assert len(done) < 20

    # 12 benchmark units: ground truth, its review and four submissions each; one ordinary task each, some reviewed.
    counts = {kind: sum(step.tasks for d in done for step in d.progress if step.kind == kind) for kind in
              ("ground truth", "benchmark", "ordinary", "review")}  # fmt: skip
    assert counts == {"ground truth": 12, "benchmark": 48, "ordinary": 4, "review": 16}
    complete = truth_project.workflow.get_stage(name="Complete", type_=FinalStage)
    assert len(list(complete.get_tasks())) == 12
    (consensus,) = [stage for stage in work_project.workflow.stages if isinstance(stage, ConsensusReviewStage)]
    reviews = list(consensus.get_tasks())
    assert len(reviews) == 12
    assert all({option.annotator for option in review.options} == set(ANNOTATORS) for review in reviews)

    truths = label_rows(truth_project)
    branches = {option.label_branch_name: option.annotator for review in reviews for option in review.options}
    submissions = label_rows(work_project, data_hashes=sorted(benchmark_hashes), include_all_label_branches=True)
    totals = dict.fromkeys(ANNOTATORS, 0.0)
    for (title, branch), submission in submissions.items():
        if branch in branches:
            score = score_submission(structure.to_dict(), truths[title, "main"], submission)
            assert score.score is not None, score.not_computed
            totals[branches[branch]] += score.score
    assert sorted(totals, key=totals.__getitem__, reverse=True) == list(ANNOTATORS)
