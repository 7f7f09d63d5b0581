"""
What the local Encord costs: ``python -m benchmarks.emulator_tasks [--minutes M]``.

The emulator runs as ``serve`` in a process of its own, over a seeded project of 10,000 images whose two Agent stages
lead to each other. The real SDK then works through it, in rounds, and for each step the table has the CPU seconds of
the server's process alone, from ``/proc``, beside the seconds that passed. A round lists the 10,000 tasks, routes them
in bundles of 1,000 and lists them where they went; it initialises, saves and reads back 1,000 label rows.

Without ``--minutes`` there are two rounds. The last lines say what the start took, and the resident memory after the
first round and after the last: with ``--minutes 60`` it tells whether an hour of such work leaves it flat.
Linux only.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.support.emulator_process import EmulatorProcess

if TYPE_CHECKING:
    from encord.objects import LabelRowV2
    from encord.project import Project

TASKS, BUNDLE, LABEL_ROWS = 10_000, 1_000, 1_000
STAGES = ("There", "Back")
TEMPLATE = {
    "title": "There and back",
    "stages": [
        {"title": "There", "type": "AGENT", "pathways": [{"name": "on", "to": "Back"}]},
        {"title": "Back", "type": "AGENT", "pathways": [{"name": "on", "to": "There"}, {"name": "end", "to": "Done"}]},
        {"title": "Done", "type": "DONE"},
    ],
}
BOX = {
    "id": "1", "name": "Car", "color": "#D33115", "shape": "bounding_box", "featureNodeHash": "carcarca",
    "required": False, "attributes": [],
}  # fmt: skip


@dataclass
class Meter:
    """Times steps, and asks the kernel what they cost a process."""

    pid: int
    rows: list[tuple[str, float, float]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        cpu, wall = self.cpu_s(), time.monotonic()
        yield
        self.rows.append((name, self.cpu_s() - cpu, time.monotonic() - wall))

    def cpu_s(self) -> float:
        # The second field is the program's name in parentheses, and may hold spaces.
        after_name = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="go on for so long; default: two rounds")
    minutes = parser.parse_args().minutes
    start = cost_of_start()
    key = Ed25519PrivateKey.generate()
    with tempfile.TemporaryDirectory() as folder:
        seed = Path(folder, "seed.yaml")
        seed.write_text(yaml.safe_dump(world(key)), encoding="utf-8")
        with EmulatorProcess(
            "--db", str(Path(folder, "state.sqlite")), first_options=("--seed", str(seed))
        ) as emulator:
            report(*measured(emulator, key, minutes), start)


def cost_of_start() -> tuple[float, float]:
    """Return the seconds that pass until ``serve`` answers, with nothing to seed, and its CPU seconds."""
    started = time.monotonic()
    with EmulatorProcess() as emulator:
        return time.monotonic() - started, Meter(emulator.pid).cpu_s()


def measured(emulator: EmulatorProcess, key: Ed25519PrivateKey, minutes: float | None) -> tuple[Meter, list[float]]:
    """Do rounds, and return what the steps cost and the resident memory after each round."""
    project, meter = project_of(emulator.url, key), Meter(emulator.pid)
    memory: list[float] = []
    until = time.monotonic() + (minutes or 0) * 60
    while len(memory) < 2 or time.monotonic() < until:
        work_through(project, meter, *(STAGES if len(memory) % 2 == 0 else STAGES[::-1]))
        memory.append(meter.resident_mb())
    return meter, memory


def work_through(project: Project, meter: Meter, here: str, there: str) -> None:
    """Do one round."""
    with meter.step(f"list {TASKS:,} tasks"):
        tasks = list(project.workflow.get_stage(name=here).get_tasks())
    with meter.step(f"route them in bundles of {BUNDLE:,}"), project.create_bundle(BUNDLE) as bundle:
        for task in tasks:
            task.proceed("on", bundle=bundle)
    with meter.step("list them again"):
        arrived = sum(1 for _ in project.workflow.get_stage(name=there).get_tasks())
    if len(tasks) != TASKS or arrived != TASKS:
        raise RuntimeError(f"{len(tasks)} tasks were there, and {arrived} arrived")
    with meter.step(f"list {TASKS:,} label rows"):
        rows = project.list_label_rows_v2()[:LABEL_ROWS]
    with meter.step(f"initialise {LABEL_ROWS:,} of them"):
        in_bundle(project, rows, lambda row, bundle: row.initialise_labels(overwrite=True, bundle=bundle))
    for row in rows:
        add_box(row)
    with meter.step("save them, with a box more"):
        in_bundle(project, rows, lambda row, bundle: row.save(bundle=bundle))
    with meter.step("read them again"):
        in_bundle(project, rows, lambda row, bundle: row.initialise_labels(overwrite=True, bundle=bundle))
    if not all(row.get_object_instances() for row in rows):
        raise RuntimeError("a label row came back without its box")


def in_bundle(project: Project, rows: list[LabelRowV2], act: Callable[[LabelRowV2, Any], None]) -> None:
    with project.create_bundle(BUNDLE) as bundle:
        for row in rows:
            act(row, bundle)


def add_box(row: LabelRowV2) -> None:
    from encord.objects.coordinates import BoundingBoxCoordinates

    for old in row.get_object_instances():
        row.remove_object(old)
    box = row.ontology_structure.get_child_by_title("Car").create_instance()
    box.set_for_frames(BoundingBoxCoordinates(height=0.5, width=0.5, top_left_x=0.1, top_left_y=0.1))
    row.add_object_instance(box)


def project_of(url: str, key: Ed25519PrivateKey) -> Project:
    from encord import EncordUserClient

    pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    client = EncordUserClient.create_with_ssh_private_key(pem, domain=url)
    return client.get_project(next(iter(client.list_projects())).project_hash)


def world(key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the seed."""
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    admin = {"email": "admin@example.com", "role": "admin"}
    return {
        "users": [admin | {"public_key": public}],
        "workflow_templates": [TEMPLATE],
        "ontologies": [{"title": "Roads", "structure": {"objects": [BOX], "classifications": []}}],
        "folders": [{"name": "images", "items": [{"name": "image.jpg", "type": "image", "repeat": TASKS}]}],
        "datasets": [{"title": "images", "folder": "images"}],
        "projects": [
            {
                "title": "There and back", "ontology": "Roads", "workflow_template": "There and back",
                "datasets": ["images"], "users": [admin],
            }
        ],
    }  # fmt: skip


def report(meter: Meter, memory: list[float], start: tuple[float, float]) -> None:
    """Print the table; each step has its first, last and worst cost, so that growth shows."""
    names = list(dict.fromkeys(name for name, _, _ in meter.rows))
    write = sys.stdout.write
    write(f"{'step':40}{'server CPU s, first':>20}{'last':>8}{'worst':>8}{'passed s, last':>16}\n")
    totals = [0.0, 0.0]
    for name in names:
        costs = [(cpu, wall) for step, cpu, wall in meter.rows if step == name]
        first, last, worst = costs[0][0], costs[-1][0], max(cpu for cpu, _ in costs)
        totals = [totals[0] + first, totals[1] + last]
        write(f"{name:40}{first:>20.2f}{last:>8.2f}{worst:>8.2f}{costs[-1][1]:>16.2f}\n")
    write(f"{'all of a round':40}{totals[0]:>20.2f}{totals[1]:>8.2f}\n\n")
    write(f"Start, until it answers: {start[0]:.2f} s, of which {start[1]:.2f} s of CPU\n")
    write(f"Resident memory: {memory[0]:.0f} MB after the first round, {memory[-1]:.0f} MB after round {len(memory)}\n")


if __name__ == "__main__":
    main()
