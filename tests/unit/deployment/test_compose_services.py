"""What a platform team asks of each service of docker-compose.yaml, of the Dockerfile and of the examples."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from include.deployment.env_file import ROOT
from tests.support.compose_file import CONTENT, FILE, SECRET_NAME, SERVICES, VARIABLE

TEXT = FILE.read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SETTINGS: dict[str, str] = CONTENT["x-airflow"]["environment"]
AIRFLOW = sorted(name for name in SERVICES if name.startswith("airflow-") or name == "flower")
DEMO = sorted(name for name, one in SERVICES.items() if one.get("profiles") == ["demo"])
# They end, or a person is in them.
ONCE = {"airflow-init", "airflow-cli", "demo-init", "demo-campaign"}
SCRIPTS = sorted(name for name, one in SERVICES.items() if one["command"][0] in ("bash", "sh"))

every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def example(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def images() -> list[str]:
    stages = re.findall(r" AS (\S+)$", DOCKERFILE, re.MULTILINE)
    bases = [one for one in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) if one not in stages]
    assert bases
    return bases + sorted({re.sub(r"^\$\{.+:-(.+)\}$", r"\1", one["image"]) for one in SERVICES.values()})


@pytest.mark.parametrize("image", images())
def test_every_image_is_pinned_to_a_version(image: str) -> None:
    assert re.search(r"^(slim-)?\d+\.\d+", image.partition(":")[2]), image


def test_airflow_is_the_version_of_the_requirements() -> None:
    [locked] = re.findall(r"^apache-airflow==(\S+)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert f"apache/airflow:slim-{locked}-python3.12" in images()


@every_service
def test_it_is_watched_and_started_again_unless_it_ends_by_itself(name: str) -> None:
    service = SERVICES[name]
    if name in ONCE:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]


@every_service
def test_it_fills_neither_memory_nor_disk(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["deploy"]["resources"]["limits"]["memory"])
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


@every_service
def test_it_has_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["user"].split(":")[0] not in ("", "0", "root")
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "pid", "ipc", "devices", "userns_mode"} & set(service)
    assert service.get("network_mode", "none") == "none"


@every_service
def test_it_sees_nothing_of_the_host(name: str) -> None:
    mounted = {volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])}
    assert mounted <= set(CONTENT["volumes"])


@every_service
def test_no_secret_is_an_argument_that_a_list_of_processes_shows(name: str) -> None:
    service = SERVICES[name]
    text = str(service["command"]) + str(service.get("healthcheck"))
    assert not [variable for variable, _, _ in VARIABLE.findall(text) if SECRET_NAME.search(variable)]


def test_only_this_host_reaches_what_is_published_and_nobody_the_stores() -> None:
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert set(published) == {"airflow-api-server", "flower", "demo-encord"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert CONTENT["networks"]["stores"] == {"internal": True}
    assert all(SERVICES[name]["networks"] == ["stores"] for name in ("postgres", "redis"))


def test_redis_asks_for_a_password_and_keeps_every_message() -> None:
    lines = SERVICES["redis"]["command"][-1].splitlines()
    assert {"requirepass $$REDISCLI_AUTH", "appendonly yes", "appendfsync always"} <= set(lines)
    assert "maxmemory-policy noeviction" in lines
    assert SERVICES["redis"]["environment"] == {"REDISCLI_AUTH": "${REDIS_PASSWORD:?make env writes it into .env}"}


@pytest.mark.parametrize("name", AIRFLOW)
def test_all_of_airflow_has_the_same_settings(name: str) -> None:
    service = SERVICES[name]
    assert {key: service["environment"][key] for key in SETTINGS} == SETTINGS
    assert service["env_file"] == "airflow.env"
    assert service["image"] == CONTENT["x-airflow"]["image"]
    assert set(service["environment"]) - set(SETTINGS) == {
        "airflow-init": {"FIRST_USER", "FIRST_USER_PASSWORD"},
        "airflow-worker": {"DUMB_INIT_SETSID"},
        "flower": {"AIRFLOW__CELERY__FLOWER_BASIC_AUTH"},
    }.get(name, set())


def test_a_worker_can_be_there_many_times_and_ends_what_it_has() -> None:
    worker = SERVICES["airflow-worker"]
    assert not {"container_name", "hostname", "ports"} & set(worker)
    assert worker["environment"]["DUMB_INIT_SETSID"] == "0"
    assert worker["stop_grace_period"] == "10m"


@pytest.mark.parametrize("name", DEMO)
def test_the_demo_has_no_secret_of_the_deployment(name: str) -> None:
    assert not set(SERVICES[name]["environment"]) & set(SETTINGS) - {"CONNECTION_CHECK_MAX_COUNT"}


def test_nothing_of_the_demo_is_in_a_deployment_without_it() -> None:
    always = {name: one for name, one in SERVICES.items() if name not in DEMO}
    assert len(DEMO) == 5
    assert "demo" not in str(always)


def test_no_secret_is_written_down() -> None:
    found = {
        f"{name}: {key}": str(value)
        for name, service in SERVICES.items()
        for key, value in service.get("environment", {}).items()
        if SECRET_NAME.search(key)
    }
    assert len(found) >= 8
    assert not [where for where, value in found.items() if not re.search(r"\$\{[A-Z_]+:\?", value)]
    assert not [name for name, sign, default in VARIABLE.findall(TEXT) if SECRET_NAME.search(name) and sign != "?"]
    assert not re.findall(r"^(?:ARG|ENV) .*", DOCKERFILE.replace("ENV PYTHONPATH=/opt/airflow\n", ""), re.MULTILINE)


def test_the_examples_name_every_variable_and_give_no_secret() -> None:
    given = example(".env.example")
    # Compose reads this one itself.
    assert {name for name, _, _ in VARIABLE.findall(TEXT)} | {"COMPOSE_PROJECT_NAME"} == set(given)
    assert not [name for name, value in given.items() if SECRET_NAME.search(name) and value]
    assert example("airflow.env.example") == {}


def test_a_variable_that_may_be_left_out_has_the_example_as_default() -> None:
    given = example(".env.example")
    defaults = {name: default for name, sign, default in VARIABLE.findall(TEXT) if sign == "-"}
    assert defaults
    assert defaults == {name: given[name] for name in defaults}


def test_the_image_is_built_without_secrets_or_data() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    assert not [pattern for pattern in patterns if pattern.startswith("!") and "env" in pattern]
    assert {".env", "airflow.env"} <= set((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())


def test_nothing_runs_as_root_in_the_images() -> None:
    for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]:
        users = re.findall(r"^USER (\S+)", stage, re.MULTILINE)
        assert users[-1:] in ([], ["50000:0"])


@pytest.mark.parametrize("name", SCRIPTS)
def test_shell_scripts_in_the_file_are_clean(name: str) -> None:
    shell, _, script = SERVICES[name]["command"]
    checked = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), f"--shell={shell}", "-"],
        input=script.replace("$$", "$"), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert checked.stdout + checked.stderr == ""


def test_old_logs_are_taken_away_and_young_ones_are_not(tmp_path: Path) -> None:
    long_ago = 1_000_000_000
    old, young = (tmp_path / "dag_id=a" / f"run_id={run}" / "attempt=1.log" for run in (1, 2))
    empty = tmp_path / "dag_id=a" / "run_id=0"
    for folder in (old.parent, young.parent, empty):
        folder.mkdir(parents=True)
    old.touch()
    young.touch()
    os.utime(old, (long_ago, long_ago))
    os.utime(empty, (long_ago, long_ago))
    clean_logs(tmp_path)
    assert not old.exists()
    assert not empty.exists()
    assert young.exists()
    assert (tmp_path / "cleaned").exists()


def clean_logs(folder: Path) -> None:
    """Run the script of `log-cleaner` until it would sleep."""
    script = SERVICES["log-cleaner"]["command"][-1].replace("$$", "$")
    script = "sleep() { exit; }\n" + script.replace("/tmp/cleaned", f"{folder}/cleaned")
    environment = {"PATH": os.environ["PATH"], "LOGS": str(folder), "DAYS": "30"}
    subprocess.run(["bash", "-euc", script], env=environment, check=True, timeout=60)
