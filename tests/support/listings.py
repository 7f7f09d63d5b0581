"""Batches of a listing, made of keys and sizes instead of a bucket."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from include.benchmark_qa.listing.model import ListingBatch

SIZE = 1_000


def listed(*objects: str | tuple[str, int]) -> ListingBatch:
    """Return a batch of objects: keys, or pairs of key and size in bytes."""
    return batch_of((one, SIZE) if isinstance(one, str) else one for one in objects)


def batch_of(objects: Iterable[tuple[str, int]]) -> ListingBatch:
    """Return a batch of pairs of key and size in bytes."""
    pairs = list(objects)
    columns = [pa.array([key for key, _ in pairs], pa.string()), pa.array([size for _, size in pairs], pa.int64())]
    return ListingBatch(pa.RecordBatch.from_arrays(columns, names=["key", "size"]))
