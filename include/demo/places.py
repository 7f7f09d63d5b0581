"""Where the demo keeps its things: below the clone and ignored by git, or below ``$BENCHMARK_QA_HOME``."""

from __future__ import annotations

import os
from pathlib import Path

from include.benchmark_qa.campaign import HOME_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get(HOME_VARIABLE, ROOT))
BUILD = HOME / "build" / "demo"
AIRFLOW_HOME = HOME / ".airflow"

MATERIAL = BUILD / "material"
ENCORD_STATE = BUILD / "encord.sqlite"
SEED = BUILD / "seed.json"
PRIVATE_KEY = BUILD / "encord_key"
LOCK = BUILD / "lock"
PROCESSES = BUILD / "processes.json"
LOGS = BUILD / "logs"
SUMMARY = BUILD / "summary.json"
# The address of the UI that `make start` left running
UI = BUILD / "ui.url"
# Airflow's simple auth manager looks for it here
PASSWORDS = AIRFLOW_HOME / "simple_auth_manager_passwords.json.generated"

CAMPAIGN = "demo"
BUCKET = "benchmark-qa-demo"
TEAM = Path(__file__).with_name("team.yaml")
