"""docker-compose.yaml as a whole: by the specification's schema, and by Compose itself where it is installed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from include.deployment import env_file
from tests.support.compose_file import CONTENT, FILE, PACKAGE, SERVICES, VARIABLE, compose_config, compose_program, lint

TEXT = FILE.read_text(encoding="utf-8")
REQUIRED = sorted({name for name, sign, _ in VARIABLE.findall(TEXT) if sign == "?"})


@pytest.fixture
def linter() -> None:
    if not PACKAGE.stamp.exists():
        (pytest.fail if PACKAGE.is_required else pytest.skip)(f"dclint is not installed: {PACKAGE.unavailable}")


@pytest.fixture
def compose() -> list[str]:
    program = compose_program()
    if program is None:
        (pytest.fail if PACKAGE.is_required else pytest.skip)("neither docker compose nor docker-compose is installed")
    assert program
    return program


def deployment(folder: Path, *, demo: bool) -> Path:
    """Return the folder with what `make env` writes, filled in as it says."""
    assert env_file.main(["--folder", str(folder), *(["--demo"] if demo else [])]) == 0
    if not demo:
        change(folder, "BENCHMARK_QA_WORKSPACES=", "BENCHMARK_QA_WORKSPACES=s3://a-bucket/benchmark-qa")
    return folder


def change(folder: Path, old: str, new: str) -> None:
    file = folder / ".env"
    lines = file.read_text(encoding="utf-8").splitlines()
    assert old in lines
    file.write_text("\n".join(new if line == old else line for line in lines), encoding="utf-8")


@pytest.mark.usefixtures("linter")
def test_the_file_is_as_the_specification_has_it(tmp_path: Path) -> None:
    assert lint(TEXT, tmp_path) == ""


@pytest.mark.usefixtures("linter")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("restart: unless-stopped", "restartt: unless-stopped", "additional properties"),
        ("stop_grace_period: 1m", "stop_grace_period: [1m]", "stop_grace_period"),
        ('"127.0.0.1:${AIRFLOW_PORT:-8080}:8080"', '"8080:8080"', "no-unbound-port-interfaces"),
    ],
)
def test_the_check_finds_what_is_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in TEXT
    assert said in lint(TEXT.replace(old, new), tmp_path)


@pytest.mark.parametrize("profile", ["", "tools", "demo"])
@pytest.mark.parametrize("demo", [False, True], ids=["production", "demo"])
def test_compose_reads_it_with_what_make_env_writes(
    compose: list[str], tmp_path: Path, *, demo: bool, profile: str
) -> None:
    options = [f"--profile={profile}"] if profile else []
    read = compose_config(compose, deployment(tmp_path, demo=demo), *options)
    assert (read.returncode, read.stderr) == (0, "")
    services = yaml.safe_load(read.stdout)["services"]
    active = {"demo"} & {"demo" if demo else ""} | {profile}
    assert set(services) >= {name for name, one in SERVICES.items() if active & set(one.get("profiles", [""]))}
    settings = services["airflow-worker"]["environment"]
    assert set(settings) >= set(CONTENT["x-airflow"]["environment"])
    assert not [name for name, value in settings.items() if "${" in str(value)]
    place = "s3://benchmark-qa-workspaces" if demo else "s3://a-bucket/benchmark-qa"
    assert settings["BENCHMARK_QA_WORKSPACES"] == place
    assert services["airflow-worker"]["image"] == f"benchmark-qa{'-demo' if demo else ''}:0.1.0"


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_missing_is_refused_by_its_name(compose: list[str], tmp_path: Path, name: str) -> None:
    folder = deployment(tmp_path, demo=True)
    [line] = [one for one in (folder / ".env").read_text("utf-8").splitlines() if one.startswith(f"{name}=")]
    change(folder, line, f"{name}=")
    read = compose_config(compose, folder)
    assert read.returncode != 0
    assert name in read.stderr
