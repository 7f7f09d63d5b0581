from __future__ import annotations

import asyncio
import contextvars
import functools
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from airflow.sdk.execution_time.xcom import XCom
from airflow.triggers.base import BaseTrigger, TriggerEvent

from encord_provider.adapters.patience import PASSING, is_one_of, pause_after
from encord_provider.hooks.encord import EncordHook

# The SDK blocks. asyncio's own threads are a handful for all triggers of all Dags: looks that hang, up to the
# connection's read time-out, must starve nobody else. A thread is only started when all others are busy.
LOOKS = ThreadPoolExecutor(max_workers=32, thread_name_prefix="encord-look")
TELL_SECONDS = 300.0
PROGRESS_KEY = "progress"


class EncordPollingTrigger(BaseTrigger):
    """
    Look at Encord every ``poll_interval`` seconds until :meth:`look` has an answer or ``end_time`` is past.

    Sends exactly one event: ``{"status": "success", ...}``, ``{"status": "timeout", ...}`` or
    ``{"status": "error", "message": ...}``. While it waits, how far things are is in the log and in the task's XCom
    ``progress``: whenever that has changed, but at most every ``TELL_SECONDS``.

    :param encord_conn_id: the Airflow connection
    :param poll_interval: seconds between looks; after a fault longer, see :func:`pause_after`
    :param end_time: when to give up, in seconds since the epoch: a trigger may move to another machine
    """

    def __init__(self, *, encord_conn_id: str, poll_interval: float, end_time: float) -> None:
        super().__init__()
        self.encord_conn_id = encord_conn_id
        self.poll_interval = poll_interval
        self.end_time = end_time
        self._told = ""
        self._tell_after = 0.0

    def look(self, hook: EncordHook) -> tuple[bool, dict[str, Any]]:
        """Look once (in a thread: the SDK blocks); return whether the wait is over, and what was seen."""
        raise NotImplementedError

    def describe(self, seen: Mapping[str, Any]) -> str:
        """Say in some words how far things are."""
        raise NotImplementedError

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and say in one event what came of it."""
        try:
            yield TriggerEvent(await self._wait())
        except Exception as error:  # noqa: BLE001 - a trigger that raises leaves the task without a reason
            yield TriggerEvent({"status": "error", "message": f"{type(error).__name__}: {error}"})

    async def on_kill(self) -> None:
        """Airflow's hook: a person has marked or cleared the task. A look under way is dropped; it only reads."""
        self.log.info("The wait has ended: somebody marked or cleared the task. Nothing in Encord was stopped.")

    async def _wait(self) -> dict[str, Any]:
        # No retries of the SDK's own: it would sleep in its thread, for hours if Retry-After says so.
        hook = await EncordHook(self.encord_conn_id, retries=0).aload_connection()
        seen: dict[str, Any] = {}
        failures, pause = 0, self.poll_interval
        while True:
            # Also before the first look: the task has just looked, and a worker that has not yet noticed that the task
            # deferred itself takes an early event for the end of a task that was never started.
            await asyncio.sleep(max(min(pause, self.end_time - time.time()), 0.0))
            pause = self.poll_interval
            try:
                over, seen = await _in_thread(functools.partial(self.look, hook))
            except Exception as error:
                if not is_one_of(error, PASSING):
                    raise
                failures += 1
                over, pause = False, pause_after(error, pause, failures)
                self.log.warning("Encord did not answer, looking again in %.0f s: %s", pause, error)
            else:
                failures = 0
                await self._tell(self.describe(seen))
            if over:
                return {"status": "success", **seen}
            if time.time() >= self.end_time:
                return {"status": "timeout", **seen}

    async def _tell(self, progress: str) -> None:
        if progress == self._told or time.monotonic() < self._tell_after:  # people take days: few lines are enough
            return
        self._told, self._tell_after = progress, time.monotonic() + TELL_SECONDS
        self.log.info("%s", progress)
        task = self.task_instance
        if task is None:
            return
        names = {"dag_id": task.dag_id, "task_id": task.task_id, "run_id": task.run_id, "map_index": task.map_index}
        try:
            await XCom.aset(PROGRESS_KEY, progress, **names)
        except Exception as error:  # noqa: BLE001 - the wait matters, not the display of it
            self.log.warning("The progress is in this log only: %s", error)


async def _in_thread(look: functools.partial[Any]) -> Any:
    """Call in a thread of our own, with this task's context, by which Airflow tells whose log a line belongs to."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(LOOKS, context.run, look)
