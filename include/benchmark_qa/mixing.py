"""Where known units lie in the queue of real work: the priorities of waiting tasks, the highest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from include.benchmark_qa.campaign_parts import BenchmarkMix

# What a task has to begin with; Encord takes 0 to 1.
ORDINARY = 0.5
# Beyond these a person has set the priority by hand, and it stays.
LOWEST, HIGHEST = 0.4, 0.6
# Below this lies what is mixed, above it what `first` puts before everything else that nobody has moved.
_MIXED = 0.55


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task that waits for an annotator; ``priority`` is in [0, 1], None where Encord does not tell."""

    data_hash: str
    priority: float | None

    @property
    def set_by_hand(self) -> bool:
        """Whether a person wants this task sooner or later than all that are mixed."""
        return self.priority is not None and not LOWEST <= self.priority <= HIGHEST


def plan_priorities(known: Iterable[Waiting], real: Iterable[Waiting], mix: BenchmarkMix) -> dict[str, float]:
    """
    Return the priorities that must change, ``{data hash: priority}``; nothing when all is as it should be.

    ``interleave`` puts real tasks into a random order that never changes, as Encord does with tasks of one priority,
    and known units into it so that of the first m tasks m times their share are known, give or take one. ``first``
    puts known units before all real ones, which stay as they are. Tasks that a person has moved keep their priority,
    and no known unit is put among them.
    """
    known = [task for task in known if not task.set_by_hand]
    if mix == "none":
        return {}
    if mix == "first":
        wanted = {task.data_hash: _MIXED + _chance(task.data_hash, "place") * (HIGHEST - _MIXED) for task in known}
        return _changes(known, wanted)
    real = [task for task in real if not task.set_by_hand]
    wanted = {task.data_hash: LOWEST + _chance(task.data_hash, "place") * (_MIXED - LOWEST) for task in real}
    order = sorted(wanted.values(), reverse=True)
    return _changes([*real, *known], wanted | _between(order, [task.data_hash for task in known]))


def _changes(tasks: Iterable[Waiting], wanted: dict[str, float]) -> dict[str, float]:
    return {task.data_hash: wanted[task.data_hash] for task in tasks if task.priority != wanted[task.data_hash]}


def _between(order: Sequence[float], known: Iterable[str]) -> dict[str, float]:
    """Return priorities of known units that lie between those of real tasks, highest first, at their places."""
    gaps: dict[int, list[str]] = defaultdict(list)
    ordered = sorted(known, key=lambda data_hash: _chance(data_hash, "order"))
    for before, (place, data_hash) in enumerate(zip(_places(ordered, len(order)), ordered, strict=True)):
        gaps[place - before].append(data_hash)
    edges = [_MIXED, *order, LOWEST]
    return {
        data_hash: edges[gap] - (edges[gap] - edges[gap + 1]) * number / (len(units) + 1)
        for gap, units in gaps.items()
        for number, data_hash in enumerate(units, start=1)
    }


def _places(known: Sequence[str], real: int) -> list[int]:
    """
    Return each known unit's place in the whole queue, from 0.

    The queue is cut into as many pieces as there are known units, each with one of them, somewhere in it: at the same
    place of every piece, annotators would learn to expect them.
    """
    count = len(known)
    cuts = [-(-number * (count + real) // count) for number in range(count + 1)] if count else []
    return [
        start + int(_chance(data_hash, "piece") * (end - start))
        for data_hash, (start, end) in zip(known, pairwise(cuts), strict=True)
    ]


def _chance(data_hash: str, of: str) -> float:
    """Return a number in [0, 1) that looks random, and is the same in every pass."""
    return int.from_bytes(sha256(f"{of}:{data_hash}".encode()).digest()[:6]) / 2**48
