"""
Files that belong together, collected in any order and handed out group by group.

Groups come from a dict, never from neighbours: in byte order ``a/1``, ``a/sub/x``, ``a/z`` interleave. Keys stay in
Arrow columns until their group is made, so that each of a million takes about a hundred bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from include.benchmark_qa.manifest.arrow import Column
from include.benchmark_qa.manifest.patterns import numeric_order
from include.benchmark_qa.manifest.quarantine import Fault, Reason
from include.benchmark_qa.manifest.rules import FileRule
from include.benchmark_qa.manifest.units import captures_of

_BLOCK_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Group:
    """
    The files of one group.

    ``keys`` are in frame order, ``sizes`` (bytes) run in parallel; ``captures`` are those that all files agree about,
    or none where a file disagrees. ``faults`` say what is wrong with the whole.
    """

    rule: FileRule
    source_key: str
    keys: tuple[str, ...]
    sizes: tuple[int, ...]
    captures: dict[str, str | None]
    faults: tuple[Fault, ...]


class GroupStore:
    """Collects the files of groups by rule and by what their group is known by."""

    def __init__(self, rules: Sequence[FileRule], prefix: str) -> None:
        self._rules = rules
        self._prefix = prefix
        self._ids: dict[tuple[int, str], int] = {}
        self._keys: list[Column] = []
        self._sizes: list[Any] = []
        self._groups: list[Any] = []

    def add(self, rule: int, source_keys: Column, keys: Column, sizes: Any) -> None:
        """
        Add files.

        :param rule: index of the rule that groups them
        :param source_keys: a string array, what each file's group is known by
        :param keys: a string array
        :param sizes: an integer array, in bytes
        """
        import numpy as np
        import pyarrow as pa

        encoded = source_keys.dictionary_encode()
        ids = [self._ids.setdefault((rule, name), len(self._ids)) for name in encoded.dictionary.to_pylist()]
        self._groups.append(np.array(ids, np.int32)[encoded.indices.to_numpy()])
        self._keys.append(keys.cast(pa.large_string()))
        self._sizes.append(np.asarray(sizes, np.int64))

    def groups(self) -> Iterator[Group]:
        """Yield the groups by source key; afterwards the store is empty."""
        import numpy as np
        import pyarrow as pa

        if not self._ids:
            return
        names = sorted(self._ids, key=lambda name: (name[1], name[0]))
        shared = Counter(source_key for _, source_key in names)
        place_of = np.empty(len(names), np.int32)
        place_of[[self._ids[name] for name in names]] = np.arange(len(names), dtype=np.int32)
        places = place_of[np.concatenate(self._groups)]
        order = np.argsort(places, kind="stable")
        ends = np.cumsum(np.bincount(places, minlength=len(names)))
        sizes = np.concatenate(self._sizes)
        self._groups, self._sizes = [], []
        keys = pa.concat_arrays(self._keys)
        self._keys, self._ids = [], {}
        first = 0
        while first < len(names):
            begin = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, begin + _BLOCK_ROWS, "right")))
            rows = order[begin : int(ends[last - 1])]
            block_keys, block_sizes = keys.take(pa.array(rows)).to_pylist(), sizes[rows].tolist()
            for place in range(first, last):
                stretch = slice(int(ends[place - 1]) - begin if place else 0, int(ends[place]) - begin)
                rule, source_key = names[place]
                files = list(zip(block_keys[stretch], block_sizes[stretch], strict=True))
                yield self._group(self._rules[rule], source_key, files, is_shared=shared[source_key] > 1)
            first = last

    def _group(self, rule: FileRule, source_key: str, files: list[tuple[str, int]], *, is_shared: bool) -> Group:
        faults: list[Fault] = []
        if is_shared:
            reason = (
                f"{source_key!r} holds files of two grouping rules, and a group is known by it: give each group a "
                "directory of its own, or merge the rules"
            )
            faults.append(Fault(Reason.GROUP, "objectUrl", reason))
        found = {key: captures_of(rule, key.removeprefix(self._prefix)) for key, _ in files} if rule.captures else {}
        if "position" in rule.captures:
            faults += _position_faults({key: captures["position"] for key, captures in found.items()})
            files.sort(key=lambda file: (_number(found[file[0]]["position"]), _frame_order(file[0])))
        else:
            files.sort(key=lambda file: _frame_order(file[0]))
        shared, different = _common(rule, list(found.values()))
        for name in different:
            reason = f"capture {name!r} has several values in group {source_key!r}, so no template can name it"
            faults.append(Fault(Reason.CAPTURE, name, reason))
        keys, sizes = zip(*files, strict=True)
        return Group(rule, source_key, keys, sizes, shared, tuple(faults))


def _frame_order(key: str) -> tuple[list[tuple[str, int]], str]:
    return numeric_order(key), key  # the key itself decides between 1.jpg and 01.jpg


def _is_number(position: str | None) -> bool:
    return position is not None and position.isascii() and position.isdigit()


def _number(position: str | None) -> int:
    return int(position) if position is not None and _is_number(position) else -1


def _position_faults(positions: dict[str, str | None]) -> Iterator[Fault]:
    taken: dict[int, str] = {}
    for key, position in sorted(positions.items()):
        if not _is_number(position):
            reason = f"object {key!r} has the position {position!r}, which is no number; correct the pattern or the key"
            yield Fault(Reason.GROUP, "position", reason)
        elif (other := taken.setdefault(_number(position), key)) != key:
            reason = f"objects {other!r} and {key!r} have the same position {_number(position)}; remove one of them"
            yield Fault(Reason.GROUP, "position", reason)


def _common(rule: FileRule, found: list[dict[str, str | None]]) -> tuple[dict[str, str | None], list[str]]:
    """Return the captures that all files agree about, and the names of others that a template asks for."""
    if not found:
        return {}, []
    shared = {name: value for name, value in found[0].items() if all(one[name] == value for one in found)}
    return shared, [name for name in rule.captures if name not in shared and name in rule.fields]
