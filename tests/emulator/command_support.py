"""Running the emulator's command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import yaml

from tests.emulator.emulator_support import SEED
from tests.support.emulator_process import COMMAND, START_TIMEOUT_S

if TYPE_CHECKING:
    from pathlib import Path


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield the running command and its URL; its seed is that of all tests of the emulator."""
    url_file, seed = folder / "url", folder / "seed.yaml"
    url_file.unlink(missing_ok=True)
    seed.write_text(yaml.safe_dump(SEED))
    options = ["serve", "--url-file", str(url_file), "--seed", str(seed), *arguments]
    process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not (url_file.exists() and url_file.read_text().endswith("\n")):
            assert process.poll() is None, "the emulator ended"
            assert time.monotonic() < deadline, "the emulator did not start"
            time.sleep(0.02)
        yield process, url_file.read_text().strip()
    finally:
        process.kill()
        process.wait(5)


def run_command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False, env=os.environ | environment
    )
