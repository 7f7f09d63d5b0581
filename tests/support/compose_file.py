"""
docker-compose.yaml, read and checked without a container engine.

The schema of the Compose specification comes with dclint, from npm, which ``python -m tests.support.compose_file``
installs. Interpolation is Compose's own, where one of its programs is on this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from include.deployment import env_file
from tests.support.npm_package import NpmPackage, node

PACKAGE = NpmPackage("dclint", required="REQUIRE_DCLINT")
PROGRAM = PACKAGE.home / "node_modules" / "dclint" / "bin" / "dclint.cjs"
NAME = "docker-compose.yaml"
FILE = env_file.ROOT / NAME
CONTENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = CONTENT["services"]
# "$$" is Compose's way to write a dollar sign that is the container's own.
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")
SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|FERNET|_KEY$|SQL_ALCHEMY_CONN|BROKER_URL|RESULT_BACKEND|AUTH$")
# Order and quotes are matters of taste, and an image that is built here has a name for the registry.
_NOT_OURS = (
    "no-build-and-image",
    "require-project-name-field",
    "require-quotes-in-ports",
    "service-dependencies-alphabetical-order",
    "service-keys-order",
    "services-alphabetical-order",
    "top-level-properties-order",
)


class _WithoutAliases(yaml.SafeDumper):
    """Written out in full: dclint takes as many anchors as Airflow's services use for an attack."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def lint(text: str, folder: Path) -> str:
    """Return what dclint finds wrong with a compose file; nothing is ``""``."""
    file = folder / NAME
    file.write_text(yaml.dump(yaml.safe_load(text), Dumper=_WithoutAliases, sort_keys=False), encoding="utf-8")
    with node() as program:
        command = [program, str(PROGRAM), str(file), *(f"--disable-rule={rule}" for rule in _NOT_OURS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return done.stdout + done.stderr if done.returncode or done.stdout.strip() else ""


def compose_program() -> list[str] | None:
    """Return the command of Compose on this machine, or None if it has none."""
    if shutil.which("docker") and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def compose_config(program: list[str], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """
    Let Compose read the project's file in a folder with a ``.env`` and an ``airflow.env``.

    Nothing comes from this process's environment, in which each variable would win over the folder's ``.env``.
    """
    shutil.copyfile(FILE, folder / NAME)
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [*program, *options, "config"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


if __name__ == "__main__":
    sys.exit(0 if PACKAGE.install() or not PACKAGE.is_required else 1)
