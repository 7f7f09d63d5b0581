"""A whole campaign by its operators, one `execute` after the other: no scheduler, the real SDK, a local Encord."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from airflow.sdk.exceptions import AirflowSkipException
from encord.exceptions import RequestException

from include.benchmark_qa import paths
from include.object_storage import Bucket, open_bucket
from include.simulated_annotators.settings import TeamSettings
from include.simulated_annotators.team import Team
from include.simulated_annotators.web_app import WebApp
from tests.support.journey_tasks import ANNOTATORS, KINDS, JourneyTasks, email

PATIENCE_SECONDS = 20.0
UPLOAD = "POST .*/data-upload-jobs$"


def people() -> list[str]:
    return [email(name) for name in (*ANNOTATORS, "truth", "reviewer")]


@dataclass
class Journey:
    """
    One campaign over a folder of files.

    :param url: the local Encord
    :param folder: gets `files/` and `workspace/`
    :param ordinary_tasks: how many units of real work each annotator labels
    :param place: address of the workspace, if it is elsewhere
    """

    url: str
    folder: Path
    settle_seconds: float = 10.0
    ordinary_tasks: int = 3
    place: str = ""

    @property
    def tasks(self) -> JourneyTasks:
        return JourneyTasks(self.folder, self.settle_seconds, self.place)

    @property
    def workspace(self) -> Bucket:
        return open_bucket(self.tasks.workspace)

    def run(self) -> dict[str, Any]:
        """Go all the way, twice where a run may be repeated; return what came of it, free of ids."""
        datasets = self.import_files()
        benchmark = self.make_project("benchmark", datasets)
        self.make_ground_truth(benchmark)
        production = self.make_project("production", datasets)
        routed = self.route()
        again = self.route()
        for names in (ANNOTATORS[:2], ANNOTATORS[2:]):
            self.label_all(*names)
            # As the loop does: a pass in between must not take what is half done for finished.
            self.score_and_decide(production)
        idle = self.idle_pass(production)
        return {"routed": routed, "routed again": again, "idle pass": idle, **self.outcome()}

    def import_files(self) -> dict[str, Any]:
        """List, write manifests, import; the answer to the first upload request is lost on the way."""
        listing = execute(self.tasks.list_bucket())["listing"]
        manifest = execute(self.tasks.generate_manifest(listing))["manifest"]
        operator = self.tasks.import_files(manifest)
        self._control("POST", "faults", {"match": UPLOAD, "drop": "after", "times": 1})
        try:
            execute(operator)
        except RequestException:
            result: dict[str, Any] = execute(operator)
        else:
            raise AssertionError("the answer to the upload request was not lost")
        again = execute(operator)
        assert [again[f"{kind}_{what}"] for kind in KINDS for what in ("registered", "refused", "linked")] == [0] * 6
        return result

    def make_project(self, kind: str, datasets: dict[str, Any]) -> str:
        """Ensure the project twice; return its hash."""
        operator = self.tasks.create_project(kind, datasets)
        project_hash = execute(operator)
        assert execute(operator) == project_hash
        return str(project_hash)

    def make_ground_truth(self, project_hash: str) -> None:
        """Let the two who are trusted work until the sensor says that all is there."""
        sensor = self.tasks.wait_for_ground_truth(project_hash)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not sensor.poke({"ti": TaskInstance()}):
            assert time.monotonic() < deadline, "the ground truth never counts as complete"
            self.label_all("truth", "reviewer")

    def route(self) -> dict[str, int]:
        """Route what waits; return how many tasks went each way."""
        routed: dict[str, int] = execute(self.tasks.route_tasks())["routed"]
        return routed

    def label_all(self, *names: str) -> int:
        """Let these people work until the others, or nobody, have something to do; return how many tasks they did."""
        members = [member(name) for name in names]
        settings = {"seed": 7, "max_ordinary_tasks": self.ordinary_tasks, "members": members}
        team, done = Team(TeamSettings.model_validate(settings)), 0
        with WebApp(self.url) as web_app:
            while not (work := team.work_once(web_app)).nothing_left:
                done += work.tasks
        return done

    def score_and_decide(self, project_hash: str) -> None:
        """One pass of the loop: list, score, decide, publish."""
        batches = execute(self.tasks.list_submissions(project_hash))
        scores = [execute(self.tasks.score_labels(project_hash, batch)) for batch in batches]
        execute(self.tasks.apply_decisions(project_hash, scores))
        execute(self.tasks.publish_scores())

    def idle_pass(self, project_hash: str) -> dict[str, Any]:
        """
        Run a pass after which nothing is new; return how many scores it wrote and how often it read labels.

        With it, whether the look before such a pass sees that there is nothing to do, and by how many requests.
        """
        before = self._scores()
        seen = self._control("GET", "requests")["total"]
        self.score_and_decide(project_hash)
        counts = self._control("GET", f"requests?after={seen}")["counts"]
        reads = sum(counts.get(one, 0) for one in ("labelrow GET", "labelrow PUT"))
        return {"scored": len(self._scores() - before), "labels read": reads} | self._look(project_hash)

    def _scores(self) -> set[tuple[str, datetime]]:
        """Return the files of scores, each with the time when it was written."""
        batches = self.workspace.list(paths.SUBMISSIONS)
        return {one for batch in batches for one in zip(batch.keys, batch.modified, strict=True)}

    def _look(self, project_hash: str) -> dict[str, Any]:
        memory = StateStore()
        look = self.tasks.find_work()
        assert execute(look, memory)["reason"], "nothing is remembered yet"
        execute(self.tasks.remember_pass(project_hash), memory)
        seen = self._control("GET", "requests")["total"]
        try:
            found = execute(look, memory)["reason"]
        except AirflowSkipException:
            found = ""
        return {"work found": found, "few requests": self._control("GET", "requests")["total"] - seen <= 5}

    def outcome(self) -> dict[str, Any]:
        """Return what Encord holds and what was published, without hashes."""
        state = self._control("GET", "state")
        published = json.loads(self.workspace.read(paths.SUMMARY))
        scores = {one["annotator_email"]: one for one in published["annotators"]}
        ranked = sorted(scores, key=lambda one: -scores[one]["mean_score"])
        return {
            "folders": {folder["name"]: folder["items"] for folder in state["folders"]},
            "datasets": {dataset["title"]: dataset["rows"] for dataset in state["datasets"]},
            "ontologies": [ontology["title"] for ontology in state["ontologies"]],
            "projects": sorted(project["title"] for project in state["projects"]),
            "ever routed": [project["routed"] for project in state["projects"] if project["routed"]],
            "tags": [project["tags"] for project in state["projects"]],
            "complete": {project["title"]: project["tasks"]["Complete (DONE)"] for project in state["projects"]},
            "submissions": {one: scores[one]["submissions"] for one in sorted(scores)},
            "best": ranked[0],
            "worst": ranked[-1],
            "not computed": len(published["not_computed"]),
            **self._actions(),
        }

    def _actions(self) -> dict[str, Any]:
        """Return how many actions there were, and whether each was done, and once."""
        keys = [key for batch in self.workspace.list(paths.ACTIONS) for key in batch.keys if key.endswith(".jsonl")]
        lines = [json.loads(line) for key in keys for line in self.workspace.read(key).splitlines()]
        done = [one for one in lines if one.get("outcome") == "done"]
        asked = {one["key"] for one in lines if "outcome" not in one}
        return {
            "approved": sum(one["action"] == "approve" for one in done),
            "done once": sorted(one["key"] for one in done) == sorted(asked),
            "hinted": 0 < sum(one["action"] == "issue" for one in done) <= 4 * 6,
        }

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.url}/_emulator/{path}", json=body, timeout=10)
        assert answer.is_success, answer.text
        return answer.json()


def member(name: str) -> dict[str, Any]:
    if name in ANNOTATORS:
        return {"email": email(name), "role": "annotator", "skill": name}
    return {"email": email(name), "role": "ground_truth" if name == "truth" else "reviewer"}


class TaskInstance:
    """The little of a task instance that our operators use; each starts a second after the one before."""

    _numbers = count()
    dag_id, task_id = "benchmark_qa__journey", "journey"

    def __init__(self) -> None:
        self.start_date = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(self._numbers))
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


class StateStore(dict[str, Any]):
    """What Airflow keeps with an asset."""

    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))


def task_context(instance: TaskInstance, memory: StateStore | None = None) -> dict[str, Any]:
    """Return what our operators read of the context of a run that a person started."""
    dag_run = SimpleNamespace(run_type="manual")
    return {"ti": instance, "run_id": "manual__journey", "dag_run": dag_run, "asset_state_store": memory}


def execute(operator: Any, memory: StateStore | None = None) -> Any:
    """Run an operator as a person's run of a Dag would; those that keep something with an asset get its store."""
    return operator.execute(task_context(TaskInstance(), memory))
