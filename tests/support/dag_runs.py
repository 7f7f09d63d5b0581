"""
Run several Dags one after the other in one process: `python -m tests.support.dag_runs DAG_ID ...`.

Starting Airflow takes longer than most of these runs. The standard output gets the demo's lines of progress between
`== DAG_ID` and `== DAG_ID STATE SECONDS`, and before them `import error FILE: LINE` for each Dag file that cannot be
read. Airflow's database is made first. Each Dag file is in a folder of its own.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.listener import get_listener_manager
from airflow.utils.db import initdb

from include.demo.run_dag import Progress


def main(dag_ids: list[str]) -> None:
    progress = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever Airflow prints belongs to the log
    initdb()
    bag = DagBag()
    for file, error in bag.import_errors.items():
        print(f"import error {Path(file).name}: {error.strip().splitlines()[-1]}", file=progress, flush=True)
    get_listener_manager().add_listener(Progress(progress))
    for dag_id in dag_ids:
        _narrow_to(bag.dags[dag_id].fileloc)
        started = time.monotonic()
        print(f"== {dag_id}", file=progress, flush=True)
        run = bag.dags[dag_id].test()
        print(f"== {dag_id} {run.state} {time.monotonic() - started:.1f}", file=progress, flush=True)


def _narrow_to(file: str) -> None:
    """Let Airflow see one folder of Dags alone: before each run it serialises all that it sees, which takes seconds."""
    folder = Path(file).parent
    bundle = {
        "name": folder.name,
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(folder)},
    }
    os.environ["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"] = json.dumps([bundle])


if __name__ == "__main__":
    main(sys.argv[1:])
