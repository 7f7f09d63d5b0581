"""What a pass asks of Encord and of its workspace grows with what changed, not with the campaign."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from benchmarks import pass_world
from benchmarks.pass_tasks import execute, operator_of
from include.encord_emulator.server import RunningEmulator
from include.object_storage.local import LocalBucket

pytestmark = pytest.mark.emulator

CHANGED_UNITS = 5
# So small that a listing of all open work, or of all units, would be more pages in the larger campaign.
PAGE_SIZE = 10


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return how many files of the workspace are read and written."""
    counts: Counter[str] = Counter()

    def counted(name: str) -> Callable[..., Any]:
        plain = getattr(LocalBucket, name)

        def call(*arguments: Any) -> Any:
            counts[name] += 1
            return plain(*arguments)

        return call

    for name in ("read", "write"):
        monkeypatch.setattr(LocalBucket, name, counted(name))
    return counts


def whole_pass(folder: Path) -> None:
    execute(operator_of(folder, "find_work"), folder)
    execute(operator_of(folder, "route_tasks"), folder)
    batches = execute(operator_of(folder, "list_submissions"), folder)
    done = [execute(operator_of(folder, "score_labels", batch), folder) for batch in batches]
    execute(operator_of(folder, "apply_decisions", done), folder)
    execute(operator_of(folder, "publish_scores"), folder)
    execute(operator_of(folder, "remember_pass"), folder)


def cost_of_pass(folder: Path, tasks: int, files: Counter[str]) -> dict[str, int]:
    """Score half of the known units of a campaign, then a few more; return what the pass for these took."""
    folder.mkdir()
    key, db = Ed25519PrivateKey.generate(), folder / "state.sqlite"
    pass_world.make_world(db, key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(), tasks)
    pass_world.submit(db, int(tasks * pass_world.KNOWN_SHARE) // 2, back=3_600.0)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    for is_measured in (False, True):
        with RunningEmulator(str(db), switches={"page_size": PAGE_SIZE}) as emulator:
            connection = {"conn_type": "encord", "host": emulator.url, "password": pem}
            os.environ["AIRFLOW_CONN_ENCORD_DEFAULT"] = json.dumps(connection)
            files.clear()
            seen = requests(emulator.url)
            whole_pass(folder)
            cost = {"requests": requests(emulator.url) - seen, **files}
            files.clear()
            execute(operator_of(folder, "find_work"), folder)
            cost["files of a look"] = files.total()
        if not is_measured:
            pass_world.submit(db, CHANGED_UNITS)
    return cost


def requests(url: str) -> int:
    return int(httpx.get(f"{url}/_emulator/requests?after=1000000", timeout=60).json()["total"])


def test_requests_and_files_of_a_pass_do_not_grow_with_the_campaign(
    tmp_path: Path, files: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ENCORD_DEFAULT", "")  # put back after the test
    small = cost_of_pass(tmp_path / "small", 200, files)
    large = cost_of_pass(tmp_path / "large", 1_000, files)
    assert small == large
    assert large["requests"] < 60
    assert large["files of a look"] == 1
