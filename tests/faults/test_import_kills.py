"""An import is killed at random moments and begun again each time: it ends with the set that nobody disturbed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from include.object_storage import open_bucket
from tests.emulator.emulator_support import KEYS, MANAGER, SEED, sdk_client
from tests.support.emulator_process import EmulatorProcess
from tests.unit.encord_provider.provider_support import (
    DATASETS,
    FOLDERS,
    images,
    importer,
    read_report,
    run,
    write_manifest,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]
UNITS = int(os.environ.get("KILLED_IMPORT_UNITS", "4000"))
KILLS = int(os.environ.get("KILLED_IMPORT_KILLS", "4"))
SHARD_ITEMS = max(100, UNITS // 40)
PATIENCE_S = 900


def start(workspace: Path, url: str) -> subprocess.Popen[bytes]:
    connection = {"conn_type": "encord", "host": url, "password": KEYS[MANAGER].private_pem}
    environment = os.environ | {
        "AIRFLOW_CONN_ENCORD_DEFAULT": json.dumps(connection),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")]),
    }
    command = [sys.executable, "-m", "tests.support.import_process", str(workspace)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.emulator
@pytest.mark.usefixtures("encord_default")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_local_upload_killed_around_the_making_of_its_items_leaves_nothing_twice(
    control: Control, client: EncordUserClient, tmp_path: Path, moment: str
) -> None:
    workspace, keys = tmp_path / "workspace", {kind: images(kind, 3) for kind in FOLDERS}
    for key in keys["benchmark"] + keys["production"]:
        (tmp_path / "files" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / key).write_bytes(key.encode())
    write_manifest(workspace, keys, open_bucket(str(tmp_path / "files")))
    control.switch(upload_seconds=1)
    control.call("POST", "faults", {"match": "POST .*/data-upload-jobs$", "hold": moment})
    process = start(workspace, control.url)
    control.wait_until_held(60)  # a new process has Airflow to import
    process.kill()
    assert process.wait(10) == -signal.SIGKILL
    control.call("DELETE", "faults")
    done = run(importer(workspace, settle_seconds=3.0))
    assert (done["benchmark_refused"], done["production_registered"]) == (0, 3)
    for kind, title in FOLDERS.items():
        [folder] = client.list_storage_folders(search=title)
        assert sorted(item.client_metadata["source_key"] for item in folder.list_items()) == keys[kind]


def first_sign_of(workspace: Path, process: subprocess.Popen[bytes]) -> None:
    """Return when the process has begun to import: its progress file is newer than it."""
    begun = time.time()
    progress = workspace / "runs/manual/import/production.json"
    while not (progress.exists() and progress.stat().st_mtime > begun):
        assert process.poll() is None, "the import ended before it began"
        assert time.time() < begun + PATIENCE_S
        time.sleep(0.01)


def test_an_import_killed_at_random_moments_ends_with_the_same_set(tmp_path: Path) -> None:
    workspace, seed = tmp_path / "workspace", tmp_path / "seed.yaml"
    counts = {"benchmark": UNITS // 10, "production": UNITS - UNITS // 10}
    keys = {kind: images(kind, count) for kind, count in counts.items()}
    write_manifest(workspace, keys, shard_items=SHARD_ITEMS)
    seed.write_text(yaml.safe_dump(SEED | {"switches": {"upload_seconds": 0.2}}), encoding="utf-8")
    moments = random.Random(17)
    with EmulatorProcess("--db", str(tmp_path / "encord.db"), first_options=("--seed", str(seed))) as emulator:
        for number in range(KILLS):
            process = start(workspace, emulator.url)
            if number:
                first_sign_of(workspace, process)
            time.sleep(moments.uniform(0.0, 2.0 + UNITS / 20_000))
            process.send_signal(signal.SIGKILL)
            assert process.wait(10) == -signal.SIGKILL
        last = start(workspace, emulator.url)
        assert last.wait(PATIENCE_S) == 0
        client = sdk_client(emulator.url, KEYS[MANAGER])
        for kind in counts:
            [folder] = client.list_storage_folders(search=FOLDERS[kind])
            found = [item.client_metadata["source_key"] for item in folder.list_items(page_size=1000)]
            assert sorted(found) == sorted(keys[kind])
            [dataset] = [row["dataset"] for row in client.get_datasets(title_eq=DATASETS[kind])]
            rows = client.get_dataset(dataset.dataset_hash).list_data_rows()
            assert len({row.backing_item_uuid for row in rows}) == len(rows) == counts[kind]
    report, quarantine = read_report(workspace)
    assert quarantine == []
    assert {kind: report[kind]["registered"] + report[kind]["already_there"] for kind in counts} == counts
