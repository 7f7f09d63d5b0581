"""The guard that keeps a Celery worker from taking tasks while their logs have no room."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.celery_worker import log_disk
from include.celery_worker.log_disk import LogDiskGuard, no_room


class Consumer:
    """What the guard uses of Celery's consumer, with its own queues."""

    def __init__(self) -> None:
        self.consuming = {"default", "scoring"}
        self.selected: list[str] = []
        queues = SimpleNamespace(consume_from=self.consuming, select=self.selected.extend)
        self.app = SimpleNamespace(amqp=SimpleNamespace(queues=queues))
        self.timer = SimpleNamespace(call_repeatedly=self._keep)
        self.looks: list[Any] = []

    def _keep(self, seconds: float, look: Any, arguments: tuple[Any, ...]) -> Any:
        self.looks.append(lambda: look(*arguments))
        return SimpleNamespace(cancel=self.looks.clear)

    def cancel_task_queue(self, queue: str) -> None:
        self.consuming.remove(queue)

    def add_task_queue(self, queue: str) -> None:
        self.consuming.add(queue)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Return a list whose last entry is what is short on the disk."""
    said: list[str | None] = [None]
    monkeypatch.setattr(log_disk, "no_room", lambda _: said[-1])
    return said


def test_a_worker_lets_go_of_all_its_queues_and_takes_the_same_again(room: list[str | None]) -> None:
    consumer = Consumer()
    guard = LogDiskGuard(consumer)
    guard.start(consumer)
    [look] = consumer.looks
    room.append("nothing is free")
    look()
    look()
    assert consumer.consuming == set()
    room.append(None)
    look()
    assert consumer.consuming == {"default", "scoring"}
    assert sorted(consumer.selected) == ["default", "scoring"], "they are lost with the next connection to the broker"


def test_a_worker_that_starts_on_a_full_disk_takes_nothing(room: list[str | None]) -> None:
    room.append("nothing is free")
    consumer = Consumer()
    LogDiskGuard(consumer).start(consumer)
    assert consumer.consuming == set()


def test_a_worker_that_lost_its_broker_looks_with_one_timer(room: list[str | None]) -> None:
    consumer = Consumer()
    guard = LogDiskGuard(consumer)
    guard.start(consumer)
    guard.stop(consumer)
    guard.start(consumer)
    assert len(consumer.looks) == 1


def test_bytes_and_files_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert no_room(tmp_path / "not there yet") is None
    monkeypatch.setattr(log_disk, "LEAST_FILES", 2**62)
    assert "more files fit" in str(no_room(tmp_path))
    monkeypatch.setattr(log_disk, "LEAST_BYTES", 2**62)
    assert "MB are free" in str(no_room(tmp_path))
