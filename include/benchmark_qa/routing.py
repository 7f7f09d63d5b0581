"""Which task goes down which pathway."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


class _Task(Protocol):
    @property
    def task_uuid(self) -> str: ...
    @property
    def data_hash(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Routes:
    """The uuids of the tasks that go to either side, each in the order they were listed."""

    benchmark: tuple[str, ...]
    production: tuple[str, ...]


def plan_routes(tasks: Iterable[_Task], benchmark_data_hashes: Iterable[str | UUID]) -> Routes:
    """
    Send tasks of known units to the benchmark side and all others to the production side.

    Hashes are compared as lower-case strings: Encord's SDK gives tasks a ``UUID`` and dataset rows a ``str``, which
    are never equal, and that alone sends every task to the production side without a word.
    """
    known = {str(data_hash).lower() for data_hash in benchmark_data_hashes}
    sides: dict[bool, list[str]] = {True: [], False: []}
    for task in tasks:
        sides[str(task.data_hash).lower() in known].append(str(task.task_uuid))
    return Routes(benchmark=tuple(sides[True]), production=tuple(sides[False]))
