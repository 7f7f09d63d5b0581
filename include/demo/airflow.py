"""The demo's Airflow: its database is made once, inside the clone."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

from include.demo import places
from include.demo.processes import ProcessError
from include.demo.world import World


def ensure_database(world: World) -> None:
    """
    Make Airflow's database, unless this version of Airflow has made it already.

    :raises ProcessError: the migration failed
    """
    stamp = places.AIRFLOW_HOME / "database_version"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == version("apache-airflow"):
        return
    print("Making Airflow's database ...", flush=True)
    places.AIRFLOW_HOME.mkdir(parents=True, exist_ok=True)
    log = world.processes.log("airflow-database")
    with log.open("wb") as stream:
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        done = subprocess.run(command, env=world.environment, stdout=stream, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise ProcessError(f"Airflow's database could not be made: see {log}")
    stamp.write_text(version("apache-airflow"), encoding="utf-8")
