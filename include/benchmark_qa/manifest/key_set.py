"""Which keys were there before, at eight bytes a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from include.benchmark_qa.manifest.arrow import Column, kernels, text_layout

if TYPE_CHECKING:
    from include.benchmark_qa.manifest.arrow import Hashes, Rows

_WORD = 8
_MANY_RUNS = 8


def hash_texts(texts: Column) -> Hashes:
    """
    Return a 64-bit hash of each text of a string array, computed for all rows at once, a word at a time.

    Different texts share a hash with a probability of about 1 in 2**64: among ten million, 1 in 400,000.
    """
    import numpy as np

    if not len(texts):
        return np.zeros(0, np.uint64)
    lengths, starts, content = text_layout(texts)
    longest, shortest = int(lengths.max()), int(lengths.min())
    # Eight bytes before the first text, so that a word may end wherever a text does.
    padded = np.concatenate([np.zeros(_WORD, np.uint8), content])
    words: Any = np.ndarray((len(padded) - _WORD + 1,), "<u8", padded.data, strides=(1,))
    foreign = ((_WORD - np.clip(lengths, 1, _WORD)) * 8).astype(np.uint64)  # bits of a first word before a short text
    hashes = _finished(lengths.astype(np.uint64) + np.uint64(1))
    for end in range(_WORD, longest + _WORD, _WORD):
        if end <= shortest:  # whole words of all texts
            hashes = _mixed(hashes, words[starts + end])
        else:  # the last word, which may overlap the one before; texts that are over stay as they are
            last = words[starts + np.minimum(end, lengths)] >> foreign
            hashes = np.where(lengths > end - _WORD, _mixed(hashes, last), hashes)
    return _finished(hashes)


def _mixed(hashes: Hashes, word: Any) -> Hashes:
    import numpy as np

    hashes = (hashes ^ word) * np.uint64(0x9FB21C651E98DF25)
    mixed: Hashes = hashes ^ (hashes >> np.uint64(32))
    return mixed


def _finished(hashes: Hashes) -> Hashes:
    """Return the hashes after the finaliser of MurmurHash3, in which every bit depends on all the others."""
    import numpy as np

    hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    hashes = (hashes ^ (hashes >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    finished: Hashes = hashes ^ (hashes >> np.uint64(33))
    return finished


@dataclass(slots=True, eq=False)
class _Run:
    """Keys between a first and a last one; their ``hashes`` become one sorted array once they are looked into."""

    first: str
    last: str
    hashes: list[Hashes] = field(default_factory=list)
    is_sorted: bool = False

    def add(self, hashes: Hashes) -> None:
        self.hashes.append(hashes)
        self.is_sorted = False

    def holds(self, hashes: Hashes) -> Rows:
        import numpy as np

        if not self.is_sorted:
            self.hashes, self.is_sorted = [np.sort(np.concatenate(self.hashes))], True
        places = np.minimum(np.searchsorted(self.hashes[0], hashes), len(self.hashes[0]) - 1)
        found: Rows = self.hashes[0][places] == hashes
        return found


class KeySet:
    """
    A set of keys that only grows.

    Listings are mostly in order, part by part: keys that follow upon all others of a run need not be looked up.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def add(self, keys: Column) -> Rows:
        """Add the keys of a string array; tell of each whether it was there before, in the set or in an earlier row."""
        import numpy as np

        pc = kernels()

        hashes = hash_texts(keys)
        was_there = np.zeros(len(keys), bool)
        if not len(keys):
            return was_there
        if pc.all(pc.less(keys.slice(0, len(keys) - 1), keys.slice(1))).as_py() is not False:
            first, last = keys[0].as_py(), keys[-1].as_py()
        else:
            first, last = pc.min_max(keys).as_py().values()
            was_there = _repeated(hashes)
        overlapping = [run for run in self._runs if first <= run.last and last >= run.first]
        for run in overlapping:
            was_there |= run.holds(hashes)
        if len(overlapping) > _MANY_RUNS:
            self._merge(overlapping)
        if self._runs and self._runs[-1].last < first:
            self._runs[-1].last = last
        else:
            self._runs.append(_Run(first, last))
        self._runs[-1].add(hashes)
        return was_there

    def _merge(self, runs: list[_Run]) -> None:
        hashes = [part for run in runs for part in run.hashes]
        merged = _Run(min(run.first for run in runs), max(run.last for run in runs), hashes)
        self._runs = [merged, *(run for run in self._runs if run not in runs)]

    def holds(self, hashes: Hashes) -> Rows:
        """Tell of each key, by its hash, whether it is in the set."""
        import numpy as np

        found = np.zeros(len(hashes), bool)
        for run in self._runs:
            found |= run.holds(hashes)
        return found


def _repeated(hashes: Hashes) -> Rows:
    """Tell of each row whether an earlier one has the same hash."""
    import numpy as np

    first = np.unique(hashes, return_index=True)[1]
    repeated = np.ones(len(hashes), bool)
    repeated[first] = False
    return repeated
