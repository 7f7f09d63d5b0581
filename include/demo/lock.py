"""One demo at a time: who has the world, and how the others find out."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from include.demo import places

_WRITING_SECONDS = 1.0


class WorldBusyError(RuntimeError):
    """Another demo has the world."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that has the world, and the command that a person gave to start it."""

    pid: int
    command: str


@contextmanager
def only_one(command: str, path: Path | None = None) -> Iterator[None]:
    """
    Hold the demo's world while the block runs; the system lets go of it however the process ends.

    :param command: what a person typed, for the others' messages
    :param path: the file that is locked; None for the demo's
    :raises WorldBusyError: somebody else holds it
    """
    path = path or places.LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as lock:  # not "w": that would wipe out the holder's name
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorldBusyError(busy_message(_read(lock))) from None
        lock.truncate(0)
        json.dump({"pid": os.getpid(), "command": command}, lock)
        lock.flush()
        yield


def holder() -> Holder | None:
    """Return who has the world, or None if nobody has."""
    if not places.LOCK.exists():
        return None
    with places.LOCK.open(encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(lock)
        return None


def busy_message(who: Holder) -> str:
    """Say who has the world and how to end it."""
    end = "`make stop` ends it" if who.command == "make start" else "wait for it, or end it with Ctrl-C"
    return f"the demo's world is in use by `{who.command}` (process {who.pid}): {end}"


def _read(lock: TextIO) -> Holder:
    deadline = time.monotonic() + _WRITING_SECONDS
    while True:
        lock.seek(0)
        try:
            return Holder(**json.loads(lock.read()))
        except ValueError:  # it has the lock and has not written its name yet
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)
