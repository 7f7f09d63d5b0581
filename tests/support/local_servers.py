"""Programs that imitate a cloud's object storage, started for a test session and ended with it."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from threading import Event

START_SECONDS = 60
_POLL_SECONDS = 0.05


def free_port() -> int:
    """Return a port of the loopback interface that was free a moment ago."""
    with create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(command: Sequence[str], url: str, log: Path) -> Iterator[None]:
    """
    Run a server until the block ends; the block begins when it answers HTTP, with whatever status.

    :raises RuntimeError: when it does not, with the end of what it said.
    """
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            _wait(process, url, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(int(START_SECONDS / _POLL_SECONDS)):
        if process.poll() is not None:
            break
        if _answers(url):
            return
        Event().wait(_POLL_SECONDS)
    said = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{process.args[0]} did not answer at {url}: {said}")  # type: ignore[index]


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  # loopback
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
