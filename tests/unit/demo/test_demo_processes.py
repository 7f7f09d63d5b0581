from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from include.demo.processes import ProcessError, Processes, end_leftovers

# As Airflow does with a task: a grandchild in a process group of its own, deaf to the polite signal.
PARENT = """
import os, pathlib, signal, sys, time
if (child := os.fork()) == 0:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
    time.sleep(300)
time.sleep(300)
"""


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.demo.processes.STOP_SECONDS", 0.5)


def start_family(processes: Processes, tmp_path: Path) -> list[psutil.Process]:
    """Start a parent with such a child and return both."""
    file = tmp_path / "child"
    parent = processes.start("parent", [sys.executable, "-c", PARENT, str(file)], os.environ)
    child = int(processes.wait_for_file("parent", file, 20))
    return [psutil.Process(parent.pid), psutil.Process(child)]


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_descendant_in_a_group_of_its_own_is_stopped_too(tmp_path: Path) -> None:
    with Processes(tmp_path / "register", tmp_path / "logs") as processes:
        family = start_family(processes, tmp_path)
    assert [is_gone(one) for one in family] == [True, True]


def test_what_a_killed_demo_left_is_ended_and_counted_once(tmp_path: Path) -> None:
    processes = Processes(tmp_path / "register", tmp_path / "logs").__enter__()
    family = start_family(processes, tmp_path)
    assert end_leftovers(tmp_path / "register") == 1
    assert [is_gone(one) for one in family] == [True, True]
    assert end_leftovers(tmp_path / "register") == 0


def test_a_process_id_that_is_somebody_elses_by_now_is_left_alone(tmp_path: Path) -> None:
    register = tmp_path / "register"
    register.write_text(json.dumps([{"pid": os.getpid(), "started": 1.0}]), encoding="utf-8")
    assert end_leftovers(register) == 0


def test_a_program_that_ends_by_itself_is_an_error_that_names_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path / "register", tmp_path / "logs") as processes:
        processes.start("brief", [sys.executable, "-c", "raise SystemExit(3)"], os.environ).wait()
        with pytest.raises(ProcessError, match=r"brief ended with status 3: .* \(see .*brief\.log\)"):
            processes.check()
