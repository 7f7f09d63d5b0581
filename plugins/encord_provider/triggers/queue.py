from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from encord_provider.hooks.queue import SqsQueue

_LONGEST_LOOK_SECONDS = 20.0
_HIDDEN_SECONDS = 600


class SqsMessagesTrigger(BaseEventTrigger):
    """
    Fire when an SQS queue has messages, however many they are: once each time that it is looked at.

    What the messages say is not read: the run that they start looks at the bucket. They are deleted at the next look,
    when Airflow has the event in its database; of a triggerer that dies before, SQS shows them again.

    :param queue_url: the queue's
    :param aws_conn_id: an Airflow connection of type ``aws``; None for the default chain's credentials
    :param poll_interval: seconds between two looks, and so between two runs at least
    """

    def __init__(self, *, queue_url: str, aws_conn_id: str | None = None, poll_interval: float = 30.0) -> None:
        super().__init__()
        self.queue_url = queue_url
        self.aws_conn_id = aws_conn_id
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what makes this trigger anew in another process."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {"queue_url": self.queue_url, "aws_conn_id": self.aws_conn_id, "poll_interval": self.poll_interval},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield an event a look that finds messages, for ever."""
        queue = SqsQueue(self.queue_url, self.aws_conn_id)
        receipts: list[str] = []
        while True:
            try:
                await asyncio.to_thread(queue.delete, receipts)
                receipts = await asyncio.to_thread(
                    queue.receive, seconds=_LONGEST_LOOK_SECONDS, hidden_seconds=_HIDDEN_SECONDS
                )
            except Exception as error:  # noqa: BLE001 - a watcher that ends is not started again before long
                self.log.warning("Cannot read the queue %s, trying again: %s", self.queue_url, error)
            else:
                if receipts:
                    yield TriggerEvent({"queue": self.queue_url, "messages": len(receipts)})
            await asyncio.sleep(self.poll_interval)
