from __future__ import annotations

import functools
from pathlib import Path

import pytest
from encord.http import constants

from encord_provider.hooks.encord import EncordHook


@pytest.fixture
def hook(encord_default: str) -> EncordHook:
    return EncordHook(encord_default)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn the SDK's own retries off, where a test waits for the last of them to fail."""
    settings = functools.partial(constants.RequestsSettings, max_retries=0, connection_retries=0)
    monkeypatch.setattr(constants, "RequestsSettings", settings)
