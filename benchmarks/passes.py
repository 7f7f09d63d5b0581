"""
What a pass of the loop costs, by the size of the campaign: ``python -m benchmarks.passes [--tasks 1000 10000]``.

For each size the local Encord, a process of its own, holds a production project in which all tasks are routed and half
of the known units are submitted, scored and approved, in batches of 200, the last of these by a pass of its own: the
first pass after a large one puts away what that has left. Then each task of a pass runs in a process of its own, with
its real operator: first with nothing new, then with 200 new submissions, whatever the size, and routing with 200 new
tasks. The table has requests to Encord with what they sent and received, objects read, written and listed
in the workspace, CPU seconds of the task without imports, and by how much its memory grew. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from benchmarks import pass_world
from benchmarks.measure import Cost, run, surroundings, table
from tests.support.emulator_process import EmulatorProcess

SIZES = (1_000, 10_000, 100_000)
CHANGED = 200
HEADER = (
    *("tasks", "task", "requests", "kB sent", "kB received", "objects read", "kB read", "written", "kB written"),
    *("listed", "CPU s", "MB more"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, nargs="+", default=SIZES)
    rows = [row for tasks in parser.parse_args().tasks for row in measured(tasks)]
    sys.stdout.write(f"{table(HEADER, rows)}\n{surroundings('encord', 'duckdb')}\n")


def measured(tasks: int) -> list[list[str]]:
    """Return the rows of one size."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        db = folder / "state.sqlite"
        os.environ["AIRFLOW_HOME"] = place
        _said(f"{tasks:,} tasks: seeding", lambda: pass_world.make_world(db, public, tasks))
        units = CHANGED // pass_world.ANNOTATORS
        before = int(tasks * pass_world.KNOWN_SHARE) // 2 - units
        _said("nearly half of the known units submitted", lambda: pass_world.submit(db, before, back=3_600.0))
        with EmulatorProcess("--db", str(db)) as emulator:
            os.environ["AIRFLOW_CONN_ENCORD_DEFAULT"] = _connection(emulator.url, key)
            _said("scored", lambda: whole_pass(folder))
            for _ in ("not counted", "counted"):
                _while_down(emulator, lambda: pass_world.submit(db, units))
                rows = whole_pass(folder)
            rows.append(("find_work, nothing new", task(folder, "find_work")))
            for name in ("first", "second"):  # the first arrival gives all tasks their places in the queue
                _while_down(emulator, partial(pass_world.add_tasks, db, CHANGED, name))
                cost = task(folder, "route_tasks")
            rows.append((f"route_tasks, {CHANGED} new", cost))
        return [_row(tasks, name, cost) for name, cost in rows]


def whole_pass(folder: Path) -> list[tuple[str, Cost]]:
    """Run a pass task by task; return what each cost."""
    rows = [(name, task(folder, name)) for name in ("find_work", "route_tasks", "list_submissions")]
    [batches] = rows[-1][1].result["result"]
    rows.append(("score_labels", task(folder, "score_labels", batches)))
    rows.append(("apply_decisions", task(folder, "apply_decisions", rows[-1][1].result["result"])))
    return rows + [(name, task(folder, name)) for name in ("publish_scores", "remember_pass")]


def task(folder: Path, name: str, argument: Any = None) -> Cost:
    """Run one task in a process of its own."""
    cost = run("benchmarks.pass_tasks:prepare", str(folder), name, json.dumps(argument))
    sys.stderr.write(f"  {name}: {cost.cpu_s:.2f} CPU s, {cost.wall_s:.2f} s, {str(cost.result['result'])[:150]}\n")
    return cost


def _row(tasks: int, name: str, cost: Cost) -> list[str]:
    found = cost.result
    numbers = [found["requests"], found["sent"] / 1e3, found["received"] / 1e3, found["reads"], found["read"] / 1e3]
    numbers += [found["writes"], found["written"] / 1e3, found["listed"]]
    more = cost.peak_mb - found["resident_mb"]
    return [f"{tasks:,}", name, *(f"{one:,.0f}" for one in numbers), f"{cost.cpu_s:.2f}", f"{more:.0f}"]


def _while_down(emulator: EmulatorProcess, change: Callable[[], Any]) -> None:
    emulator.kill()
    change()
    emulator.start_again()


def _connection(url: str, key: Ed25519PrivateKey) -> str:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return json.dumps({"conn_type": "encord", "host": url, "password": pem})


def _said(what: str, work: Callable[[], Any]) -> None:
    import time

    started = time.monotonic()
    work()
    sys.stderr.write(f"{what}: {time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    main()
