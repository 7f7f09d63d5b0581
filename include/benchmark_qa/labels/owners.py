from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from include.benchmark_qa.labels.columns import IntArray


class Owners:
    """
    The objects of all rows, each once however many frames it is on.

    ``owner`` is the object of each sight, ``rows`` and ``hashes`` are those of each object. Objects are numbered in
    the order in which they first come, so that the numbers within a row do not depend on the other rows.
    """

    owner: IntArray
    rows: IntArray
    hashes: Sequence[str]

    def __init__(self, rows: IntArray, hashes: Sequence[str]) -> None:
        self._codes = {one: code for code, one in enumerate(dict.fromkeys(hashes))}
        keys = self._keys_of(rows, hashes)
        if (np.diff(keys) > 0).all():  # each object is on one frame, as on images
            self._keys, self._numbers, self.owner = keys, np.arange(len(keys)), np.arange(len(keys))
            self.rows, self.hashes = rows, hashes
            return
        self._keys, first, place = np.unique(keys, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        self._numbers = np.empty(len(order), np.int64)
        self._numbers[order] = np.arange(len(order))
        self.owner = self._numbers[place]
        self.rows = rows[first[order]]
        self.hashes = [hashes[one] for one in first[order].tolist()]

    def find(self, rows: Sequence[int], hashes: Sequence[str]) -> list[int]:
        """Return the number of each of these objects, -1 for one that is nowhere."""
        keys = self._keys_of(np.array(rows, np.int64), hashes)
        place = np.searchsorted(self._keys, keys)
        place[place == len(self._keys)] = 0
        known = self._keys[place] == keys if len(self._keys) else np.zeros(len(keys), bool)
        found: list[int] = np.where(known, self._numbers[place] if len(self._keys) else -1, -1).tolist()
        return found

    def _keys_of(self, rows: IntArray, hashes: Sequence[str]) -> IntArray:
        codes = self._codes
        code = np.array([codes.get(one, -1) for one in hashes], np.int64)
        return np.where(code < 0, -1, rows * len(codes) + code)
