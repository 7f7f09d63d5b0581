"""Tables of metadata: CSV or Parquet, a row for each object or group, kept in Arrow and looked up a batch at a time."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from include.benchmark_qa.manifest.metadata.keys import ENCORD_KEY, RESERVED_KEYS, key_problem
from include.benchmark_qa.manifest.metadata.reader import ObjectReader, UnreadableError
from include.benchmark_qa.manifest.metadata.settings import TableSettings
from include.benchmark_qa.manifest.model import ManifestError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_NAMED = 10
# 007 and +49 are no numbers but names. 18 digits fit 64 bits, and 15 are what a float keeps: longer ones stay text.
_INTEGER = r"^-?(0|[1-9][0-9]{0,17})$"
_NUMBER = r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?$"
_BOOLEAN = r"^(true|false|True|False|TRUE|FALSE)$"


@dataclass(frozen=True, slots=True)
class UnusedRows:
    """How many rows of a table were for none of the units, and the first of their keys."""

    path: str
    count: int
    first: tuple[str, ...]


class MetadataTable:
    """
    A table in memory, and which of its rows were used.

    Types of a Parquet column stay what they are (times become ISO 8601). A CSV column is of numbers, or of true and
    false, if all of its cells are written so, and else text: ``007`` makes a column of text. Empty cells are left out.

    :param name: how problems call the table
    """

    def __init__(self, table: pa.Table, settings: TableSettings) -> None:
        import numpy as np

        self.name = settings.path
        _check_columns(table.column_names, settings)
        self._keys = _text_column(table.column(settings.key), settings)
        self._values = table.drop_columns([settings.key])
        self._is_used: np.ndarray[Any, np.dtype[np.bool_]] = np.zeros(len(self._keys), dtype=bool)

    def look_up(self, keys: Sequence[str]) -> dict[str, dict[str, Any] | UnreadableError]:
        """Return the metadata of those of the keys that the table has; an error for a key that it has twice."""
        import pyarrow as pa
        import pyarrow.compute as pc

        # The few keys are hashed and the many rows run past them, so the table itself needs no index.
        position = pc.index_in(self._keys, value_set=pa.array(keys, pa.string()))
        rows = pc.indices_nonzero(pc.is_valid(position))
        found: dict[str, dict[str, Any] | UnreadableError] = {}
        taken = self._values.take(rows).to_pylist()
        for row, key, values in zip(rows.to_pylist(), map(str, self._keys.take(rows).to_pylist()), taken, strict=True):
            self._is_used[row] = True
            found[key] = UnreadableError("has more than one row for this key; leave one") if key in found else values
        return {key: one if isinstance(one, UnreadableError) else _as_json(one) for key, one in found.items()}

    def unused_rows(self) -> UnusedRows:
        """Return what was never looked up."""
        import numpy as np

        unused = np.flatnonzero(~self._is_used)
        return UnusedRows(self.name, len(unused), tuple(map(str, self._keys.take(unused[:_NAMED]).to_pylist())))


def load_table(settings: TableSettings, reader: ObjectReader) -> MetadataTable:
    """
    Read a table from the bucket, or from this machine if its path is absolute.

    :raises ManifestError: when it is not there, is no such table, or has columns that cannot be metadata
    """
    import pyarrow as pa

    path = settings.path
    read = {".csv": _read_csv, ".parquet": _read_parquet}.get(Path(path).suffix.lower())
    if read is None:
        raise ManifestError(f"metadata table {path!r} must be a .csv or a .parquet file")
    is_local = Path(path).is_absolute()
    if not (Path(path).is_file() if is_local else reader.exists(path)):
        where = "on this machine" if is_local else "in the bucket"
        raise ManifestError(f"metadata table {path!r} is not {where}; correct `metadata.table.path`")
    content = Path(path).read_bytes() if is_local else reader.read(path)
    try:
        return MetadataTable(read(content, settings), settings)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"metadata table {path!r} cannot be read: {error}") from error


def _read_parquet(content: bytes, _settings: TableSettings) -> pa.Table:
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(content))


def _read_csv(content: bytes, settings: TableSettings) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    header = csv.open_csv(io.BytesIO(content)).schema.names
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), null_values=[""], strings_can_be_null=True
    )
    newlines = csv.ParseOptions(newlines_in_values=True)
    table = csv.read_csv(io.BytesIO(content), parse_options=newlines, convert_options=options)
    for index, name in enumerate(table.column_names):
        if name not in {settings.key, ENCORD_KEY}:
            table = table.set_column(index, name, _typed(table.column(index)))
    return table


def _typed(cells: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Return a column of text in the type that all of its cells are written in."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if cells.null_count == len(cells):
        return cells
    for pattern, arrow_type in ((_INTEGER, pa.int64()), (_NUMBER, pa.float64()), (_BOOLEAN, pa.bool_())):
        if pc.all(pc.match_substring_regex(cells, pattern)).as_py():
            return pc.cast(cells if arrow_type != pa.bool_() else pc.utf8_lower(cells), arrow_type)
    return cells


def _check_columns(columns: Sequence[str], settings: TableSettings) -> None:
    table = f"metadata table {settings.path!r}"
    if columns.count(settings.key) != 1:
        raise ManifestError(
            f"{table} has {columns.count(settings.key)} columns {settings.key!r}, which `metadata.table.key` names as "
            f"that of the objects' keys; its columns are {list(columns)}"
        )
    if doubled := sorted({name for name in columns if columns.count(name) > 1}):
        raise ManifestError(f"{table} has columns of the same name: {doubled}")
    others = [name for name in columns if name not in {settings.key, ENCORD_KEY}]
    problems = [problem for name in others if (problem := key_problem(name))]
    problems += [f"the column {name!r} is set by the project itself" for name in others if name in RESERVED_KEYS]
    if problems:
        raise ManifestError(f"{table}: {'; '.join(problems)}. Rename these columns")


def _text_column(column: pa.ChunkedArray[Any], settings: TableSettings) -> pa.ChunkedArray[Any]:
    import pyarrow as pa

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise ManifestError(
            f"metadata table {settings.path!r}: the column {settings.key!r} is of type {column.type}, but keys are text"
        )
    return column.cast(pa.string())


def _as_json(row: Mapping[str, Any]) -> dict[str, Any] | UnreadableError:
    """Return a row without its empty cells, all values such as JSON has them."""
    try:
        return {name: _json_value(name, value) for name, value in row.items() if value is not None}
    except UnreadableError as error:
        return error


def _json_value(column: str, value: Any) -> Any:
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, date | time | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _json_value(column, one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(column, one) for one in value]
    if isinstance(value, bytes | timedelta):
        raise UnreadableError(f"column {column!r} is of type {type(value).__name__}, which JSON cannot carry")
    return value
