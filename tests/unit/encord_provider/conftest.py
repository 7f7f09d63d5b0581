from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from encord.http import constants

from encord_provider.hooks.encord import EncordHook
from tests.unit.encord_provider.scoring_support import RunCampaign, open_campaign

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control


@pytest.fixture
def run_campaign(workspace: Path, client: EncordUserClient, control: Control) -> RunCampaign:
    return functools.partial(open_campaign, workspace, client, control)


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
