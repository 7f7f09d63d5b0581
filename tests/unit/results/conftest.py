from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from include.benchmark_qa.results.store import open_scores
from tests.unit.results.result_samples import Scored, tables_of

if TYPE_CHECKING:
    import duckdb


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Score, and return the files of the submissions and of the verdicts."""

    def _write(*submissions: Scored, **arguments: Any) -> tuple[Path, Path]:
        count = len(list(tmp_path.iterdir()))
        tables = tables_of(*submissions, **arguments)
        paths = tmp_path / f"{count}-submissions.parquet", tmp_path / f"{count}-verdicts.parquet"
        paths[0].write_bytes(tables.submissions)
        paths[1].write_bytes(tables.verdicts)
        return paths

    return _write


@pytest.fixture
def opened(write: Callable[..., tuple[Path, Path]]) -> Callable[..., Any]:
    """Score, and open the tables in DuckDB."""

    @contextmanager
    def _opened(*submissions: Scored, **arguments: Any) -> Iterator[duckdb.DuckDBPyConnection]:
        scores, verdicts = write(*submissions, **arguments)
        with open_scores([scores], [verdicts]) as connection:
            yield connection

    return _opened
