from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.benchmark_qa.manifest.metadata.enrich import Enricher, UnusedRows
from include.benchmark_qa.manifest.metadata.reader import UnreadableError
from include.benchmark_qa.manifest.metadata.settings import TableSettings
from include.benchmark_qa.manifest.metadata.tables import load_table
from include.benchmark_qa.manifest.model import ManifestError, Unit
from tests.unit.manifest_metadata.metadata_support import CountingBucket, draft_of, unit_of


def looked_up(bucket: CountingBucket, path: str, data: bytes, keys: list[str], **settings: Any) -> dict[str, Any]:
    bucket.write(path, data)
    return dict(load_table(TableSettings(path=path, **settings), bucket).look_up(keys))


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def test_columns_of_a_csv_are_of_the_type_that_all_their_cells_are_written_in(bucket: CountingBucket) -> None:
    lines = [
        "key,whole,number,yes,code,mixed,phone,large,text",
        'a,1,-0.5,true,007,1,+49,9999999999999999999,"x, ""y""\nz"',
        "b,,1e-3,FALSE,12,one,1,1,",
    ]
    found = looked_up(bucket, "t.csv", "\ufeff".encode() + "\n".join(lines).encode(), ["b", "a", "c"])
    assert found == {
        "a": {"whole": 1, "number": -0.5, "yes": True, "code": "007", "mixed": "1", "phone": "+49",
              "large": "9999999999999999999", "text": 'x, "y"\nz'},
        "b": {"number": 0.001, "yes": False, "code": "12", "mixed": "one", "phone": "1", "large": "1"},
    }  # fmt: skip
    assert {name: type(value) for name, value in found["a"].items()}["whole"] is int


def test_columns_of_a_parquet_keep_their_types(bucket: CountingBucket) -> None:
    data = parquet(
        object=["a", "b"],
        code=["007", ""],
        at=[datetime(2026, 3, 1, 12, tzinfo=UTC), None],
        day=[date(2026, 3, 1), None],
        price=[Decimal("1.25"), None],
        clip=[[0.5, 1.0], None],
        camera=[{"lens": 35, "at": date(2026, 3, 2)}, None],
    )
    assert looked_up(bucket, "t.PARQUET", data, ["a", "b"], key="object") == {
        "a": {"code": "007", "at": "2026-03-01T12:00:00+00:00", "day": "2026-03-01", "price": 1.25,
              "clip": [0.5, 1.0], "camera": {"lens": 35, "at": "2026-03-02"}},
        "b": {"code": ""},
    }  # fmt: skip


def test_what_json_cannot_carry_is_a_problem_of_its_row(bucket: CountingBucket) -> None:
    found = looked_up(bucket, "t.parquet", parquet(key=["a", "b"], thumb=[b"\xff", None]), ["a", "b"])
    assert "'thumb' is of type bytes" in str(found["a"])
    assert found["b"] == {}


def test_a_doubled_key_is_a_problem_and_unused_rows_are_told(bucket: CountingBucket) -> None:
    rows = "".join(f"unused/{number},x\n" for number in range(1000))
    bucket.write("t.csv", f"key,a\na.jpg,1\nb.jpg,2\na.jpg,3\n{rows}".encode())
    enricher = Enricher(bucket, "s3://bucket")
    drafts = [draft_of(bucket, unit_of(key), table={"path": "t.csv"}) for key in ("b.jpg", "a.jpg", "c.jpg")]
    first, second, third = enricher.enrich(drafts)
    assert isinstance(first, Unit)
    assert first.client_metadata["a"] == "2"
    assert third is drafts[2].unit
    assert isinstance(second, tuple)
    [problem] = second
    assert (problem.file, problem.key) == ("s3://bucket/t.csv", "a.jpg")
    assert "more than one row" in problem.reason
    unused = UnusedRows("t.csv", 1000, tuple(f"unused/{number}" for number in range(10)))
    assert enricher.unused_rows() == (unused,)


def test_batches_add_up_to_no_unused_row(bucket: CountingBucket) -> None:
    bucket.write("t.csv", b"key,a\n" + b"".join(b"%d.jpg,%d\n" % (number, number) for number in range(50)))
    enricher = Enricher(bucket, "s3://bucket")
    for start in range(0, 50, 10):
        units = [unit_of(f"{number}.jpg") for number in range(start, start + 10)]
        found = enricher.enrich([draft_of(bucket, unit, table={"path": "t.csv"}) for unit in units])
        assert [one.client_metadata["a"] for one in found if isinstance(one, Unit)] == [*range(start, start + 10)]
    assert enricher.unused_rows() == ()


def test_a_table_may_lie_on_this_machine(bucket: CountingBucket, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("key,a\na.jpg,1\n")
    settings = TableSettings(path=str(tmp_path / "t.csv"))
    assert load_table(settings, bucket).look_up(["a.jpg"]) == {"a.jpg": {"a": 1}}
    with pytest.raises(ManifestError, match="not on this machine"):
        load_table(TableSettings(path=str(tmp_path / "no.csv")), bucket)


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("t.csv", b"name,a\na.jpg,1\n", r"0 columns 'key'.*\['name', 'a'\]"),
        ("t.csv", b"key;a\na.jpg;1\n", r"its columns are \['key;a'\]"),
        ("t.csv", b"key,a,a\nx,1,2\n", r"columns of the same name: \['a'\]"),
        ("t.csv", b"key,a/b,kind\nx,1,2\n", "'a/b' is not allowed.*'kind' is set by the project"),
        ("t.csv", b"key,a\nx\n", "cannot be read"),
        ("t.csv", b"", "cannot be read"),
        ("t.csv", b"key,a\nx,\xff\n", "cannot be read"),
        ("t.parquet", b"PAR1 no", "cannot be read"),
        ("t.parquet", parquet(key=[1, 2]), "type int64, but keys are text"),
        ("t.xlsx", b"", r"must be a \.csv or a \.parquet"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(bucket: CountingBucket, path: str, data: bytes, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason) as caught:
        looked_up(bucket, path, data, ["x"])
    assert path in str(caught.value)


def test_rows_of_a_table_without_a_key_match_nothing(bucket: CountingBucket) -> None:
    found = looked_up(bucket, "t.csv", b"key,a\n,1\nb,2\n", ["b", ""])
    assert found == {"b": {"a": 2}}
    assert not any(isinstance(one, UnreadableError) for one in found.values())
