"""
What ``make env`` does: ``.env`` and ``airflow.env`` for docker-compose.yaml, with secrets of this deployment's own.

``python3 -m include.deployment.env_file [--demo]`` needs nothing but Python.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENV, AIRFLOW_ENV = ".env", "airflow.env"
# They become part of URLs, and of files in which a dollar sign is special: hexadecimal digits and base64 for URLs.
GENERATED: Mapping[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": lambda: secrets.token_hex(24),
    "REDIS_PASSWORD": lambda: secrets.token_hex(24),
    "AIRFLOW_FERNET_KEY": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"),
    "AIRFLOW_JWT_SECRET": lambda: secrets.token_hex(32),
    "AIRFLOW_SECRET_KEY": lambda: secrets.token_hex(32),
    "AIRFLOW_ADMIN_PASSWORD": lambda: secrets.token_urlsafe(18),
    "FLOWER_PASSWORD": lambda: secrets.token_urlsafe(18),
}
DEMO: Mapping[str, str] = {
    "COMPOSE_PROJECT_NAME": "benchmark-qa-demo",
    "BENCHMARK_QA_WORKSPACES": "s3://benchmark-qa-workspaces",
    "BENCHMARK_QA_IMAGE": "benchmark-qa-demo:0.1.0",
    "BENCHMARK_QA_TARGET": "demo",
}
DEMO_PROFILE = "\n# The demo's services are started and stopped with the others.\nCOMPOSE_PROFILES=demo\n"
# No secrets: the local S3 takes any.
DEMO_AIRFLOW = """
# The demo's local S3
AWS_ENDPOINT_URL=http://demo-bucket:9000
AWS_ACCESS_KEY_ID=demo
AWS_SECRET_ACCESS_KEY=demo
AWS_DEFAULT_REGION=eu-west-1
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both files; return the exit status: 1 if one of them is there already."""
    parser = argparse.ArgumentParser(prog="python3 -m include.deployment.env_file", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="for the profile `demo`: the local Encord and S3")
    parser.add_argument("--folder", type=Path, default=ROOT, help="where the files go (default: the project's root)")
    given = parser.parse_args(arguments)
    files = {ENV: env_text(demo=given.demo), AIRFLOW_ENV: airflow_env_text(demo=given.demo)}
    if there := [name for name in files if (given.folder / name).exists()]:
        print(
            f"Nothing written: {' and '.join(there)} of {given.folder} would be lost, and a deployment's secrets with "
            "it. To begin anew, move it away first.",
            file=sys.stderr,
        )
        return 1
    for name, text in files.items():
        write_private(given.folder / name, text)
    print(next_steps(demo=given.demo))
    return 0


def env_text(*, demo: bool) -> str:
    """Return ``.env``: the example with secrets made for this call and, for the demo, its own values."""
    made = {name: make() for name, make in GENERATED.items()} | (dict(DEMO) if demo else {})
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    filled = re.sub(
        r"^([A-Z_]+)=.*$",
        lambda line: f"{line[1]}={made[line[1]]}" if line[1] in made else line[0],
        example,
        flags=re.M,
    )
    return filled + (DEMO_PROFILE if demo else "")


def airflow_env_text(*, demo: bool) -> str:
    """Return ``airflow.env``: the example and, for the demo, the way to its bucket."""
    return (ROOT / "airflow.env.example").read_text(encoding="utf-8") + (DEMO_AIRFLOW if demo else "")


def write_private(path: Path, text: str) -> None:
    """
    Write a file that only its owner can read.

    :raises FileExistsError: it is there already
    """
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def next_steps(*, demo: bool) -> str:
    """Say what to do with the files; no secret is in it."""
    first = "" if demo else f"Set BENCHMARK_QA_WORKSPACES in {ENV}, and read the rest of it.\n"
    return (
        f"Wrote {ENV} and {AIRFLOW_ENV}, which only you can read.\n{first}"
        "  docker compose up --build --detach\n"
        f"  http://127.0.0.1:8080   user admin, password: AIRFLOW_ADMIN_PASSWORD of {ENV}"
    )


if __name__ == "__main__":
    sys.exit(main())
