"""
The test suite of Encord's own ``encord-agents`` against the local Encord.

``python -m tests.acceptance.encord_agents [--work DIR]`` fetches the suite from PyPI into DIR with an environment of
its own, serves a seed of what it expects of an account, runs the tests that talk to Encord, and ends with 1 below
:data:`AT_LEAST` passed. The suite is Apache-2.0 and no part of this repository. It names no domain, so a plugin of a
few lines gives the SDK one.

One of its 71 tests cannot pass: it wants the items of 520 tasks in one request, and the suite's own runner asks for 300
at a time.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.acceptance import sample_media as media
from tests.support.emulator_process import EmulatorProcess

NAME, VERSION, AT_LEAST = "encord-agents", "0.2.10", 70
PACKAGES = (
    f"{NAME}[vision]=={VERSION}", "encord==0.1.211", "pytest<9", "pytest-env",
    "fastapi", "flask", "functions-framework", "httpx",
)  # fmt: skip
TESTS = "tests/integration_tests"
"""The 71 of the suite's tests that talk to Encord; the others are about the package alone."""
ONE_OF_EACH = "5d06b07b-135a-4c6d-ba5d-fa7048d996da"
PLUGIN = """
import os
from encord.user_client import EncordUserClient

original = EncordUserClient.create_with_ssh_private_key
EncordUserClient.create_with_ssh_private_key = staticmethod(
    lambda *args, **options: original(*args, **{"domain": os.environ["ENCORD_DOMAIN"], **options})
)
"""


def main() -> int:
    """Run the suite and return an exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir(), "encord-agents-acceptance"))
    parser.add_argument("--if-reachable", action="store_true", help="end well where PyPI does not answer")
    parser.add_argument("arguments", nargs="*", help="for pytest, after --")
    options = parser.parse_args()
    work: Path = options.work.resolve()
    try:
        python, suite = environment(work), sources(work)
    except subprocess.CalledProcessError as error:
        sys.stdout.write(f"NOT RUN: {NAME} {VERSION} could not be fetched ({error})\n")
        return 0 if options.if_reachable else 1
    (work / "encord_domain_plugin.py").write_text(PLUGIN, encoding="utf-8")
    private_key = write_seed(work / "seed")
    with EmulatorProcess("--seed", str(work / "seed" / "seed.yaml")) as emulator:
        output = run_suite(python, suite, emulator.url, private_key, options.arguments)
    found = re.search(r"(\d+) passed", output.splitlines()[-1] if output else "")
    passed = int(found[1]) if found else 0
    sys.stdout.write(f"{passed} tests passed; at least {AT_LEAST} must.\n")
    return 0 if passed >= AT_LEAST else 1


def environment(work: Path) -> Path:
    """Return the Python of an environment with the suite's packages, made the first time."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--seed", "--python", sys.executable, work / "venv"], check=True)
        subprocess.run([uv, "pip", "install", "--python", python, *PACKAGES], check=True)
    return python


def sources(work: Path) -> Path:
    """Return the folder of the suite's source distribution, fetched the first time."""
    folder = work / f"{NAME.replace('-', '_')}-{VERSION}"
    if not folder.exists():
        download = ["-m", "pip", "download", "--no-deps", "--no-binary", NAME, f"{NAME}=={VERSION}", "--dest", work]
        subprocess.run([work / "venv" / "bin" / "python", *download], check=True)
        with tarfile.open(f"{folder}.tar.gz") as archive:
            archive.extractall(work, filter="data")
    return folder


def run_suite(python: Path, suite: Path, url: str, private_key: str, arguments: list[str]) -> str:
    """Run pytest, pass its output on, and return it."""
    command = [python, "-m", "pytest", "-p", "encord_domain_plugin", "-o", "addopts=", "-q", "-rfE", TESTS, *arguments]
    environ = os.environ | {
        "ENCORD_DOMAIN": url, "ENCORD_SSH_KEY": private_key, "PYTHONPATH": str(suite.parent), "NO_PROXY": "127.0.0.1",
    }  # fmt: skip
    environ.pop("ENCORD_SSH_KEY_FILE", None)
    process = subprocess.Popen(command, cwd=suite, env=environ, stdout=subprocess.PIPE, text=True)
    lines = []
    for line in process.stdout or ():
        sys.stdout.write(line)
        lines.append(line)
    process.wait()
    return "".join(lines).rstrip()


def write_seed(folder: Path) -> str:
    """Write the seed and its files, and return the private key of its admin."""
    media.write_media(folder)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    (folder / "seed.yaml").write_text(yaml.safe_dump(seed(public), sort_keys=False), encoding="utf-8")
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def seed(public_key: str) -> dict[str, Any]:
    """Return what the suite expects of its account; the uuids are those that it names (``tests/fixtures.py``)."""
    return {
        "users": [{"email": "agents@example.com", "role": "admin", "public_key": public_key}],
        "workflow_templates": [
            {
                "uuid": "a59b3190-09e2-432c-a8bb-f2925872e298",
                "title": "Agent to complete",
                "stages": [agent_stage(), final_stage()],
            }
        ],
        "ontologies": [
            {
                "uuid": "6d8bb167-0c9d-43b1-a577-3da0693d664e",
                "title": "All purposes",
                "structure": {"objects": [box_object()], "classifications": []},
            }
        ],
        "folders": [
            {"name": "one of each", "items": one_of_each()},
            {"name": "many", "items": [item("small.jpeg", "image", "image.jpeg", repeat=520, **PICTURE)]},
        ],
        "datasets": [
            {"uuid": ONE_OF_EACH, "title": "One of each", "folder": "one of each"},
            {"uuid": "d0370f27-da4c-48fa-8502-049b55e26a5f", "title": "520 images", "folder": "many"},
        ],
    }


def agent_stage() -> dict[str, Any]:
    pathway = {"uuid": "49a786f3-5edf-4b94-aff0-3da9042d3bf0", "name": "complete", "to": "Complete"}
    return {
        "uuid": "6011c844-fb26-438b-b465-0b0825951015", "title": "Agent 1", "type": "AGENT", "pathways": [pathway],
    }  # fmt: skip


def final_stage() -> dict[str, Any]:
    return {"uuid": "7e7598de-612c-40c4-ba08-5dfec8c3ae8f", "title": "Complete", "type": "DONE"}


def box_object() -> dict[str, Any]:
    return {
        "id": "1", "name": "Box", "color": "#D33115", "shape": "bounding_box", "featureNodeHash": "PXFZO2ra",
        "required": False, "attributes": [],
    }  # fmt: skip


PICTURE = {"width": media.WIDTH, "height": media.HEIGHT}
FILM = {**PICTURE, "fps": media.FPS, "duration": media.SECONDS}


def one_of_each() -> list[dict[str, Any]]:
    return [
        item("image.jpeg", "image", "image.jpeg", **PICTURE),
        item("group of images", "image_group", children=frames(2)),
        item("sequence.mp4", "image_sequence", "video.mp4", children=frames(media.FPS * media.SECONDS), **PICTURE),
        item("page.pdf", "pdf", "page.pdf"),
        item("audio.mp3", "audio", "audio.mp3", duration=media.SECONDS),
        item("notes.txt", "text", "notes.txt"),
        item("video.mp4", "video", "video.mp4", **FILM),
        item("speech and words", "group", children=parts()),
    ]


def frames(count: int) -> list[dict[str, Any]]:
    return [child(f"frame-{number}.jpeg", "image", "image.jpeg", **PICTURE) for number in range(count)]


def parts() -> list[dict[str, Any]]:
    return [child("speech.mp3", "audio", "audio.mp3", duration=media.SECONDS), child("words.txt", "text", "notes.txt")]


def item(name: str, kind: str, file: str | None = None, **more: Any) -> dict[str, Any]:
    metadata = {"item_type": kind, "a": "b"}
    return child(name, kind, file, **more) | {"client_metadata": metadata}


def child(name: str, kind: str, file: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind} | ({"file": file} if file else {}) | more


if __name__ == "__main__":
    sys.exit(main())
