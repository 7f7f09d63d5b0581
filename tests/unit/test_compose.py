from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
AIRFLOW = sorted(name for name in SERVICES if name.startswith("airflow-"))
EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|FERNET|_KEY$|SQL_ALCHEMY_CONN")
# "$$" is Compose's way to write a dollar sign that is the container's own.
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


def images() -> list[str]:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    return [service["image"] for service in SERVICES.values()] + re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_watched_or_runs_once(name: str) -> None:
    service = SERVICES[name]
    once = [one["depends_on"][name] for one in SERVICES.values() if name in one.get("depends_on", {})]
    if service["restart"] == "no":
        assert {"condition": "service_completed_successfully"} in once
    else:
        assert service["healthcheck"]["test"]


@pytest.mark.parametrize("image", images())
def test_every_image_is_pinned_to_a_version(image: str) -> None:
    assert re.search(r":\d+\.\d+", image), image


def test_airflow_is_the_version_of_the_requirements() -> None:
    [locked] = re.findall(r"^apache-airflow==(\S+)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert f"apache/airflow:{locked}-python3.12" in images()


def test_no_secret_is_written_down() -> None:
    found = {
        f"{name}: {key}": str(value)
        for name, service in SERVICES.items()
        for key, value in service.get("environment", {}).items()
        if SECRET_NAME.search(key)
    }
    assert len(found) >= 8
    assert not [where for where, value in found.items() if not re.search(r"\$\{[A-Z_]+:\?", value)]


def test_the_example_names_every_variable_and_gives_no_secret() -> None:
    assert {name for name, _, _ in VARIABLE.findall(TEXT)} == set(EXAMPLE)
    assert not [name for name, value in EXAMPLE.items() if SECRET_NAME.search(name) and value]


def test_a_variable_that_may_be_left_out_has_the_example_as_default() -> None:
    defaults = {name: default for name, sign, default in VARIABLE.findall(TEXT) if sign == "-"}
    assert defaults
    assert defaults == {name: EXAMPLE[name] for name in defaults}


@pytest.mark.parametrize("name", AIRFLOW)
def test_all_of_airflow_shares_code_settings_and_workspace(name: str) -> None:
    service = SERVICES[name]
    mounted = {volume.split(":")[1] for volume in service["volumes"]}
    code = {f"/opt/airflow/{folder}" for folder in ("dags", "plugins", "include")}
    assert mounted == code | {"/opt/airflow/logs", "/opt/benchmark-qa"}
    assert service["environment"]["PYTHONPATH"] == "/opt/airflow"
    assert service["environment"]["AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE"] == "true"


def test_only_this_host_reaches_the_ui_and_nobody_the_database() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["airflow-api-server"]
    assert all(port.startswith("127.0.0.1:") for port in published["airflow-api-server"])


def test_the_image_is_built_without_secrets_or_data() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    assert not [pattern for pattern in patterns if pattern.startswith("!.env")]
