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


# As PostgreSQL's servers do: each child begins a session of its own.
SESSIONS = PARENT.replace("os.setpgid(0, 0)", "os.setsid()")


def test_a_kill_reaches_a_child_in_a_session_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "child"
    with Processes(tmp_path / "register", tmp_path / "logs") as processes:
        parent = processes.start("parent", [sys.executable, "-c", SESSIONS, str(file)], os.environ)
        family = [psutil.Process(parent.pid), psutil.Process(int(processes.wait_for_file("parent", file, 20)))]
        assert processes.running() == {"parent": family[0]}
        processes.kill("parent")
        assert [is_gone(one) for one in family] == [True, True]
        assert processes.running() == {}
        processes.check()  # what was killed on purpose is no fault


def test_a_program_is_started_again_in_its_folder_and_goes_on_in_its_log(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    command = [sys.executable, "-c", "import os; print(os.getcwd())"]
    with Processes(tmp_path / "register", tmp_path / "logs") as processes:
        for _ in range(2):
            processes.start("one", command, os.environ, folder=tmp_path / "folder").wait()
            assert processes.ended() == ["one"]
            with pytest.raises(ProcessError, match="one ended with status 0"):
                processes.check()
    assert processes.log("one").read_text(encoding="utf-8").split() == [str(tmp_path / "folder")] * 2
