"""Four runs of one campaign at the same moment, in processes of their own, make one of everything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from include.object_storage import open_bucket
from tests.conftest import ROOT
from tests.emulator.emulator_support import KEYS, MANAGER
from tests.unit.encord_provider.provider_support import (
    BENCHMARK_PROJECT,
    DATASETS,
    FOLDERS,
    PRODUCTION_PROJECT,
    images,
    titles,
    write_manifest,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.system, pytest.mark.emulator]

NAMES = ("first", "second", "third", "fourth")
COUNTS = {"benchmark": 4, "production": 12}
# All who look find nothing: whatever is made is made a good while after it was asked for.
SLOW = [
    {"match": "POST .*(storage/folders|datasets?|data-upload-jobs|tags?)$", "latency": 0.7},
    {"match": "(dataset|project|ontology) (POST|PUT)", "latency": 0.7},
]
PATIENCE_S = 240


def run_all(folder: Path, url: str) -> list[dict[str, Any]]:
    """Let all begin at the same moment; return what their imports returned."""
    connection = {"conn_type": "encord", "host": url, "password": KEYS[MANAGER].private_pem}
    environment = os.environ | {
        "AIRFLOW_CONN_ENCORD_DEFAULT": json.dumps(connection),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), str(ROOT)]),
    }
    command = [sys.executable, "-m", "tests.support.parallel_run", str(folder / "workspace")]
    processes = [subprocess.Popen([*command, name], cwd=ROOT, env=environment) for name in NAMES]
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not all((folder / f"{name}.ready").exists() for name in NAMES):
            assert time.monotonic() < deadline, "the processes did not start"
            time.sleep(0.05)
        (folder / "go").touch()
        assert [process.wait(PATIENCE_S) for process in processes] == [0] * len(NAMES)
    finally:
        for process in processes:
            process.kill()
    return [json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES]


@pytest.mark.parametrize("is_local", [False, True], ids=["in the cloud", "uploaded"])
def test_runs_at_the_same_moment_make_one_of_everything(
    control: Control, client: EncordUserClient, tmp_path: Path, is_local: bool
) -> None:
    keys = {kind: images(kind, count) for kind, count in COUNTS.items()}
    for key in keys["benchmark"] + keys["production"]:
        (tmp_path / "files" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / key).write_bytes(key.encode())
    write_manifest(tmp_path / "workspace", keys, open_bucket(str(tmp_path / "files")) if is_local else None)
    control.switch(upload_seconds=0.5)
    for rule in SLOW:
        control.call("POST", "faults", rule)
    done = run_all(tmp_path, control.url)
    assert sum(one["production_registered"] for one in done) == COUNTS["production"]
    assert {one["production_already_there"] + one["production_registered"] for one in done} == {COUNTS["production"]}
    state = control.call("GET", "state")
    assert sorted(titles(state, "folders")) == sorted(FOLDERS.values())
    assert sorted(titles(state, "datasets")) == sorted(DATASETS.values())
    assert titles(state, "ontologies") == ["Roads"]
    assert sorted(titles(state, "projects")) == sorted([BENCHMARK_PROJECT, PRODUCTION_PROJECT])
    assert {one["title"]: one["rows"] for one in state["datasets"]} == {DATASETS[kind]: COUNTS[kind] for kind in COUNTS}
    for kind, title in FOLDERS.items():
        [folder] = client.list_storage_folders(search=title)
        assert sorted(item.client_metadata["source_key"] for item in folder.list_items()) == sorted(keys[kind])
