"""
What routing costs: ``python -m benchmarks.routing [--tasks N]``.

The local Encord runs in a thread of this process, over a production project of 10,000 tasks, one in sixteen of them
of a known unit. The operator of ``route_tasks`` mixes and routes them, and then has nothing left to do. The table has
the requests by call, and the CPU seconds of the operator's own thread, with the SDK.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from include.encord_emulator.server import RunningEmulator

TASKS, ONE_IN = 10_000, 16
TEMPLATE = "Production with Benchmark QA"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=TASKS)
    tasks = parser.parse_args().tasks
    key = Ed25519PrivateKey.generate()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AIRFLOW_HOME"] = folder
        with RunningEmulator(str(Path(folder, "state.sqlite")), seed=world(key, tasks)) as emulator:
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
            os.environ["AIRFLOW_CONN_ENCORD_DEFAULT"] = json.dumps(
                {"conn_type": "encord", "host": emulator.url, "password": pem}
            )
            measure(emulator.url, f"route {tasks:,} tasks")
            measure(emulator.url, "find nothing to route")


def measure(url: str, name: str) -> None:
    """Run the operator once and print what it took."""
    from datetime import UTC, datetime
    from types import SimpleNamespace

    from encord_provider.operators.workflow import EncordRouteTasksOperator

    operator = EncordRouteTasksOperator(
        task_id="route_tasks", project_title="Production", benchmark_dataset_title="benchmark"
    )
    seen = httpx.get(f"{url}/_emulator/requests?after=1000000", timeout=60).json()["total"]
    cpu, wall = time.thread_time(), time.monotonic()
    done = operator.execute({"ti": SimpleNamespace(start_date=datetime.now(UTC))})
    cpu, wall = time.thread_time() - cpu, time.monotonic() - wall
    answer = httpx.get(f"{url}/_emulator/requests?after={seen}", timeout=60).json()
    sys.stdout.write(f"{name}: {done['routed']}, {cpu:.1f} s of CPU, {wall:.1f} s passed\n")
    for call, count in Counter(answer["counts"]).most_common():
        sys.stdout.write(f"  {count:4} {call}\n")


def world(key: Ed25519PrivateKey, tasks: int) -> dict[str, Any]:
    """Return the seed."""
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    counts = {"benchmark": tasks // ONE_IN, "production": tasks - tasks // ONE_IN}
    return {
        "users": [{"email": "admin@example.com", "role": "admin", "public_key": public}],
        "ontologies": [{"title": "Nothing", "structure": {"objects": [], "classifications": []}}],
        "folders": [{"name": kind, "items": [{"name": f"{kind}.jpg", "repeat": n}]} for kind, n in counts.items()],
        "datasets": [{"title": kind, "folder": kind} for kind in counts],
        "projects": [
            {
                "title": "Production",
                "ontology": "Nothing",
                "workflow_template": TEMPLATE,
                "datasets": list(counts),
                "users": [{"email": "admin@example.com", "role": "admin"}],
            }
        ],
    }


if __name__ == "__main__":
    main()
