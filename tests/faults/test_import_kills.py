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

import pytest
import yaml

from tests.emulator.emulator_support import KEYS, MANAGER, SEED, sdk_client
from tests.support.emulator_process import EmulatorProcess
from tests.unit.encord_provider.provider_support import DATASETS, FOLDERS, images, read_report, write_manifest

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
