"""A disk that is full: a small file system of its own, mounted on a folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

BYTES = 80 * 2**20


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Let a folder lie on a disk without a free byte while the block runs; what was in it comes back."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={BYTES}", "tmpfs", str(folder)], check=True)
    try:
        with suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(2**20))
        yield
    finally:
        # Whoever has a file open there keeps it; the folder is free at once.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@cache
def can_mount() -> bool:
    """Say whether this process may mount: root may, unless it is a container's."""
    if os.geteuid() != 0:
        return False
    with TemporaryDirectory() as folder, suppress(OSError, subprocess.CalledProcessError), full_disk(Path(folder)):
        return True
    return False
