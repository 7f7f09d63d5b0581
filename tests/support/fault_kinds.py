"""The faults that every task is tried with, as rules of the local Encord for the requests that the task makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CLIENT_SECONDS = 1


@dataclass(frozen=True)
class Fault:
    """
    One way in which a task is disturbed.

    :param rules: from the patterns of its requests to rules of the local Encord
    :param switches: settings of the local Encord, from before the task on
    :param dies_before_files: kill each attempt when one more file is about to appear than in the attempt before
    :param pause: seconds between attempts
    :param read_timeout: seconds that the client waits for an answer
    """

    rules: Callable[[Sequence[str]], list[dict[str, Any]]] = field(default=lambda _: [])
    switches: Mapping[str, Any] = field(default_factory=dict)
    dies_before_files: bool = False
    pause: float = 0.0
    read_timeout: int = 180

    def most_attempts(self, requests: Sequence[str]) -> int:
        """Return after how many attempts nothing can be in the way any more."""
        return 50 if self.dies_before_files else 3 + sum(rule.get("times", 0) for rule in self.rules(requests))


def once(**what: Any) -> Callable[[Sequence[str]], list[dict[str, Any]]]:
    """Let each request of the task meet a fault once, one after the other."""
    return lambda requests: [{"match": one, "times": 1, **what} for one in requests]


def once_each_write(**what: Any) -> Callable[[Sequence[str]], list[dict[str, Any]]]:
    return lambda requests: once(**what)([one for one in requests if not is_read(one)])


def is_read(request: str) -> bool:
    """Say whether a request only asks: the SDK repeats it by itself."""
    return request.startswith("^GET ") or request.endswith(" GET$")


def _storm(requests: Sequence[str]) -> list[dict[str, Any]]:
    """Refuse writes twice, which the SDK does not repeat by itself, and reads once."""
    return [{"match": one, "times": 1 if is_read(one) else 2, "status": 503} for one in requests]


def _too_many(requests: Sequence[str]) -> list[dict[str, Any]]:
    """Refuse each write and the first read: after each, the SDK waits for two seconds, or the task fails."""
    reads = [one for one in requests if is_read(one)][:1]
    chosen = reads + [one for one in requests if not is_read(one)]
    return once(status=429, retry_after=2)(chosen)


FAULTS = {
    "503 storm": Fault(_storm),
    "429": Fault(_too_many),
    "latency": Fault(lambda requests: [{"latency": 0.05}] if requests else []),
    # The client gives up, and then the server does it after all.
    "answer too late": Fault(once_each_write(latency=CLIENT_SECONDS + 0.5), pause=0.6, read_timeout=CLIENT_SECONDS),
    "dropped before": Fault(once(drop="before")),
    "dropped after": Fault(once(drop="after")),
    "late tasks": Fault(switches={"task_delay_s": 1.5}),
    "killed at each request": Fault(once(hold="after")),
    "killed at each file": Fault(dies_before_files=True),
}
