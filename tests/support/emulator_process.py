"""The emulator as a process of its own, which can be killed and started again on the same file."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from tests.support.local_servers import free_port

START_TIMEOUT_S = 30
COMMAND = (sys.executable, "-m", "include.encord_emulator")


class EmulatorProcess:
    """
    ``python -m include.encord_emulator serve`` on a port that stays the same over restarts.

    :param options: of the command, beside the port; the first start gets ``first_options`` too.
    """

    def __init__(self, *options: str, first_options: tuple[str, ...] = ()) -> None:
        self._port = free_port()
        self._options = options
        self.url = f"http://127.0.0.1:{self._port}"
        self._process = self._started(*first_options)

    def __enter__(self) -> Self:
        self.wait_until_it_answers()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """Kill the process as the kernel would, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        self._process = self._started()
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            if self._process.poll() is not None:
                raise RuntimeError(f"the emulator ended with status {self._process.returncode}")
            try:
                requests.get(f"{self.url}/_emulator/health", timeout=5).raise_for_status()
            except requests.RequestException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def _started(self, *more: str) -> subprocess.Popen[bytes]:
        command = [*COMMAND, "serve", "--port", str(self._port), *self._options, *more]
        return subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
