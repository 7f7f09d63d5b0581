"""Arrow arrays from columns, and Parquet whose bytes depend on nothing but the rows."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from numpy.typing import NDArray


_ENCORD_HASH = 8


@dataclass(frozen=True, slots=True)
class Ranked:
    """Texts as places in the sorted list of the different ones: ``names`` sorted, ``codes`` one per text."""

    names: Any
    codes: IntArray

    def spread(self, index: IntArray) -> pa.Array[Any]:
        """Return the texts at an index as a dictionary array, null where the index is negative."""
        return name_array(self.at(index), self.names)

    def at(self, index: IntArray) -> IntArray:
        """Return the codes at an index, -1 where the index is negative."""
        if not len(self.codes):
            return np.full(len(index), -1, np.int64)
        return np.where(index < 0, -1, self.codes[index])


def rank_texts(texts: Sequence[str]) -> Ranked:
    """Sort the different texts (by their bytes in UTF-8) and say which is which."""
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return Ranked(encoded.dictionary.take(pa.array(order)), place[encoded.indices.to_numpy()])


@dataclass(frozen=True, slots=True)
class Hashes:
    """Object and classification hashes: ``texts`` in Arrow, ``order`` positive numbers that sort as the texts do."""

    texts: Any
    order: NDArray[Any]

    def spread(self, index: IntArray) -> pa.Array[Any]:
        """Return the hashes at an index, null where the index is negative."""
        places: Any = pa.array(index, mask=index < 0)
        hashes: pa.Array[Any] = pc.take(self.texts, places)
        return hashes

    def at(self, index: IntArray) -> NDArray[Any]:
        """Return the numbers at an index; 0, where the index is negative."""
        return np.append(self.order, self.order.dtype.type(0))[index]


def read_hashes(texts: Sequence[str]) -> Hashes:
    """Sort hashes without comparing texts, where they have the eight bytes of Encord's."""
    array: Any = pa.array(texts, pa.string())
    _, offsets, content = array.buffers()
    if texts and (np.diff(np.frombuffer(offsets, np.int32, len(texts) + 1)) == _ENCORD_HASH).all():
        return Hashes(array, np.frombuffer(content, ">u8", len(texts)).astype(np.uint64))
    return Hashes(array, rank_texts(texts).codes + 1)


def name_array(codes: IntArray, names: Any) -> pa.Array[Any]:
    """Return a dictionary array of texts, null where the code is negative."""
    indices: Any = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))


def number_array(values: FloatArray) -> pa.Array[Any]:
    """Return numbers, null for NaN."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def flag_array(values: BoolArray, known: BoolArray) -> pa.Array[Any]:
    """Return flags, null where not known."""
    return pa.array(values, pa.bool_(), mask=~known)


def sum_by(group: IntArray, groups: int, values: NDArray[Any]) -> FloatArray:
    """Return the sum of the values of each group, added in the order given."""
    total: FloatArray = np.bincount(group, weights=values, minlength=groups).astype(np.float64)
    return total


def count_by(group: IntArray, groups: int, values: NDArray[Any]) -> IntArray:
    """Return the sum of whole numbers of each group; exact below 2^53."""
    return sum_by(group, groups, values).astype(np.int64)


def to_parquet(columns: Mapping[str, Any], schema: pa.Schema) -> bytes:
    """Write a table: the same bytes for the same rows in the same order."""
    table = pa.Table.from_arrays([pa.array(columns[name]) for name in schema.names], schema=schema)
    buffer = io.BytesIO()
    # Numbers that hardly repeat are not worth a dictionary.
    named: Any = [one.name for one in schema if not pa.types.is_floating(one.type)]
    pq.write_table(table, buffer, compression="zstd", compression_level=1, use_dictionary=named, write_statistics=False)
    return buffer.getvalue()
