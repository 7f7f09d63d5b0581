from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from include.demo import lock, places

HOLD = """
import time
from include.demo.lock import only_one
with only_one("make start"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "BUILD", tmp_path / "build" / "demo")
    monkeypatch.setattr(places, "LOCK", tmp_path / "build" / "demo" / "lock")


def test_nobody_has_the_world_before_the_first_demo() -> None:
    assert lock.holder() is None


def test_others_learn_who_has_the_world_and_what_ends_it() -> None:
    with lock.only_one("make start"):
        assert lock.holder() == lock.Holder(os.getpid(), "make start")
        with pytest.raises(lock.WorldBusyError, match=rf"`make start` \(process {os.getpid()}\).*`make stop`"):
            lock.only_one("make demo").__enter__()
        assert lock.holder() == lock.Holder(os.getpid(), "make start")
    assert lock.holder() is None


def test_a_killed_demo_holds_nothing(tmp_path: Path) -> None:
    environment = os.environ | {"BENCHMARK_QA_HOME": str(tmp_path), "PYTHONPATH": str(places.ROOT)}
    with subprocess.Popen([sys.executable, "-c", HOLD], env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert lock.holder() == lock.Holder(process.pid, "make start")
        process.send_signal(signal.SIGKILL)
    with lock.only_one("make demo"):
        assert lock.holder() == lock.Holder(os.getpid(), "make demo")
