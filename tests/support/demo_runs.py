"""The demo as a person runs it: a command in a terminal, in a home of its own, stopped or killed at will."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
import psutil

from encord_provider.adapters.storage import SOURCE_KEY
from include.encord_emulator.server import RunningEmulator

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Home:
    """A folder that takes the place of the clone for all that the demo writes."""

    path: Path

    @property
    def build(self) -> Path:
        return self.path / "build" / "demo"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        return kept | {"BENCHMARK_QA_HOME": str(self.path), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    def start(self, module: str, log: Path, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        """Start a module of the project as a terminal does: in a process group that Ctrl-C reaches whole."""
        with log.open("wb") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=self.environment | more,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def processes(self) -> list[psutil.Process]:
        """Return all that runs for this home, whoever its parent is by now: everything inherits the variable."""
        return [one for one in psutil.process_iter() if _variable(one, "BENCHMARK_QA_HOME") == str(self.path)]

    def end_all(self) -> None:
        """Leave nothing behind, also when a test failed."""
        for process in self.processes():
            process.kill()

    def expected_units(self) -> dict[str, int]:
        """Count the units in the files themselves: a DICOM series and an image group are one each."""
        material = self.build / "material"
        files = [path.relative_to(material) for path in material.rglob("*") if path.is_file()]
        units = {(path.parts[0], _unit_of(PurePosixPath(path.as_posix()))) for path in files if len(path.parts) > 1}
        return dict(Counter(kind for kind, _ in units))

    def encord(self) -> EncordContent:
        """Start the local Encord anew on what it kept, and read it through its control plane and the real SDK."""
        with RunningEmulator(db=str(self.build / "encord.sqlite")) as emulator:
            return read_encord(emulator.url, (self.build / "encord_key").read_text(encoding="ascii"))


@dataclass(frozen=True)
class EncordContent:
    """What there is in Encord: the control plane's state, its journal, and the source keys of each folder's items."""

    state: dict[str, Any]
    journal: list[dict[str, Any]]
    source_keys: dict[str, list[str]]

    def names(self, things: str, field: str = "title") -> list[str]:
        return sorted(thing[field] for thing in self.state[things])

    def project(self, title: str) -> dict[str, Any]:
        [found] = [project for project in self.state["projects"] if project["title"] == title]
        return found


def read_encord(url: str, private_key: str) -> EncordContent:
    from encord import EncordUserClient

    client = EncordUserClient.create_with_ssh_private_key(private_key, domain=url)
    state = httpx.get(f"{url}/_emulator/state", timeout=30).json()
    journal = httpx.get(f"{url}/_emulator/requests", timeout=30).json()["requests"]
    source_keys = {
        folder["name"]: [
            str((item.client_metadata or {}).get(SOURCE_KEY))
            for item in client.get_storage_folder(folder["uuid"]).list_items(
                page_size=1000, include_client_metadata=True
            )
        ]
        for folder in state["folders"]
    }
    return EncordContent(state, journal, source_keys)


def assert_one_of_everything(home: Home, content: EncordContent) -> None:
    """What a run, however often it was disturbed, must leave: all of it once, and every task on its way."""
    units = home.expected_units()
    assert content.names("folders", "name") == ["Demo: benchmark files", "Demo: production files"]
    assert content.names("datasets") == ["Demo: benchmark", "Demo: production"]
    assert content.names("ontologies") == ["Benchmark QA demo"]
    assert content.names("projects") == ["Demo: ground truth", "Demo: production"]
    for kind, count in units.items():
        keys = content.source_keys[f"Demo: {kind} files"]
        assert len(keys) == len(set(keys)) == count
        [dataset] = [one for one in content.state["datasets"] if one["title"] == f"Demo: {kind}"]
        assert dataset["rows"] == count
    production = content.project("Demo: production")
    assert production["routed"] == {"Benchmark Task?": {"YES": units["benchmark"], "NO": units["production"]}}
    assert production["tasks"]["Benchmark Task? (AGENT)"] == 0
    assert sum(production["tasks"].values()) == sum(units.values())
    assert sum(content.project("Demo: ground truth")["tasks"].values()) == units["benchmark"]


def wait_until(
    condition: Callable[[], Any],
    what: str,
    process: subprocess.Popen[bytes] | None = None,
    seconds: float = PATIENCE_SECONDS,
) -> Any:
    """Return the condition's first true value; fail when it takes too long, or the process has ended without it."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert process is None or process.poll() is None, f"the process ended before {what}"
        assert time.monotonic() < deadline, f"no {what} after {seconds:.0f} s"
        time.sleep(0.05)
    return value


def press_ctrl_c(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGINT)


def _unit_of(path: PurePosixPath) -> PurePosixPath:
    return path.parent if path.suffix == ".dcm" or "groups" in path.parts else path


def _variable(process: psutil.Process, name: str) -> str | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else process.environ().get(name)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
