from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from include.deployment.env_file import AIRFLOW_ENV, ENV, GENERATED, ROOT, main


def values(folder: Path, name: str = ENV) -> dict[str, str]:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def write(folder: Path, *options: str) -> int:
    folder.mkdir(exist_ok=True)
    return main(["--folder", str(folder), *options])


def test_it_needs_nothing_but_python(tmp_path: Path) -> None:
    # -S: no installed packages. -E: no folder of ours from this process's environment.
    command = [sys.executable, "-S", "-E", "-m", "include.deployment.env_file", "--folder", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert {path.name for path in tmp_path.iterdir()} == {ENV, AIRFLOW_ENV}


@pytest.mark.parametrize(("words", "option"), [((), ""), (("DEMO=1",), "--demo")])
def test_make_needs_no_virtual_environment_for_it(words: tuple[str, ...], option: str) -> None:
    command = ["make", "--dry-run", "--no-print-directory", "PYTHON=python3", "env", *words]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["python3", "-m", "include.deployment.env_file", *option.split()]


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    assert write(tmp_path) == 0
    assert {oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {"0o600"}


@pytest.mark.parametrize("name", [ENV, AIRFLOW_ENV])
def test_what_is_there_is_not_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (tmp_path / name).write_text("precious", encoding="utf-8")
    assert write(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "precious"
    assert f"Nothing written: {name} of {tmp_path} would be lost" in capsys.readouterr().err


def test_no_file_of_somebody_elses_gets_the_secrets(tmp_path: Path) -> None:
    (tmp_path / ENV).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_secrets_are_long_and_made_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "other"):
        assert write(tmp_path / name) == 0
    one, other = (values(tmp_path / name) for name in ("one", "other"))
    secrets = [made[name] for made in (one, other) for name in GENERATED]
    assert len(GENERATED) == 7
    assert len(set(secrets)) == 2 * len(GENERATED)
    # 24 characters, of 64 each, are 144 bits. None of them means anything to URLs, shells, Compose or Airflow.
    assert all(re.fullmatch(r"[A-Za-z0-9_=-]{24,}", secret) for secret in secrets)
    assert all(re.fullmatch(r"[a-f0-9]{48}", one[name]) for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD"))
    Fernet(one["AIRFLOW_FERNET_KEY"])
    said = capsys.readouterr()
    assert not [secret for secret in secrets if secret in said.out + said.err]


def test_what_is_no_secret_is_as_in_the_example(tmp_path: Path) -> None:
    assert write(tmp_path) == 0
    made = values(tmp_path)
    assert made["AIRFLOW_ADMIN_USER"] == "admin"
    assert made["BENCHMARK_QA_WORKSPACES"] == ""
    assert "COMPOSE_PROFILES" not in made
    assert values(tmp_path, AIRFLOW_ENV) == {}


def test_the_demo_is_a_deployment_of_its_own(tmp_path: Path) -> None:
    for name, options in (("one", ()), ("demo", ("--demo",))):
        assert write(tmp_path / name, *options) == 0
    made = values(tmp_path / "demo")
    assert made["COMPOSE_PROFILES"] == "demo"
    assert made["BENCHMARK_QA_WORKSPACES"] == "s3://benchmark-qa-workspaces"
    for different in ("COMPOSE_PROJECT_NAME", "BENCHMARK_QA_IMAGE", "BENCHMARK_QA_TARGET"):
        assert made[different] != values(tmp_path / "one")[different]
    assert values(tmp_path / "demo", AIRFLOW_ENV)["AWS_ENDPOINT_URL"] == "http://demo-bucket:9000"
