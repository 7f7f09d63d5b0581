"""The emulator is killed amid 1,000 writes: what it acknowledged is there afterwards, and nothing by halves."""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.emulator.emulator_support import (
    BENCHMARK_QA,
    KEYS,
    MANAGER,
    SEED,
    Control,
    image_manifest,
    make_dataset,
    road_ontology,
    sdk_client,
)
from tests.support.emulator_process import EmulatorProcess
from tests.support.raw_http import RawClient, Sent, Signer

if TYPE_CHECKING:
    from encord.project import Project
    from encord.workflow.stages.agent import AgentStage

pytestmark = pytest.mark.emulator
WRITES, KILL_AFTER, WRITERS = 1_000, (150, 350, 550, 750, 950), 4
PROJECT_UNITS, BATCH = 3, 3
KINDS = ("folder", "project", "actions")


@dataclass
class Story:
    """What was asked, by number of the write, and which of it was acknowledged."""

    url: str
    big_project: str
    small_dataset: str
    ontology: str
    stage: str
    batches: list[list[str]]
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10 * WRITES)))
    acknowledged: set[int] = field(default_factory=set)
    unanswered: set[int] = field(default_factory=set)
    changed: threading.Condition = field(default_factory=threading.Condition)
    up: threading.Event = field(default_factory=threading.Event)

    def request(self, number: int) -> Sent:
        """Return the write of a number: a folder, a project with its tasks, or a bundle of actions."""
        kind, turn = KINDS[number % 3], number // 3
        if kind == "folder":
            return _v2("storage/folders", {"name": f"folder-{number}", "description": "", "clientMetadata": "{}"})
        if kind == "actions":
            actions = [
                {"taskUuid": task, "action": "PATHWAY_ACTION", "pathwayName": "NO"} for task in self.batches[turn]
            ]
            return _v2(f"projects/{self.big_project}/workflow/stages/{self.stage}/actions", actions)
        payload = {
            "title": f"project-{number}", "description": "", "dataset_hashes": [self.small_dataset],
            "workflow_type": "manual", "ontology_hash": self.ontology, "workflow_template_id": BENCHMARK_QA,
        }  # fmt: skip
        query = {"query_type": "project", "query_method": "POST", "values": {"uid": None, "payload": payload}}
        return Sent("POST", "/public/user", json.dumps(query).encode())

    def of_kind(self, kind: str, numbers: set[int]) -> set[int]:
        return {number for number in numbers if KINDS[number % 3] == kind}


def _v2(path: str, body: object) -> Sent:
    return Sent("POST", f"/v2/public/{path}", json.dumps(body).encode())


def write(story: Story) -> None:
    """Write until enough is acknowledged; a write that got no answer is never asked again."""
    key = KEYS[MANAGER]
    raw = RawClient(story.url, Signer(key.private_pem, key.public_hex))
    while True:
        story.up.wait()
        with story.changed:
            if len(story.acknowledged) >= WRITES:
                return
            number = next(story.numbers)
        status = attempt(raw, story.request(number))
        with story.changed:
            (story.acknowledged if status == 200 else story.unanswered).add(number)
            story.changed.notify_all()


def attempt(raw: RawClient, sent: Sent) -> int:
    """Return the status of the answer, 0 if there was none."""
    try:
        answer = raw.send(sent)
    except OSError:
        return 0
    assert answer.status in {0, 200}, answer
    return answer.status


@pytest.fixture
def process(tmp_path: Path) -> Iterator[EmulatorProcess]:
    seed = tmp_path / "seed.yaml"
    seed.write_text(yaml.safe_dump(SEED), encoding="utf-8")
    options = ("--db", str(tmp_path / "state.sqlite"))
    with EmulatorProcess(*options, first_options=("--seed", str(seed))) as process:
        yield process


@pytest.fixture
def story(process: EmulatorProcess) -> Story:
    client = sdk_client(process.url, KEYS[MANAGER])
    big = make_dataset(client, "Big", image_manifest(BATCH * WRITES // 2, "big"))
    small = make_dataset(client, "Small", image_manifest(PROJECT_UNITS, "small"))
    ontology = client.create_ontology("Roads", structure=road_ontology()).ontology_hash
    project_hash = client.create_project("Big", [big], ontology_hash=ontology, workflow_template_hash=BENCHMARK_QA)
    stage = agent_stage(client.get_project(project_hash))
    tasks = [str(task.uuid) for task in stage.get_tasks()]
    batches = [tasks[start : start + BATCH] for start in range(0, len(tasks), BATCH)]
    return Story(process.url, project_hash, small, ontology, str(stage.uuid), batches)


def agent_stage(project: Project) -> AgentStage:
    stage: AgentStage = project.workflow.get_stage(name="Benchmark Task?")
    return stage


def test_a_kill_loses_nothing_that_was_acknowledged_and_leaves_nothing_half_done(
    process: EmulatorProcess, story: Story, tmp_path: Path
) -> None:
    kill_and_restart_while_writing(process, story)
    assert len(story.acknowledged) >= WRITES
    assert story.unanswered, "no kill met a write on its way"
    with sqlite3.connect(tmp_path / "state.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert_folders(story)
    assert_projects(story)
    assert_actions(story)


def kill_and_restart_while_writing(process: EmulatorProcess, story: Story) -> None:
    story.up.set()
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, story) for _ in range(WRITERS)]
        for threshold in (*KILL_AFTER, WRITES):
            with story.changed:
                assert story.changed.wait_for(lambda least=threshold: len(story.acknowledged) >= least, timeout=120)
            story.up.clear()
            process.kill()
            process.start_again()
            story.up.set()
        for writer in writers:
            writer.result()


def assert_folders(story: Story) -> None:
    client = sdk_client(story.url, KEYS[MANAGER])
    names = [folder.name for folder in client.find_storage_folders(search="folder-")]
    assert_all_there("folder", names, story)


def assert_projects(story: Story) -> None:
    projects = Control(story.url).call("GET", "state")["projects"]
    small = {project["title"]: project for project in projects if project["title"].startswith("project-")}
    assert_all_there("project", list(small), story)
    assert {sum(project["tasks"].values()) for project in small.values()} == {PROJECT_UNITS}


def assert_all_there(kind: str, names: list[str], story: Story) -> None:
    assert len(names) == len(set(names))
    acknowledged = {f"{kind}-{number}" for number in story.of_kind(kind, story.acknowledged)}
    unanswered = {f"{kind}-{number}" for number in story.of_kind(kind, story.unanswered)}
    assert acknowledged - set(names) == set(), "acknowledged and lost"
    assert set(names) - acknowledged - unanswered == set()


def assert_actions(story: Story) -> None:
    client = sdk_client(story.url, KEYS[MANAGER])
    left = {str(task.uuid) for task in agent_stage(client.get_project(story.big_project)).get_tasks()}
    left_of = [len(left.intersection(batch)) for batch in story.batches]
    assert set(left_of) <= {0, BATCH}, "a request was applied by halves"
    moved = {number for number, count in zip(itertools.count(2, 3), left_of, strict=False) if count == 0}
    acknowledged = story.of_kind("actions", story.acknowledged)
    assert acknowledged - moved == set(), "acknowledged and lost"
    assert moved - acknowledged - story.unanswered == set()
