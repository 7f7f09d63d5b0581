"""Child processes that are sure to end: started together, stopped together, found again after a kill."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil

STOP_SECONDS = 10.0


class ProcessError(RuntimeError):
    """A process of the demo did not start, or ended before its time; the message names its log."""


class Processes:
    """
    Start programs in sessions of their own and stop all that belongs to them at the end.

    Their ids are written to ``register``; what a killed demo left running is ended before anything new starts.

    :param register: file that remembers what runs
    :param logs: folder that gets one log file a program
    """

    def __init__(self, register: Path, logs: Path) -> None:
        self._register = register
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._begun: set[str] = set()

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        end_leftovers(self._register)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(*reversed(self._running))

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        folder: Path | None = None,
        account: str | None = None,
    ) -> subprocess.Popen[bytes]:
        """
        Start a program; what it prints goes to ``<logs>/<name>.log``, after what it printed before a restart.

        :param folder: its working directory; None for this process's own
        :param account: the system's user that it runs as; None for this process's own
        """
        with self.log(name).open("ab" if name in self._begun else "wb") as log:
            process = subprocess.Popen(  # no shell, and every word of the command is ours
                command,
                cwd=folder,
                env=dict(environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **as_account(account),
            )
        self._begun.add(name)
        self._running[name] = process
        self._remember()
        return process

    def log(self, name: str) -> Path:
        """Return the log file of a program."""
        return self._logs / f"{name}.log"

    def stop(self, *names: str) -> None:
        """Ask the programs to end, wait, then end them."""
        stopping = [self._running.pop(name) for name in names]
        _end_groups([process.pid for process in stopping])
        for process in stopping:
            process.wait()
        self._remember()

    def kill(self, name: str) -> None:
        """End a program and all that it started at once, as a power cut does."""
        process = self._running.pop(name)
        members = _family(process.pid)
        for member in members:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(members, timeout=STOP_SECONDS)
        process.wait()
        self._remember()

    def running(self) -> dict[str, psutil.Process]:
        """Return the main process of each program that was started and neither stopped nor killed."""
        return {name: psutil.Process(one.pid) for name, one in self._running.items() if one.poll() is None}

    def ended(self) -> list[str]:
        """Return the programs that have ended by themselves."""
        return [name for name, one in self._running.items() if one.poll() is not None]

    def check(self) -> None:
        """
        Make sure that all programs are still there.

        :raises ProcessError: one has ended
        """
        for name, process in self._running.items():
            if (status := process.poll()) is not None:
                raise ProcessError(
                    f"{name} ended with status {status}: {self._last_words(name)} (see {self.log(name)})"
                )

    def _last_words(self, name: str) -> str:
        """Return the last line of a program's log; programs that give up say there why."""
        lines = self.log(name).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def wait_for_file(self, name: str, path: Path, seconds: float) -> str:
        """
        Wait until a program has written a file that says it is ready; return the file's content.

        :raises ProcessError: the program ended, or took longer
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if path.exists() and (content := path.read_text(encoding="utf-8").strip()):
                return content
            self.check()
            time.sleep(0.05)
        raise ProcessError(f"{name} was not ready after {seconds:.0f} s: see {self.log(name)}")

    def _remember(self) -> None:
        entries = [{"pid": one.pid, "started": _started(one.pid)} for one in self._running.values()]
        self._register.write_text(json.dumps(entries), encoding="utf-8")


def end_leftovers(register: Path) -> int:
    """End the programs that a register of a killed demo names; return how many were still there."""
    if not register.exists():
        return 0
    entries = json.loads(register.read_text(encoding="utf-8") or "[]")
    # A process id may be somebody else's by now: only one that started at the same moment is ours.
    ours = [one["pid"] for one in entries if one["started"] is not None and one["started"] == _started(one["pid"])]
    _end_groups(ours)
    register.unlink()
    return len(ours)


def as_account(name: str | None) -> dict[str, Any]:
    """Return what makes ``subprocess`` run a program as a user of the system; nothing for None."""
    return {} if name is None else {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def _started(pid: int) -> float | None:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def _end_groups(pids: Sequence[int]) -> None:
    # By session, not by process group: Airflow puts each task into a group of its own, and waits for it.
    members = _sessions(pids)
    for process in members:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(members, timeout=STOP_SECONDS)
    left = [process for process in {*members, *_sessions(pids)} if process.is_running()]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=STOP_SECONDS)


def _family(pid: int) -> list[psutil.Process]:
    """Return a program, its session, and its children, which may have begun sessions of their own (PostgreSQL's do)."""
    try:
        return list({*_sessions([pid]), *psutil.Process(pid).children(recursive=True)})
    except psutil.NoSuchProcess:
        return _sessions([pid])


def _sessions(leaders: Sequence[int]) -> list[psutil.Process]:
    """Return the processes of the sessions that these processes began, themselves included."""
    return [process for process in psutil.process_iter() if _session(process.pid) in leaders]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None
