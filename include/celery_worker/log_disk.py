"""
A Celery worker takes no task while there is no room for the task's log.

Airflow writes each task's log into a file of the worker, and where it cannot, the task fails before it has begun. So a
worker with a full disk is the quickest of all: it would fetch task after task, and use up the tries of each. Celery
loads this module where its setting ``imports`` names it: `docs/kill_matrix.md`.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Any

from celery import bootsteps, signals

log = logging.getLogger(__name__)

LEAST_BYTES = 64 * 2**20
LEAST_FILES = 100
CHECK_SECONDS = 2.0


class LogDiskGuard(bootsteps.StartStopStep):  # type: ignore[misc] # Celery has no types
    """Stop consuming while the log folder's disk is full, and go on once it is not; running tasks are left alone."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._queues: list[str] = []
        self._timer: Any = None

    def start(self, parent: Any) -> None:
        """Look at once, and from then on regularly; Celery calls this after each loss of the broker, too."""
        self._look(parent)
        self._timer = parent.timer.call_repeatedly(CHECK_SECONDS, self._look, (parent,))

    def stop(self, parent: Any) -> None:
        """Look no more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look(self, consumer: Any) -> None:
        problem = no_room(log_folder())
        if problem and not self._queues:
            self._queues = list(consumer.app.amqp.queues.consume_from)
            log.error("This worker takes no tasks: %s. It goes on by itself once there is room.", problem)
            for queue in self._queues:
                consumer.cancel_task_queue(queue)
        elif self._queues and not problem:
            log.warning("This worker takes tasks again: there is room for their logs.")
            consumer.app.amqp.queues.select(self._queues)  # else they are forgotten when the broker is lost
            for queue in self._queues:
                consumer.add_task_queue(queue)
            self._queues = []


def no_room(folder: Path) -> str | None:
    """Return what is short on the disk of a folder, or of the next above it that exists; None if nothing is."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < LEAST_BYTES:
        return f"{free // 2**20} MB are free for task logs in {folder}, and {LEAST_BYTES // 2**20} MB are needed"
    status = os.statvfs(folder)
    if status.f_files and status.f_favail < LEAST_FILES:  # some file systems count no files
        return f"{status.f_favail} more files fit into the disk of task logs in {folder}, and {LEAST_FILES} are needed"
    return None


def log_folder() -> Path:
    """Return where Airflow writes the logs of tasks."""
    from airflow.configuration import conf

    return Path(conf.get("logging", "base_log_folder"))


@signals.worker_init.connect  # type: ignore[untyped-decorator]
def add_guard(sender: Any, **_: Any) -> None:
    """Let a worker that starts look at its disk."""
    sender.app.steps["consumer"].add(LogDiskGuard)
