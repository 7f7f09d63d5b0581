from __future__ import annotations

from pathlib import Path

import pytest

from include.deployment.env_file import DEMO, GENERATED
from include.native_stack.compose_settings import ComposeFileError, airflow_settings, interpolate
from include.native_stack.places import COMPOSE_FILE

VARIABLES = {name: f"value-of-{name}" for name in GENERATED} | DEMO
ADDRESSES = {"postgres:5432": "127.0.0.1:1", "redis:6379": "127.0.0.1:2", "airflow-api-server:8080": "127.0.0.1:3"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${SET}", "yes"),
        ("a${SET:?say so}b", "ayesb"),
        ("${SET:-no}", "yes"),
        ("${UNSET:-no}", "no"),
        ("${EMPTY:-no}", "no"),
        ("${UNSET:-}", ""),
        ("$$SET $${SET}", "$SET ${SET}"),
        ('{"json": {"is": 1}}', '{"json": {"is": 1}}'),
    ],
)
def test_variables_are_replaced_as_compose_does(text: str, expected: str) -> None:
    assert interpolate(text, {"SET": "yes", "EMPTY": ""}) == expected


def test_a_variable_that_is_missing_is_named() -> None:
    with pytest.raises(ComposeFileError, match="asks for REDIS_PASSWORD"):
        interpolate("redis://:${REDIS_PASSWORD:?make env writes it}@redis:6379/0", {})


def test_the_compose_files_settings_lead_to_this_machine() -> None:
    settings = airflow_settings(COMPOSE_FILE, VARIABLES, ADDRESSES)
    password = VARIABLES["POSTGRES_PASSWORD"]
    assert settings["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert settings["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith(f"airflow:{password}@127.0.0.1:1/airflow")
    assert settings["AIRFLOW__CELERY__RESULT_BACKEND"].endswith(f"airflow:{password}@127.0.0.1:1/airflow")
    assert settings["AIRFLOW__CELERY__BROKER_URL"] == f"redis://:{VARIABLES['REDIS_PASSWORD']}@127.0.0.1:2/0"
    assert settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:3/execution/"
    assert settings["BENCHMARK_QA_WORKSPACES"] == "s3://benchmark-qa-workspaces"
    text = "\n".join(settings.values())
    assert "${" not in text
    assert not any(container in text for container in ADDRESSES)


def test_a_password_that_looks_like_an_address_stays(tmp_path: Path) -> None:
    file = tmp_path / "docker-compose.yaml"
    file.write_text('x-airflow: {environment: {A: "redis://:${P}@redis:6379/0", B: "${P}"}}', encoding="utf-8")
    assert airflow_settings(file, {"P": "redis:6379"}, ADDRESSES) == {
        "A": "redis://:redis:6379@127.0.0.1:2/0",
        "B": "redis:6379",
    }
