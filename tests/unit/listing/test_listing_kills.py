"""A process that lists a bucket over HTTP is killed at random moments, and started again until it ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from threading import Lock

import pytest

from include.benchmark_qa.listing.store import read_listing
from include.object_storage import open_bucket
from tests.conftest import ROOT
from tests.support.key_server import KeyServer
from tests.support.list_keys import FOLDER


class Killer:
    """Counts the pages that a server is asked for, and kills a process when it has asked for so many."""

    def __init__(self) -> None:
        self.pages = 0
        self._moment: int | None = None
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def aim(self, process: subprocess.Popen[bytes], moment: int) -> None:
        with self._lock:
            self._process, self._moment, self.pages = process, moment, 0

    def __call__(self) -> None:
        with self._lock:
            self.pages += 1
            if self._process and self.pages == self._moment:
                self._process.kill()


def start(url: str, workspace: Path, part_rows: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.support.list_keys", url, str(workspace), str(part_rows)]
    account = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **account, "PYTHONPATH": str(ROOT)})


def parts_in(workspace: Path) -> set[Path]:
    return set(workspace.rglob("*.parquet"))


def keys_of(count: int) -> list[str]:
    known = [f"benchmark/{number:06d}.jpg" for number in range(count // 10)]
    return known + [f"production/day {number % 7}/{number:06d}.jpg" for number in range(count - len(known))]


@pytest.mark.parametrize(
    ("count", "page", "part_rows", "kills", "seed"),
    [
        pytest.param(8_000, 100, 300, 3, 1),
        pytest.param(100_000, 1000, 2000, 10, 2, marks=pytest.mark.system),
    ],
)
def test_killed_at_random_moments_it_ends_with_exactly_what_is_there(
    tmp_path: Path, count: int, page: int, part_rows: int, kills: int, seed: int
) -> None:
    keys, killer, moments = keys_of(count), Killer(), random.Random(seed)
    place, left = tmp_path / "workspace", []
    with KeyServer(keys, page=page, on_page=killer) as server:
        with start(server.url, tmp_path / "whole", part_rows) as whole:
            assert whole.wait(120) == 0
        pages = killer.pages
        while len(left) < kills:
            before = parts_in(place)
            with start(server.url, place, part_rows) as process:
                killer.aim(process, moments.randint(1, pages))
                if process.wait(120) == 0:  # it had less to do than that: the next one lists all of it anew
                    continue
            assert process.returncode == -signal.SIGKILL
            assert before <= parts_in(place)
            left.append(len(parts_in(place) - before))
        with start(server.url, place, part_rows) as last:
            killer.aim(last, -1)
            assert last.wait(120) == 0
    print(f"{pages} pages in one go; the killed ones left {left} parts, the last one asked for {killer.pages} pages")
    found = [key for rows in read_listing(open_bucket(str(place)), FOLDER) for key in rows.keys]
    assert len(found) == count
    assert set(found) == set(keys)
    assert sum(left) > 0
