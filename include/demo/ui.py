"""``python -m include.demo.ui start|stop``: the demo's world with Airflow's UI, left running."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from include.demo import lock, places
from include.demo.components import HOST
from include.demo.keys import ADMIN, admin_password
from include.demo.processes import end_leftovers
from include.demo.supervisor import COMMAND, say

DEFAULT_PORT: Final = 8080
# Longer than `Processes` needs to end what does not want to.
STOP_SECONDS: Final = 25.0
LOG: Final = places.LOGS / "supervisor.log"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.demo.ui", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    options = commands.add_parser("start", help="start, and leave it running")
    options.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"of the UI, on {HOST} (default: %(default)s)")
    commands.add_parser("stop", help="stop what start has left running")
    given = parser.parse_args(arguments)
    # Also where a shell that starts jobs in the background ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return start(given.port) if given.command == "start" else stop()


def start(port: int) -> int:
    """Start a supervisor in the background and wait until the UI is ready; return the exit status."""
    if who := lock.holder():
        return _already(who)
    end_leftovers(places.PROCESSES)  # of a killed one: they may have the port
    if not _is_free(port):
        say(f"Port {port} of {HOST} is in use: end what uses it, or take another one (... ui start --port 8081).")
        return 1
    supervisor = _spawn(port)
    try:
        url = _follow(supervisor)
    except KeyboardInterrupt:
        say("Interrupted; stopping what was started ...")
        _end(supervisor.pid)
        return 130
    if url is None:
        return 1
    _say_where(url)
    return 0


def stop() -> int:
    """Stop the supervisor and all that it started; return the exit status."""
    who = lock.holder()
    if who is None:
        left = end_leftovers(places.PROCESSES)
        say(f"Ended {left} processes that a killed `{COMMAND}` had left." if left else "Nothing is running.")
        return 0
    if who.command != COMMAND:
        say(f"Not stopped: {lock.busy_message(who)}.")
        return 1
    say("Stopping Airflow, the bucket, the local Encord and the annotators ...")
    _end(who.pid)
    say("Stopped. `make start` goes on from here.")
    return 0


def _already(who: lock.Holder) -> int:
    if who.command != COMMAND:
        say(f"Not started: {lock.busy_message(who)}.")
        return 1
    if places.UI.exists():
        say(f"Already running: {places.UI.read_text(encoding='utf-8')} (user {ADMIN}, password in {places.PASSWORDS})")
    else:
        say(f"It is being started already: see {LOG}")
    return 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself does
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _spawn(port: int) -> subprocess.Popen[bytes]:
    places.UI.unlink(missing_ok=True)
    places.LOGS.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "include.demo.supervisor", "--port", str(port)]
    with LOG.open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=places.ROOT,
            env={**os.environ, "PYTHONPATH": str(places.ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _follow(supervisor: subprocess.Popen[bytes]) -> str | None:
    """Show what the supervisor says until the UI is ready; return its address, or None if it gave up."""
    shown = 0
    while True:
        has_ended = supervisor.poll() is not None
        shown += _show(LOG, shown)
        if places.UI.exists() and (url := places.UI.read_text(encoding="utf-8")):
            return url
        if has_ended:
            return None
        time.sleep(0.2)


def _show(log: Path, shown: int) -> int:
    """Print the whole lines of a log from this byte on; return how many bytes they are."""
    with log.open("rb") as stream:
        stream.seek(shown)
        lines = stream.read().rpartition(b"\n")[0]
    if not lines:
        return 0
    say(lines.decode("utf-8", "replace"))
    return len(lines) + 1


def _end(pid: int) -> None:
    """End the supervisor, which ends its programs; where it cannot, end them from here."""
    deadline = time.monotonic() + STOP_SECONDS
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        while _is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        if _is_running(pid):
            os.kill(pid, signal.SIGKILL)
            end_leftovers(places.PROCESSES)


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _say_where(url: str) -> None:
    say(f"""
Airflow's UI:  {url}
Log in as:     {ADMIN}
Password:      {admin_password()}

What to do there: open the Dag "Benchmark QA: Demo", press Trigger, read the form, and press Trigger again.
Watch the tasks; when it has a production project, the Dag "Benchmark QA loop: Demo" starts by itself.
The tab Scorecard of either Dag shows how the annotators do.

`make stop` ends it.""")


if __name__ == "__main__":
    sys.exit(main())
