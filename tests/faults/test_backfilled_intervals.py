"""
A month of daily intervals, four at a time in processes of their own: each object is registered exactly once.

BACKFILLED_DAYS and BACKFILLED_OBJECTS say how much; 30 and 3,000 is what the project promises.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.support.interval_runs import FIRST_DAY, run_day
from tests.unit.encord_provider.provider_support import DATASETS, FOLDERS, titles

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.system, pytest.mark.emulator]

DAYS = int(os.environ.get("BACKFILLED_DAYS", "8"))
OBJECTS = int(os.environ.get("BACKFILLED_OBJECTS", "400"))
PARALLEL = 4
PATIENCE_S = 800


def write_file(folder: Path, key: str, modified: datetime) -> None:
    path = folder / "files" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"never looked into")
    microseconds = (modified - FIRST_DAY) // timedelta(microseconds=1) + int(FIRST_DAY.timestamp()) * 1_000_000
    os.utime(path, ns=(microseconds * 1000, microseconds * 1000))


def write_files(folder: Path) -> dict[str, int]:
    """Write files over all days, of each day some at its first and its last microsecond; return each one's day."""
    days: dict[str, int] = {}
    for number in range(OBJECTS):
        day, place = number % DAYS, number // DAYS
        within = {0: timedelta(0), 1: timedelta(days=1, microseconds=-1)}.get(place, timedelta(minutes=7 * place))
        kind = "benchmark" if place % 10 == 2 else "production"
        key = f"{kind}/{number % 7}/{number}.jpg"
        write_file(folder, key, FIRST_DAY + timedelta(days=day) + within)
        days[key] = day
    return days


def run_all(folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])}
    command = [sys.executable, "-m", "tests.support.interval_runs", str(folder), str(DAYS)]
    processes = [subprocess.Popen(command, cwd=ROOT, env=environment) for _ in range(PARALLEL)]
    try:
        assert [process.wait(PATIENCE_S) for process in processes] == [0] * PARALLEL
    finally:
        for process in processes:
            process.kill()


def registered(client: EncordUserClient) -> list[str]:
    """Return the source keys of all items of both folders."""
    found: list[str] = []
    for title in FOLDERS.values():
        [folder] = client.list_storage_folders(search=title)
        found += [str(item.client_metadata["source_key"]) for item in folder.list_items(page_size=1000)]
    return sorted(found)


def test_each_object_of_parallel_intervals_is_registered_once_and_a_late_one_by_its_interval(
    control: Control, client: EncordUserClient, encord_default: str, tmp_path: Path
) -> None:
    days = write_files(tmp_path)
    control.switch(upload_seconds=0.2)
    started = time.monotonic()
    run_all(tmp_path)
    print(f"{DAYS} intervals, {PARALLEL} at a time, {OBJECTS} objects: {time.monotonic() - started:.0f} s")
    assert registered(client) == sorted(days)
    for day in range(DAYS):
        done = json.loads((tmp_path / f"{day}.json").read_text(encoding="utf-8"))
        ours = [key for key, of_day in days.items() if of_day == day]
        assert done["benchmark_registered"] + done["production_registered"] == len(ours)
        assert done["benchmark_already_there"] + done["production_already_there"] == 0
    state = control.call("GET", "state")
    assert sorted(titles(state, "folders")) == sorted(FOLDERS.values())
    assert sorted(titles(state, "datasets")) == sorted(DATASETS.values())
    assert sum(one["rows"] for one in state["datasets"]) == OBJECTS

    write_file(tmp_path, "production/0/00 late.jpg", FIRST_DAY + timedelta(days=1, hours=5))
    again = run_day(tmp_path, 1)
    assert (again["production_registered"], again["production_linked"]) == (1, 1)
    assert registered(client) == sorted([*days, "production/0/00 late.jpg"])
