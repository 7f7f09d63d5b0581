"""Turns over threads that stand for processes: each has its own bucket, its own watch and nothing in common."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from encord_provider.adapters.turns import Turns
from encord_provider.exceptions import EncordTimeoutError, EncordTurnLostError
from include.object_storage import open_bucket


def turns(folder: Path, owner: str, *, seconds: float = 20.0, timeout: float = 20.0) -> Turns:
    return Turns(open_bucket(str(folder / "workspace")), owner, seconds=seconds, timeout=timeout)


def silent(folder: Path, owner: str) -> None:
    """Take a turn and never end it, as a process does that is killed."""
    bucket = open_bucket(str(folder / "workspace"))
    with turns(folder, owner)("project 'Roads'"):
        names = {key: bucket.read(key) for batch in bucket.list("turns/") for key in batch.keys}
    for batch in bucket.list("turns/"):
        for key in batch.keys:
            if key not in names:
                (folder / "workspace" / key).unlink()


def test_one_at_a_time(tmp_path: Path) -> None:
    inside, most, done = 0, 0, 0

    def work(number: int) -> None:
        nonlocal inside, most, done
        with turns(tmp_path, f"run {number}")("dataset 'Roads'"):
            inside += 1
            most = max(most, inside)
            time.sleep(0.02)
            inside -= 1
            done += 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert (most, done) == (1, 6)


def test_other_names_do_not_wait(tmp_path: Path) -> None:
    with turns(tmp_path, "one")("dataset 'Roads'"), turns(tmp_path, "two", timeout=0)("dataset 'Rivers'"):
        pass


def test_who_is_silent_is_followed_after_a_time(tmp_path: Path) -> None:
    silent(tmp_path, "killed")
    began = time.monotonic()
    with turns(tmp_path, "next", seconds=0.6)("project 'Roads'"):
        assert time.monotonic() - began >= 0.6


def test_who_says_that_he_is_there_keeps_his_turn(tmp_path: Path) -> None:
    with (
        turns(tmp_path, "slow", seconds=0.5)("project 'Roads'") as turn,
        pytest.raises(EncordTimeoutError, match="slow has the turn to see to project 'Roads' still"),
        turns(tmp_path, "next", seconds=4.0, timeout=5.0)("project 'Roads'"),
    ):
        pass
    turn.check()


def test_a_later_attempt_of_the_same_task_need_not_wait(tmp_path: Path) -> None:
    silent(tmp_path, "run 1")
    with turns(tmp_path, "run 1", timeout=0)("project 'Roads'") as turn:
        turn.check()


def test_who_was_overtaken_is_told_before_he_makes_anything(tmp_path: Path) -> None:
    with turns(tmp_path, "run 1")("project 'Roads'") as first:
        with turns(tmp_path, "run 1")("project 'Roads'") as second:
            second.check()
        with pytest.raises(EncordTurnLostError, match="was taken over by 1"):
            first.check()


def test_no_thread_is_left(tmp_path: Path) -> None:
    before = threading.active_count()
    with turns(tmp_path, "one")("dataset 'Roads'"):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
