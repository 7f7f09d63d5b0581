"""The files that a scorecard is made of, gathered into few, so that their number does not grow with the passes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.benchmark_qa import paths

if TYPE_CHECKING:
    from include.benchmark_qa.results.actions import ActionHistory
    from include.object_storage.protocol import Bucket

# More files than these since the last gathering are gathered: what is written then is paid by as many passes.
MOST_LOOSE = 20
# So are few that hold more than this, and more than what is gathered: a first pass may score all of a campaign.
MOST_BYTES = 2_000_000
_ROWS_AT_ONCE = 100_000
_FILES = b"files"


def download_tables(workspace: Bucket, prefix: str, folder: Path) -> list[Path]:
    """
    Copy the tables under a prefix to where DuckDB can read them: one with what was gathered, and those made since.

    What was gathered holds as long as all of its files are there as they were; else all of them are read anew, as when
    a task that was tried again has written one once more.

    :raises ValueError: a file that is to be gathered is another table or another version
    """
    folder.mkdir()
    table = prefix.rstrip("/").rpartition("/")[2]
    there = listed(workspace, prefix)
    gathered = _download_gathered(workspace, paths.gathered_table(table), folder / "gathered.parquet", there)
    files = [folder / "gathered.parquet"] if gathered else []
    loose = sorted(there.keys() - gathered.keys())
    for number, key in enumerate(loose):
        files.append(folder / f"{number}.parquet")
        files[-1].write_bytes(workspace.read(key))
    if len(loose) > MOST_LOOSE:
        workspace.write(paths.gathered_table(table), _joined(files, table, there))
    return files


def read_history(workspace: Bucket) -> ActionHistory:
    """Return all actions ever recorded: those that were gathered, and those of the files since."""
    from include.benchmark_qa.results.actions import ActionHistory, dump_history, load_history

    there = listed(workspace, paths.ACTIONS).keys()
    gathered = read_if_there(workspace, paths.GATHERED_ACTIONS) or b""
    history = load_history(gathered)
    if not history.files <= there:
        history = ActionHistory()
    loose, size = sorted(there - history.files), 0
    for key in loose:
        content = workspace.read(key)
        size += len(content)
        history.take(key, content)
    if len(loose) > MOST_LOOSE or size > max(MOST_BYTES, len(gathered)):
        workspace.write(paths.GATHERED_ACTIONS, dump_history(history))
    return history


def listed(workspace: Bucket, prefix: str) -> dict[str, str]:
    """Return the etags of the files under a prefix, by key; nothing where nothing was ever written."""
    from include.object_storage import BucketNotFoundError

    try:
        batches = list(workspace.list(prefix))
    except BucketNotFoundError:  # a folder appears with the first write
        return {}
    return {key: etag for batch in batches for key, etag in zip(batch.keys, batch.etags, strict=True)}


def read_if_there(workspace: Bucket, key: str) -> bytes | None:
    """Return a file's content, None where there is no such file."""
    from include.object_storage import BucketNotFoundError, ObjectNotFoundError

    try:
        return workspace.read(key)
    except (BucketNotFoundError, ObjectNotFoundError):
        return None


def _download_gathered(workspace: Bucket, key: str, file: Path, there: Mapping[str, str]) -> Mapping[str, str]:
    """Copy a gathered table; return the etags of what is in it, by key: nothing where it does not hold any more."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = read_if_there(workspace, key)
    if content is None:
        return {}
    try:
        metadata = pq.read_schema(BytesIO(content)).metadata or {}
        held: dict[str, str] = json.loads(metadata.get(_FILES, b"{}"))
    except (pa.ArrowInvalid, ValueError):
        return {}
    if not held.items() <= there.items():
        return {}
    file.write_bytes(content)
    return held


def _joined(files: Sequence[Path], table: str, held: Mapping[str, str]) -> bytes:
    import pyarrow.parquet as pq

    from include.benchmark_qa.results.schema import SCHEMAS

    schema = SCHEMAS[table]
    schema = schema.with_metadata({**(schema.metadata or {}), _FILES: json.dumps(held).encode()})
    content = BytesIO()
    with pq.ParquetWriter(content, schema, compression="zstd") as writer:
        for rows in _in_large_parts(files, table):
            writer.write_table(rows.cast(schema))
    return content.getvalue()


def _in_large_parts(files: Sequence[Path], table: str) -> Iterator[Any]:
    """Yield the rows of many small files in few parts: each part is a row group, and small ones compress badly."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from include.benchmark_qa.results.schema import check_schema

    part: list[Any] = []
    for file in files:
        with pq.ParquetFile(file) as found:
            check_schema(found.schema_arrow, table, file.name)
            for batch in found.iter_batches(_ROWS_AT_ONCE):
                part.append(pa.Table.from_batches([batch]))
                if sum(map(len, part)) >= _ROWS_AT_ONCE:
                    yield pa.concat_tables(part)
                    part = []
    if part:
        yield pa.concat_tables(part)
