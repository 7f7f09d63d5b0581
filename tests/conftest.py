"""
What several rooms of tests share.

Airflow reads its settings when it is first imported, so they are set here, above any test's import. Nothing heavy is
imported at module level: most tests need neither Airflow nor Encord's SDK.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from encord import EncordUserClient

    from include.encord_emulator.server import RunningEmulator
    from tests.emulator.emulator_support import Control

ROOT = Path(__file__).resolve().parents[1]
HOME = Path(tempfile.mkdtemp(prefix="benchmark-qa-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

# Tests that say nothing of examples: a few in `make test`, many with `pytest --hypothesis-profile=thorough`.
settings.register_profile("quick", max_examples=25, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("quick")

# Whatever the shell says, no test may read or write a real Airflow, workspace or account.
for name in [one for one in os.environ if one.startswith(("AIRFLOW__", "AIRFLOW_CONN_", "BENCHMARK_QA_"))]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": str(HOME / "airflow"),
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__FERNET_KEY": "",
    "BENCHMARK_QA_HOME": str(HOME),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", choices=("sample", "full"), default="sample", help="how many of the faults are tried")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, unless asked for, the faults that take longest: each has a shorter form that is always run."""
    if config.getoption("--faults") == "full":
        return
    left_out = [item for item in items if item.get_closest_marker("full_faults")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("full_faults")]


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[RunningEmulator]:
    from include.encord_emulator.server import RunningEmulator
    from tests.emulator.emulator_support import SEED

    with RunningEmulator(seed=SEED) as running:
        yield running


@pytest.fixture
def emulator(running_emulator: RunningEmulator) -> RunningEmulator:
    """Return the emulator as if it had just been started."""
    from tests.emulator.emulator_support import Control

    Control(running_emulator.url).call("POST", "reset")
    return running_emulator


@pytest.fixture
def control(emulator: RunningEmulator) -> Control:
    from tests.emulator.emulator_support import Control

    return Control(emulator.url)


@pytest.fixture
def client(emulator: RunningEmulator) -> EncordUserClient:
    """Return the real SDK, with the key of the organisation's admin."""
    from tests.emulator.emulator_support import KEYS, MANAGER, sdk_client

    return sdk_client(emulator.url, KEYS[MANAGER])


@pytest.fixture
def encord_default(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the id of an Airflow connection that leads to the emulator."""
    from tests.emulator.emulator_support import KEYS, MANAGER

    connection = {"conn_type": "encord", "host": emulator.url, "password": KEYS[MANAGER].private_pem}
    monkeypatch.setenv("AIRFLOW_CONN_ENCORD_DEFAULT", json.dumps(connection))
    return "encord_default"
