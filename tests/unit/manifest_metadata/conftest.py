from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.manifest_metadata.metadata_support import CountingBucket


@pytest.fixture
def bucket(tmp_path: Path) -> CountingBucket:
    (tmp_path / "bucket").mkdir()
    return CountingBucket(tmp_path / "bucket")
