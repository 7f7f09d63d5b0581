"""
A campaign, task after task, that can be taken up again before any of them, with a fault for that one.

The tasks are those of both Dags, in their order; between them people work and new files land. The undisturbed run
leaves a copy of the world before each task, and the requests that the task made.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from include.encord_emulator.server import RunningEmulator
from tests.emulator.emulator_support import INTEGRATION, MANAGER, Control, Key
from tests.support.end_state import end_state
from tests.support.journey_tasks import ANNOTATORS, KINDS, JourneyTasks
from tests.support.operator_journey import Journey, people
from tests.support.task_attempts import Attempts, Make, Meanwhile, Result, run_here

CAMPAIGN = (
    "list_bucket", "generate_manifest", "import_files", "create_benchmark_project", "wait_for_ground_truth",
    "approve_ground_truth", "create_production_project",
    "route_tasks", "list_submissions", "score_labels", "apply_decisions", "publish_scores",
)  # fmt: skip
LOOP = ("find_work", *CAMPAIGN[CAMPAIGN.index("route_tasks") :])
# They ask Airflow, or the workspace, and never Encord.
WITHOUT_ENCORD = frozenset({"campaign.begin_first_pass", "campaign.wait_for_turn", "loop.remember_pass"})
STEPS = (*(f"campaign.{task}" for task in CAMPAIGN), *(f"loop.{task}" for task in LOOP))
FILES = {"benchmark": 4, "production": 5}
MORE_FILES = {"benchmark": 1, "production": 3}
PASSES = 8
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass
class World:
    """A local Encord on a file, the files of a bucket, a workspace, and what tasks have told each other so far."""

    folder: Path
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def db(self) -> Path:
        return self.folder / "encord.sqlite"

    @property
    def log(self) -> Path:
        return self.folder / "tasks.log"

    def end(self) -> dict[str, Any]:
        """Return what is there; the world's Encord must have ended."""
        return end_state(self.db, self.folder / "workspace")

    def copy_to(self, folder: Path) -> World:
        """Copy the world, also while its Encord runs."""
        folder.mkdir(parents=True)
        with sqlite3.connect(self.db) as source, sqlite3.connect(folder / self.db.name) as target:
            source.backup(target)
        for name in ("files", "workspace"):
            if (self.folder / name).exists():
                shutil.copytree(self.folder / name, folder / name)
        return World(folder, dict(self.results))

    def add_files(self, counts: Mapping[str, int], word: str) -> None:
        for kind, count in counts.items():
            place = self.folder / "files" / kind
            place.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                (place / f"{word} {number:02}.jpg").write_bytes(b"never looked into")


def new_world(folder: Path) -> World:
    world = World(folder)
    folder.mkdir(parents=True, exist_ok=True)
    world.add_files(FILES, "street")
    return world


@contextmanager
def encord_of(world: World, key: Key) -> Iterator[str]:
    """Run the world's Encord; yield its URL."""
    seed = {
        "organisation": "Example",
        "users": [
            {"email": MANAGER, "public_key": key.public_hex, "role": "admin"},
            *({"email": one} for one in people()),
        ],
        "integrations": [{"title": INTEGRATION}],
        "switches": {"upload_seconds": 0.02},
    }
    with RunningEmulator(db=str(world.db), seed=seed) as emulator:
        yield emulator.url


class FaultyCampaign:
    """
    One campaign in one world.

    :param url: the world's Encord, which is running
    """

    def __init__(self, world: World, url: str) -> None:
        self._world = world
        self._url = url
        self._journey = Journey(url, world.folder, ordinary_tasks=0)
        self._control = Control(url)

    def run(self, disturb: Callable[[str], Attempts | None], begin: str = STEPS[0]) -> None:
        """
        Go on from a step, for which people have worked, to the campaign's end.

        :param disturb: says for each step how it is run, None for undisturbed; its faults and kills end with it
        """
        for step in STEPS[STEPS.index(begin) :]:
            if step != begin:
                self.people_work_for(step)
            self._do(step, attempts := disturb(step))
            rules = self._control.call("GET", "faults")
            met = any(rule["matched"] for rule in rules) or (attempts and attempts.killed)
            assert met or not rules, f"{step} met none of its faults"
            self._control.call("DELETE", "faults")
        self.finish()

    def requests_of(self, step: str) -> list[str]:
        """Run one step, and return the distinct requests that it made, as patterns for fault rules."""
        seen = self._control.call("GET", "requests")["total"]
        self._do(step)
        return list(dict.fromkeys(map(_pattern, self._control.requests(after=seen or 0))))

    def people_work_for(self, step: str) -> None:
        """Let happen what happens before a step, outside Airflow."""
        if step == "campaign.list_submissions":
            self._journey.label_all(*ANNOTATORS)
        if step == "loop.find_work":
            self._world.add_files(MORE_FILES, "avenue")
            for task in CAMPAIGN[:3]:
                self._world.results[f"campaign.{task}"] = self._run(f"campaign.{task}")
        if step == "loop.list_submissions":
            self._journey.label_all("truth", "reviewer", *ANNOTATORS)

    def _do(self, step: str, attempts: Attempts | None = None) -> None:
        self._world.results[step] = self._run(step, attempts)

    def _run(self, step: str, attempts: Attempts | None = None) -> Result:
        if step.endswith(".score_labels"):
            batches = self._value(step.replace("score_labels", "list_submissions"))
            makers = [partial(self._score, batch) for batch in batches]
            return Result([(attempts.run(make) if attempts else run_here(make)).value for make in makers], {})
        make, meanwhile = self._maker(step), self._others_meanwhile(step)
        if attempts or meanwhile:
            return (attempts or Attempts(self._url, self._world.log)).run(make, meanwhile)
        return run_here(make)

    def _others_meanwhile(self, step: str) -> Meanwhile:
        waits = step.endswith("wait_for_ground_truth")
        return (lambda: self._journey.label_all("truth", "reviewer")) if waits else None

    def _maker(self, step: str) -> Make:
        dag, _, task = step.partition(".")
        tasks = self._tasks(dag)
        makers: dict[str, Make] = {
            "list_bucket": tasks.list_bucket,
            "generate_manifest": lambda: tasks.generate_manifest(self._value("campaign.list_bucket")["listing"]),
            "import_files": lambda: tasks.import_files(
                self._value("campaign.generate_manifest")["manifest"], deferrable=True
            ),
            "create_benchmark_project": lambda: tasks.create_project("benchmark", self._datasets()),
            "wait_for_ground_truth": lambda: tasks.wait_for_ground_truth(
                self._value("campaign.create_benchmark_project"), deferrable=True
            ),
            "approve_ground_truth": lambda: tasks.approve_ground_truth(
                self._value("campaign.create_benchmark_project"), self._value("campaign.wait_for_ground_truth")
            ),
            "create_production_project": lambda: tasks.create_project("production", self._datasets()),
            "find_work": tasks.find_work,
            "route_tasks": tasks.route_tasks,
            "list_submissions": lambda: tasks.list_submissions(self._project()),
            "apply_decisions": lambda: tasks.apply_decisions(self._project(), self._value(f"{dag}.score_labels")),
            "publish_scores": tasks.publish_scores,
        }
        return makers[task]

    def _score(self, batch: Mapping[str, Any]) -> Any:
        return self._tasks("loop").score_labels(self._project(), batch)

    def _tasks(self, dag: str) -> JourneyTasks:
        return JourneyTasks(self._world.folder, settle_seconds=0.0 if dag == "loop" else 10.0)

    def _value(self, step: str) -> Any:
        return self._world.results[step].value

    def _datasets(self) -> dict[str, Any]:
        datasets: dict[str, Any] = self._value("campaign.import_files")
        assert all(f"{kind}_dataset" in datasets for kind in KINDS)
        return datasets

    def _project(self) -> str:
        return str(self._value("campaign.create_production_project"))

    def finish(self) -> None:
        """Let people finish and the loop pass, until there is nothing left to do."""
        time.sleep(self._control.call("GET", "switches")["task_delay_s"])  # from now on all tasks can be seen
        for _ in range(PASSES):
            labelled = self._journey.label_all("truth", "reviewer", *ANNOTATORS)
            before = json.dumps(self._control.call("GET", "state")["projects"])
            for task in LOOP:
                self._do(f"loop.{task}")
            if not labelled and before == json.dumps(self._control.call("GET", "state")["projects"]):
                return
        raise AssertionError(f"there is still something to do after {PASSES} more passes")


@dataclass
class Undisturbed:
    """What a run that nobody disturbed went through: its end, and each step's requests and the world before it."""

    key: Key
    end: dict[str, Any]
    requests: dict[str, list[str]]
    worlds: dict[str, World]


def undisturbed_run(folder: Path, key: Key, connect: Callable[[str], None]) -> Undisturbed:
    """
    Run a campaign from its begin to its end, with a copy of the world before each step.

    :param connect: leads Airflow's connection to a URL
    """
    world = new_world(folder / "undisturbed")
    requests, worlds = {}, {}
    with encord_of(world, key) as url:
        connect(url)
        campaign = FaultyCampaign(world, url)
        for step in STEPS:
            campaign.people_work_for(step)
            worlds[step] = world.copy_to(folder / step)
            requests[step] = campaign.requests_of(step)
        campaign.finish()
    return Undisturbed(key, world.end(), requests, worlds)


def _pattern(entry: Mapping[str, Any]) -> str:
    """Return a pattern for requests like this one, about whatever: what a task makes has another id each time."""
    query = f" {entry['query_type']} {entry['query_method']}" if entry["query_type"] else ""
    parts = UUID.split(f"{entry['method']} {entry['path']}{query}")
    return f"^{'[^/]+'.join(map(re.escape, parts))}$".replace("\\ ", " ")
