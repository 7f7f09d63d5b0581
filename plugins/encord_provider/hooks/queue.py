from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import fields
from functools import cached_property
from typing import Any

from encord_provider.hooks.bucket import bucket_options

_AT_ONCE = 10  # SQS's own limit for one request


class SqsQueue:
    """
    A queue of Amazon SQS, as far as one wants to know whether there are messages.

    :param url: the queue's
    :param conn_id: an Airflow connection of type ``aws``; None for the default chain's credentials
    """

    def __init__(self, url: str, conn_id: str | None = None) -> None:
        self.url = url
        self.conn_id = conn_id

    @cached_property
    def _client(self) -> Any:
        from include.object_storage.s3_client import S3Access, make_session

        options: dict[str, Any] = dict(bucket_options(self.conn_id)) if self.conn_id else {}
        # https://sqs.eu-west-1.amazonaws.com/123456789012/new-files
        if named := re.match(r"https://(?:sqs\.([^.]+)|([^.]+)\.queue)\.amazonaws\.com", self.url):
            options["region"] = named[1] or named[2]
        known = {field.name for field in fields(S3Access)}
        access = S3Access(**{name: value for name, value in options.items() if name in known})
        return make_session(access).client("sqs", endpoint_url=access.endpoint_url)

    def receive(self, *, seconds: float, hidden_seconds: int) -> list[str]:
        """
        Take messages until the queue shows none; return their receipts.

        :param seconds: for how long to take them, where ever more arrive
        :param hidden_seconds: for so long nobody sees them again, unless they are deleted
        """
        receipts: list[str] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self._client.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=_AT_ONCE, VisibilityTimeout=hidden_seconds, WaitTimeSeconds=1
            )
            if not (messages := answer.get("Messages", [])):
                break
            receipts += [message["ReceiptHandle"] for message in messages]
        return receipts

    def delete(self, receipts: Sequence[str]) -> None:
        """Delete messages by their receipts; one that is gone already is none to worry about."""
        for first in range(0, len(receipts), _AT_ONCE):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt}
                for number, receipt in enumerate(receipts[first : first + _AT_ONCE])
            ]
            self._client.delete_message_batch(QueueUrl=self.url, Entries=entries)
