"""S3 servers for tests: moto, which knows IAM and STS but no signatures, and rclone, which checks them."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from moto.server import ThreadedMotoServer

_LISTENING = re.compile(r"Starting s3 server on \[(http://[^\]]+?)/?\]")


@dataclass(frozen=True)
class SignedServer:
    """A server that takes these credentials only."""

    url: str
    access_key_id: str = "test-key"
    secret_access_key: str = "test-secret"


@contextmanager
def moto_server() -> Iterator[str]:
    """Serve S3, STS and IAM from this process's memory; yields the URL."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def rclone_server() -> Iterator[SignedServer]:
    """
    Serve S3 from the memory of a process of its own.

    It keeps objects as files: no empty names between slashes, no object of a folder's name, and of names that differ
    in Unicode normalisation only one.
    """
    server = SignedServer("")
    command = [str(Path(sys.executable).with_name("rclone")), "serve", "s3", ":memory:", "--addr", "127.0.0.1:0"]
    command += ["--auth-key", f"{server.access_key_id},{server.secret_access_key}", "--config", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := _LISTENING.search(line):
                yield SignedServer(found[1])
                return
        raise RuntimeError(f"rclone ended with status {process.wait()} before it listened")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
