"""What nobody knows of Encord is a switch of the local one; a campaign ends the same under every setting of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.encord_emulator.server import RunningEmulator
from include.encord_emulator.switch_table import TABLE
from tests.emulator.emulator_support import INTEGRATION, MANAGER, new_key
from tests.support.journey_tasks import KINDS, email
from tests.support.operator_journey import Journey, people

pytestmark = pytest.mark.emulator

UNITS = {"benchmark": 6, "production": 14}
# What to try of a switch that takes any number: too short a page for one list, and times that the journey must wait.
# Limits are tried where a careful client need not notice them.
NUMBERS = {
    "page_size": (1, 3),
    "task_delay_s": (1.5,),
    "upload_seconds": (0, 1),
    "signed_url_seconds": (60,),
    "multi_label_limit": (100,),
    "label_save_limit": (100,),
    "analytics_delay_s": (2,),
    "clock_window_s": (30,),
    "token_lifetime_s": (60,),
    "rate_limit_per_minute": (3_000,),
    "actions_limit": (100,),
    "max_body_mb": (1,),
}
# Settings that only show together with another.
TOGETHER = {"task_paging": {"page_size": 3}}
OTHER_SETTINGS = [
    {switch.name: value} | TOGETHER.get(switch.name, {})
    for switch in TABLE
    for value in (NUMBERS[switch.name] if switch.is_range else switch.values)
    if value != switch.default
]
EXPECTED: dict[str, Any] = {
    "routed": {"YES": 6, "NO": 14},
    "routed again": {"YES": 0, "NO": 0},
    "idle pass": {"scored": 0, "labels read": 0, "work found": "", "few requests": True},
    "folders": {"benchmark files": 6, "production files": 14},
    "datasets": {"benchmark data": 6, "production data": 14},
    "ontologies": ["Streets"],
    "projects": ["benchmark project", "production project"],
    "ever routed": [{"Benchmark Task?": {"YES": 6, "NO": 14}}],
    "tags": [["qa"], ["qa"]],
    "complete": {"benchmark project": 6, "production project": 6},
    "submissions": {email(name): 6 for name in ("careful", "careless", "hasty", "steady")},
    "best": email("careful"),
    "worst": email("careless"),
    "not computed": 0,
    "approved": 6,
    "done once": True,
    "hinted": True,
}


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[str, str]]:
    """Return the address of a local Encord, and the key of the one who runs the campaign."""
    key = new_key()
    seed = {
        "organisation": "Example",
        "users": [
            {"email": MANAGER, "public_key": key.public_hex, "role": "admin"},
            *({"email": one} for one in people()),
        ],
        "integrations": [{"title": INTEGRATION}],
        "switches": {"upload_seconds": 0.02},
    }
    with RunningEmulator(seed=seed) as emulator:
        yield emulator.url, key.private_pem


@pytest.fixture
def journey(world: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journey:
    """Return a campaign that has not begun, in an empty Encord."""
    url, private_key = world
    httpx.post(f"{url}/_emulator/reset", timeout=10).raise_for_status()
    connection = {"conn_type": "encord", "host": url, "password": private_key}
    monkeypatch.setenv("AIRFLOW_CONN_ENCORD_DEFAULT", json.dumps(connection))
    for kind in KINDS:
        folder = tmp_path / "files" / kind
        folder.mkdir(parents=True)
        for number in range(UNITS[kind]):
            (folder / f"street {number:02}.jpg").write_bytes(b"never looked into")
    return Journey(url, tmp_path)


@pytest.mark.parametrize("settings", [{}, *OTHER_SETTINGS], ids=str)
def test_a_campaign_ends_the_same_under_every_setting(journey: Journey, settings: dict[str, Any]) -> None:
    httpx.put(f"{journey.url}/_emulator/switches", json=settings, timeout=10).raise_for_status()
    assert journey.run() == EXPECTED
