"""A scorecard is the same whether its files were gathered or not, and reads few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from encord_provider.operators import score_files
from encord_provider.operators.score_files import MOST_LOOSE
from encord_provider.operators.scorecard import PublishScoresOperator
from include.benchmark_qa import paths
from include.benchmark_qa.ledger.actions import OPEN, ActionRecord, dump_records
from include.object_storage.local import LocalBucket
from tests.unit.encord_provider.provider_support import task_context
from tests.unit.results.result_samples import GOOD, POOR, Scored, tables_of

PUBLISHED = (paths.SCORECARD, paths.SUMMARY, paths.ANNOTATORS)
MANY = MOST_LOOSE + 1


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return how often files of each folder were read."""
    counts: Counter[str] = Counter()
    plain: Callable[[LocalBucket, str], bytes] = LocalBucket.read

    def read(bucket: LocalBucket, key: str) -> bytes:
        counts[key.rpartition("/")[0] + "/"] += 1
        return plain(bucket, key)

    monkeypatch.setattr(LocalBucket, "read", read)
    return counts


def write_passes(workspace: Path, numbers: range, labels: Any = GOOD) -> None:
    """Write what passes leave: scores of one unit each, and what was done about it."""
    for number in numbers:
        tables = tables_of(*(Scored(email, number, labels) for email in ("ann", "bob")))
        record = ActionRecord(
            f"k{number}", "2026-03-01", "approve", "", ("ann",), "t", "d", f"{number}.jpg", OPEN, "good"
        )
        for key, content in (
            (f"{paths.SUBMISSIONS}{number:03}.parquet", tables.submissions),
            (f"{paths.VERDICTS}{number:03}.parquet", tables.verdicts),
            (f"{paths.ACTIONS}project/{number:03}.jsonl", dump_records([record])),
        ):
            (workspace / key).parent.mkdir(parents=True, exist_ok=True)
            (workspace / key).write_bytes(content)


def publish(workspace: Path) -> list[bytes]:
    """Publish; return what was published."""
    PublishScoresOperator(
        task_id="publish", campaign_title="Roads", workspace=str(workspace), decision={}, settings={}
    ).execute(task_context())
    return [(workspace / key).read_bytes() for key in PUBLISHED]


def test_a_pass_after_many_reads_what_was_gathered_and_what_is_new(tmp_path: Path, reads: Counter[str]) -> None:
    write_passes(tmp_path, range(MANY))
    publish(tmp_path)
    write_passes(tmp_path, range(MANY, MANY + 3))
    reads.clear()
    published = publish(tmp_path)
    assert reads[paths.SUBMISSIONS] == reads[paths.VERDICTS] == reads[f"{paths.ACTIONS}project/"] == 3
    for file in (tmp_path / "scores/gathered").iterdir():
        file.unlink()
    reads.clear()
    assert publish(tmp_path) == published
    assert reads[paths.SUBMISSIONS] == MANY + 3


def test_few_files_are_not_gathered(tmp_path: Path) -> None:
    write_passes(tmp_path, range(MOST_LOOSE))
    publish(tmp_path)
    assert not (tmp_path / "scores/gathered").exists()


def test_few_large_records_of_actions_are_gathered(
    tmp_path: Path, reads: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_passes(tmp_path, range(2))
    monkeypatch.setattr(score_files, "MOST_BYTES", 100)
    published = publish(tmp_path)
    reads.clear()
    assert publish(tmp_path) == published
    assert reads[f"{paths.ACTIONS}project/"] == 0


def test_a_file_that_a_repeated_task_wrote_anew_counts_as_it_is_now(tmp_path: Path) -> None:
    write_passes(tmp_path, range(MANY))
    before = publish(tmp_path)
    write_passes(tmp_path, range(1), POOR)
    after = publish(tmp_path)
    assert after != before
    for file in (tmp_path / "scores/gathered").iterdir():
        file.unlink()
    assert publish(tmp_path) == after


def test_what_cannot_be_read_is_gathered_anew(tmp_path: Path) -> None:
    write_passes(tmp_path, range(MANY))
    before = publish(tmp_path)
    for file in (tmp_path / "scores/gathered").iterdir():
        file.write_bytes(file.read_bytes()[:50])
    assert publish(tmp_path) == before
