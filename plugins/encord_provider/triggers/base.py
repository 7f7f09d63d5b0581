from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from encord_provider.adapters.patience import PASSING, is_one_of, pause_after
from encord_provider.hooks.encord import EncordHook


class EncordPollingTrigger(BaseTrigger):
    """
    Look at Encord every ``poll_interval`` seconds until :meth:`look` has an answer or ``end_time`` is past.

    Sends exactly one event: ``{"status": "success", ...}``, ``{"status": "timeout", ...}`` or
    ``{"status": "error", "message": ...}``.

    :param encord_conn_id: the Airflow connection
    :param poll_interval: seconds between looks
    :param end_time: when to give up, in seconds since the epoch: a trigger may move to another machine
    """

    def __init__(self, *, encord_conn_id: str, poll_interval: float, end_time: float) -> None:
        super().__init__()
        self.encord_conn_id = encord_conn_id
        self.poll_interval = poll_interval
        self.end_time = end_time

    def look(self, hook: EncordHook) -> tuple[bool, dict[str, Any]]:
        """Look once (in a thread: the SDK blocks); return whether the wait is over, and what was seen."""
        raise NotImplementedError

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and say in one event what came of it."""
        try:
            yield TriggerEvent(await self._wait())
        except Exception as error:  # noqa: BLE001 - a trigger that raises leaves the task without a reason
            yield TriggerEvent({"status": "error", "message": f"{type(error).__name__}: {error}"})

    async def _wait(self) -> dict[str, Any]:
        hook = await EncordHook(self.encord_conn_id).aload_connection()
        seen: dict[str, Any] = {}
        while True:
            pause = self.poll_interval
            try:
                over, seen = await asyncio.to_thread(self.look, hook)
            except Exception as error:
                if not is_one_of(error, PASSING):
                    raise
                over, pause = False, pause_after(error, pause)
                self.log.warning("Encord did not answer, looking again in %.0f s: %s", pause, error)
            if over:
                return {"status": "success", **seen}
            if time.time() >= self.end_time:
                return {"status": "timeout", **seen}
            await asyncio.sleep(min(pause, max(self.end_time - time.time(), 0.01)))
