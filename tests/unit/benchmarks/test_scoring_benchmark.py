"""The contestants of the scoring benchmark must count the same; else its ratios say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import scoring, scoring_clients
from benchmarks.scoring_data import ERROR, KINDS, prepare


@pytest.mark.parametrize(("kind", "count"), [("boxes", 210), ("videos", 1), ("polygons", 20), ("bitmasks", 2)])
def test_all_count_the_same(tmp_path: Path, kind: str, count: int) -> None:
    prepare(str(tmp_path), kind, str(count))()
    ours, sdk, plain = (
        scoring_clients.numbers(str(tmp_path), kind, str(count), contestant)()
        for contestant in ("ours", "sdk", "plain")
    )
    assert len(ours) == count
    assert scoring._difference(sdk, plain) == "equal"
    assert scoring._difference(ours, plain) == "equal"


def test_data_are_the_same_every_time_and_wrong_in_a_few_percent(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        prepare(str(tmp_path / folder), "boxes", "400")()
    one, other = ((tmp_path / folder / "boxes" / "submissions.jsonl").read_bytes() for folder in ("one", "other"))
    assert one == other
    tallies = [*scoring_clients._tallies(str(tmp_path / "one"), KINDS["boxes"], 400, "plain")]
    missed = sum(tally.fn for tally in tallies) / (400 * 8)
    assert ERROR < missed < 3 * ERROR  # missing or of the wrong class; a few boxes drawn far off come on top
    assert 1 - sum(tally.right for tally in tallies) / sum(tally.asked for tally in tallies) == pytest.approx(
        ERROR, abs=0.02
    )


def test_a_difference_is_told() -> None:
    found = scoring._difference([[8, 0, 0, 0.9, None, 0.5]] * 2, [[8, 0, 0, 0.9, None, 0.5], [8, 0, 0, 0.8, None, 0.5]])
    assert found.startswith("1 differ, such as number 1")
