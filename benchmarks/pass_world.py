"""
The campaigns of ``benchmarks.passes``, written straight into the local Encord's file.

One task in ten is of a known unit, and all are routed. Ground truth and submissions are boxes of ``scoring_data``. What
was made before carries earlier moments, a hundred units every ten minutes, so that a pass finds as little near its
cursor as in a campaign of weeks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.scoring_data import KINDS, RowWriter, Scene, structure
from include.encord_emulator import clock
from include.encord_emulator.call import Call
from include.encord_emulator.seeding.document import parse_seed
from include.encord_emulator.store.database import Record, fetch
from include.encord_emulator.store.labels import ensure_label_rows, save_labels
from include.encord_emulator.store.projects import project_workflow
from include.encord_emulator.store.tables import DATA_ROWS, PROJECTS, TASKS
from include.encord_emulator.workflow import consensus, engine
from include.encord_emulator.world import World

ADMIN = "admin@example.com"
KNOWN_SHARE, ANNOTATORS, PEOPLE, SCENES = 0.1, 4, 20, 50
GROUP = 10
CHUNK, CHUNK_SECONDS = 100, 600.0


@contextmanager
def opened(db: Path, seeds: Sequence[dict[str, Any]] = ()) -> Iterator[World]:
    """Open the state of an emulator that is not running."""
    world = World(str(db), [parse_seed(seed, db.parent) for seed in seeds])
    try:
        yield world
    finally:
        world.database.close()


def make_world(db: Path, public_key: str, tasks: int) -> None:
    """Seed both projects, route all tasks, and make the ground truth."""
    with opened(db, [_seed(public_key, tasks)]) as world, world.transaction() as connection:
        call = Call(connection, ADMIN, clock.shift(clock.now(), -30 * 86_400), world.switches)
        truth, production = _project(call, "benchmark"), _project(call, "production")
        _route(call, production)
        drawn = _Drawn()
        for back, units in _chunks(_known(call)):
            call.now = clock.shift(clock.now(), back - 86_400)
            rows = ensure_label_rows(call, truth, units, "main")
            save_labels(call, truth, [(row, drawn.truth(row["data_hash"])) for row in rows], ADMIN)


def submit(db: Path, units: int, *, back: float = 0.0) -> int:
    """
    Have so many units submitted by all their annotators; return how many submissions that are.

    :param back: how many seconds ago the last of them were made
    """
    with opened(db) as world, world.transaction() as connection:
        call = Call(connection, ADMIN, clock.now(), world.switches)
        drawn = _Drawn()
        project_hash = _project(call, "production")
        annotation = next(one for one in _stages(call, project_hash) if one.type == "CONSENSUS_ANNOTATION")
        here = _select(TASKS).where(TASKS.c.project_hash == project_hash, TASKS.c.stage == annotation.uuid)
        chosen = {task["data_hash"]: task for task in fetch(connection, here.order_by(TASKS.c.seq).limit(units))}
        for earlier, part in _chunks(list(chosen)):
            call.now = clock.shift(clock.now(), earlier - back)
            _submit(call, annotation, [chosen[one] for one in part], drawn)
        return len(chosen) * ANNOTATORS


def add_tasks(db: Path, tasks: int, name: str) -> None:
    """Let new units arrive at the agent stage, one in ten of them known; ``name`` tells one arrival from another."""
    counts = {"benchmark": int(tasks * KNOWN_SHARE), "production": tasks - int(tasks * KNOWN_SHARE)}
    folders = [
        {"name": f"{name} {kind}", "items": [{"name": f"{name}-{kind}.jpg", "repeat": count}]}
        for kind, count in counts.items()
    ]
    datasets = [{"title": kind, "folder": f"{name} {kind}"} for kind in counts]
    projects = [{"title": "production", "ontology": "Streets", "datasets": list(counts)}]
    with opened(db) as world:
        world.seed({"folders": folders, "datasets": datasets, "projects": projects})


def _submit(call: Call, annotation: Any, tasks: Sequence[Record], drawn: _Drawn) -> None:
    """Submit in groups of units, each by as many people of the team as a unit is given to."""
    project_hash = tasks[0]["project_hash"]
    workflow = project_workflow(call.connection, project_hash)
    subtasks = consensus.subtasks_of(call, [task["uuid"] for task in tasks])
    for start in range(0, len(tasks), GROUP):
        group = tasks[start : start + GROUP]
        for number in range(ANNOTATORS):
            person = f"annotator-{(start // GROUP * ANNOTATORS + number) % PEOPLE:02}@example.com"
            pairs = [(task, subtasks[task["uuid"]][number]) for task in group]
            rows = _label_rows(call, project_hash, pairs)
            labels = [drawn.submission(row["data_hash"], number) for row in rows]
            save_labels(call, project_hash, list(zip(rows, labels, strict=True)), person)
            engine.record_actions(call, "submit", group, person)
            done = consensus.finish_subtasks(call, pairs, person)
            engine.send(call, workflow, annotation.onward, done, person)


def _label_rows(call: Call, project_hash: str, pairs: Sequence[tuple[Record, Record]]) -> list[Record]:
    """Return the label rows of subtasks, each on its branch."""
    by_branch: dict[str, list[str]] = {}
    for task, subtask in pairs:
        by_branch.setdefault(subtask["branch"], []).append(task["data_hash"])
    return [row for branch, units in by_branch.items() for row in ensure_label_rows(call, project_hash, units, branch)]


def _route(call: Call, project_hash: str) -> None:
    workflow = project_workflow(call.connection, project_hash)
    [agent] = [stage for stage in workflow.stages if stage.type == "AGENT"]
    known = set(_known(call))
    tasks = fetch(call.connection, _select(TASKS).where(TASKS.c.project_hash == project_hash))
    for pathway in agent.pathways:
        chosen = [task for task in tasks if (task["data_hash"] in known) == (pathway.title == "YES")]
        engine.record_actions(call, "complete", chosen, pathway=pathway.uuid)
        engine.send(call, workflow, pathway.destination, chosen, ADMIN)


class _Drawn:
    """Label rows of a few scenes, handed to whatever unit asks: what is measured does not depend on what is drawn."""

    def __init__(self) -> None:
        import numpy as np

        kind = KINDS["boxes"]
        writer = RowWriter(kind)
        scenes = [Scene(kind, np.random.default_rng(number)) for number in range(SCENES)]
        self._truths = [writer.truth(scene) for scene in scenes]
        self._submissions = [[writer.submission(scene) for _ in range(8)] for scene in scenes]

    def truth(self, data_hash: str) -> Record:
        return _of(self._truths[_scene(data_hash)], data_hash)

    def submission(self, data_hash: str, number: int) -> Record:
        return _of(self._submissions[_scene(data_hash)][number % 8], data_hash)


def _scene(data_hash: str) -> int:
    return int(data_hash[:8], 16) % SCENES


def _of(row: Record, data_hash: str) -> Record:
    """Return a copy of a label row that is of another unit; taking labels in changes them."""
    import orjson

    [entry] = row["data_units"].values()
    names = ("object_answers", "classification_answers")
    copied: Record = orjson.loads(orjson.dumps({name: row[name] for name in names} | {"labels": entry["labels"]}))
    return {"data_units": {data_hash: {"labels": copied.pop("labels")}}} | copied


def _chunks(units: Sequence[str]) -> Iterator[tuple[float, list[str]]]:
    """Yield units with how many seconds before the last of them they were done, as a negative number."""
    starts = range(0, len(units), CHUNK)
    for number, start in enumerate(starts, start=1):
        yield (number - len(starts)) * CHUNK_SECONDS, list(units[start : start + CHUNK])


def _known(call: Call) -> list[str]:
    dataset = _seed_hash(call, "benchmark")
    rows = call.fetch(_select(DATA_ROWS).where(DATA_ROWS.c.dataset_hash == dataset).order_by(DATA_ROWS.c.seq))
    return [row["data_hash"] for row in rows]


def _seed_hash(call: Call, title: str) -> str:
    from include.encord_emulator.store.tables import DATASETS

    [row] = call.fetch(_select(DATASETS).where(DATASETS.c.title == title))
    return str(row["dataset_hash"])


def _project(call: Call, title: str) -> str:
    [row] = call.fetch(_select(PROJECTS).where(PROJECTS.c.title == title))
    return str(row["project_hash"])


def _stages(call: Call, project_hash: str) -> Sequence[Any]:
    return project_workflow(call.connection, project_hash).stages


def _select(table: Any) -> Any:
    import sqlalchemy as sa

    return sa.select(table)


def _seed(public_key: str, tasks: int) -> dict[str, Any]:
    counts = {"benchmark": int(tasks * KNOWN_SHARE), "production": tasks - int(tasks * KNOWN_SHARE)}
    people = [f"annotator-{number:02}@example.com" for number in range(PEOPLE)]
    members = [{"email": ADMIN, "role": "admin"}, *({"email": one, "role": "annotator"} for one in people)]
    shared = {"ontology": "Streets", "users": members}
    return {
        # One name for the branches of all first annotators, and so on, so that they can be made many at once.
        "switches": {"consensus_branches": "per_position"},
        "users": [{"email": ADMIN, "role": "admin", "public_key": public_key}, *({"email": one} for one in people)],
        "ontologies": [{"title": "Streets", "structure": structure().to_dict()}],
        "folders": [{"name": kind, "items": [{"name": f"{kind}.jpg", "repeat": n}]} for kind, n in counts.items()],
        "datasets": [{"title": kind, "folder": kind} for kind in counts],
        "projects": [
            shared | {"title": "benchmark", "workflow_template": "Establishing Benchmarks", "datasets": ["benchmark"]},
            shared
            | {"title": "production", "workflow_template": "Production with Benchmark QA", "datasets": list(counts)},
        ],
    }
