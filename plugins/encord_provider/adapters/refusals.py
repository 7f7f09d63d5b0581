"""Requests on many tasks of which Encord refuses all for the sake of one: halved until the one stands alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

# So many tasks refused alone, and none taken: what is left is asked for whole, and no longer one by one.
MOST_REFUSALS = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of tasks that were to leave a stage: how many have, and why the others may not, by task uuid."""

    count: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def send_in_parts(tasks: Sequence[T], send: Callable[[Sequence[T]], None], *, size: int) -> list[tuple[T, str]]:
    """
    Send tasks in requests of up to ``size``; return those that Encord refuses, with its word on each.

    A request is refused whole also when one of its tasks has left the stage, when it names more tasks than Encord
    takes, and when the SDK repeated it because the first answer was lost: who asks looks at the stage afterwards.
    """
    from encord.exceptions import InvalidArgumentsError

    refused: list[tuple[T, str]] = []
    taken = False
    parts = deque(tasks[first : first + size] for first in range(0, len(tasks), size))
    while parts:
        part = parts.popleft()
        try:
            send(part)
            taken = True
        except InvalidArgumentsError as error:
            if len(part) == 1 or (len(refused) >= MOST_REFUSALS and not taken):
                refused += [(task, error.message or "no reason given") for task in part]
            else:
                half = len(part) // 2
                parts.extendleft((part[half:], part[:half]))
    return refused
