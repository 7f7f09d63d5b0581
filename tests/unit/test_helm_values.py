"""The values for the Helm chart, as far as can be told without the chart: against Airflow and docker-compose.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.configuration import conf

ROOT = Path(__file__).resolve().parents[2]
FILES = ("helm-values.yaml", "helm-values-kubernetes-executor.yaml")
VALUES: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((ROOT / "deploy" / name).read_text(encoding="utf-8")) for name in FILES
}
CELERY = VALUES[FILES[0]]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))
# Why a setting of docker-compose.yaml is not among the chart's values.
SET_ELSEWHERE = {
    "AIRFLOW__CORE__EXECUTOR": "the value `executor`",
    "AIRFLOW__CORE__AUTH_MANAGER": "the chart's default is the same",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "the chart knows the name of its API server",
    "AIRFLOW__CORE__FERNET_KEY": "a secret",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "a secret",
    "AIRFLOW__API__SECRET_KEY": "a secret",
    "AIRFLOW__API_AUTH__JWT_SECRET": "a secret",
    "AIRFLOW__CELERY__BROKER_URL": "a secret",
    "AIRFLOW__CELERY__RESULT_BACKEND": "without it Airflow takes the database's address",
    "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "the chart's probe is `airflow jobs check`",
}
ONLY_HERE = {
    "AIRFLOW__LOGGING__REMOTE_LOGGING",
    "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER",
    "AIRFLOW__LOGGING__DELETE_LOCAL_LOGS",
}
# Airflow's own settings know neither a provider's that is not installed here, nor one that the scheduler reads unsaid.
NOT_DESCRIBED = {
    ("kubernetes_executor", "worker_pods_creation_batch_size"),
    ("scheduler", "num_stuck_in_queued_retries"),
}


def shared_settings() -> dict[str, str]:
    return {
        name: str(value)
        for name, value in COMPOSE["x-airflow"]["environment"].items()
        if name.startswith("AIRFLOW__") and name not in SET_ELSEWHERE
    }


def settings(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the chart's `config` as the variables that say the same."""
    return {
        f"AIRFLOW__{section}__{option}".upper(): str(value)
        for section, options in values["config"].items()
        for option, value in options.items()
    }


def leaves(value: Any, *path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, *path, key)
    elif isinstance(value, list):
        for below in value:
            yield from leaves(below, *path)
    else:
        yield ".".join(path), value


def test_settings_are_those_of_docker_compose() -> None:
    assert len(shared_settings()) >= 8
    chosen = {name: value for name, value in settings(CELERY).items() if name not in ONLY_HERE}
    assert chosen == shared_settings()


@pytest.mark.parametrize("file", FILES)
def test_airflow_knows_every_option(file: str) -> None:
    known = conf.configuration_description
    options = [(section, one) for section, some in VALUES[file]["config"].items() for one in some]
    unknown = {(section, one) for section, one in options if one not in known.get(section, {}).get("options", {})}
    assert unknown <= NOT_DESCRIBED


def test_the_image_is_that_of_docker_compose_and_airflow_the_locked_one() -> None:
    [image] = re.findall(r":-(.+)}$", COMPOSE["x-airflow"]["image"])
    chosen = CELERY["images"]["airflow"]
    assert f"{chosen['repository'].rsplit('/', 1)[-1]}:{chosen['tag']}" == image
    locked = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert f"\napache-airflow=={CELERY['airflowVersion']}\n" in locked


@pytest.mark.parametrize("file", FILES)
def test_no_secret_is_written_down(file: str) -> None:
    named = re.compile(r"password|secret|token|(^|\.|_)(pass|key)$", re.IGNORECASE)
    found = {path: value for path, value in leaves(VALUES[file]) if named.search(path)}
    assert all(value is None or path.endswith("SecretName") for path, value in found.items()), found
    assert not [value for _, value in leaves(VALUES[file]) if re.search(r"://[^/\s]*@", str(value))]


def test_nothing_is_kept_on_a_disk_that_outlives_a_pod() -> None:
    kept = {path: value for path, value in leaves(CELERY) if "persistence.enabled" in path}
    assert set(kept) == {
        "dags.persistence.enabled",
        "logs.persistence.enabled",
        "workers.celery.persistence.enabled",
        "triggerer.persistence.enabled",
    }
    assert set(kept.values()) == {False}
    [workspaces] = [one["value"] for one in CELERY["env"] if one["name"] == "BENCHMARK_QA_WORKSPACES"]
    assert "://" in workspaces


def test_workers_are_not_ended_before_their_tasks() -> None:
    celery = CELERY["workers"]["celery"]
    grace = COMPOSE["services"]["airflow-worker"]["stop_grace_period"]
    assert f"{celery['terminationGracePeriodSeconds'] // 60}m" == grace
    assert celery["keda"]["cooldownPeriod"] > celery["terminationGracePeriodSeconds"]
