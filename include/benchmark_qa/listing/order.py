"""The orders that buckets list their keys in, by which a listing notices a key that comes twice."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from include.benchmark_qa.listing.model import ListingError

if TYPE_CHECKING:
    import pyarrow as pa


class KeyOrder(StrEnum):
    """
    How a bucket sorts its keys: by their bytes in UTF-8 or in UTF-16, or folder by folder (``a/x`` before ``a-b``).

    The last is the way of Azure's accounts with a hierarchical namespace: the byte order of keys in which a slash
    stands for less than any other character. UTF-16, Azurite's way, has emoji before the characters from U+E000 on.
    Many shards do not tell the orders apart.
    """

    BYTES = "bytes"
    UTF_16 = "utf-16"
    FOLDERS = "folders"


ANY_ORDER = tuple(KeyOrder)


def orders_kept(keys: Any, last_key: str, orders: Collection[KeyOrder]) -> tuple[KeyOrder, ...]:
    """
    Return those of some orders in which keys come after a key and one after the other.

    :param keys: an Arrow array of strings, not empty
    :param last_key: the key before them, empty for none
    :param orders: those that all keys before have kept
    :raises ListingError: it is none of them, so that a key may have been listed before; the message names it
    """
    import pyarrow as pa

    run = pa.concat_arrays([pa.array([last_key] if last_key else [], type=keys.type), keys])
    breaks: dict[KeyOrder, int] = {}
    for order in orders:
        is_same = order is KeyOrder.UTF_16 and KeyOrder.BYTES in breaks and _is_ascii(run)
        breaks[order] = breaks[KeyOrder.BYTES] if is_same else _first_break(run, order)
    if kept := tuple(order for order, at in breaks.items() if at < 0):
        return kept
    at = max(breaks.values())  # the order that was kept longest is the one to speak of
    first, second = run[at : at + 2].to_pylist()
    fault = "twice" if first == second else f"after {first!r}, against the order of its keys so far"
    raise ListingError(f"the bucket lists {second!r} {fault}; a listing needs each key once and in order")


def _first_break(run: pa.Array[Any], order: KeyOrder) -> int:
    """Return where a key is followed by one that is not after it, or -1."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if order is KeyOrder.FOLDERS:
        run = pc.replace_substring(run, "/", "\0")
    if order is KeyOrder.UTF_16 and not _is_ascii(run):
        texts = [bytes(key).decode(errors="surrogateescape") for key in run.cast(pa.binary()).to_numpy(False)]
        run = pa.array([text.encode("utf-16-be", "surrogatepass") for text in texts], pa.binary())
    return int(pc.index(pc.less(run[:-1], run[1:]), False).as_py())


def _is_ascii(keys: pa.Array[Any]) -> bool:
    import pyarrow.compute as pc

    return bool(pc.all(pc.string_is_ascii(keys)).as_py())
