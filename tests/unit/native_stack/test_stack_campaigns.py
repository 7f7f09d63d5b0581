from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from include.benchmark_qa.campaign import load_campaign
from include.native_stack.campaigns import SUBMISSIONS_A_BATCH, write_campaigns

if TYPE_CHECKING:
    import pytest


def test_the_stacks_campaign_is_the_demos_but_for_the_size_of_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = load_campaign("demo").model_dump(by_alias=True)
    write_campaigns(tmp_path / "campaigns")
    monkeypatch.setenv("BENCHMARK_QA_CAMPAIGNS", str(tmp_path / "campaigns"))
    copied = load_campaign("demo").model_dump(by_alias=True)
    assert copied["batches"] == {"submissions": SUBMISSIONS_A_BATCH, "frames": 30_000}
    assert copied | {"batches": original["batches"]} == original
