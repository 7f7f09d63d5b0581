from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread

import boto3
import pytest

from include.object_storage import sharding
from tests.support import azurite_server, gcs_server
from tests.support.object_servers import SignedServer, moto_server, rclone_server

_names = (f"bucket-{number}" for number in count())


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(scope="session")
def signed_server() -> Iterator[SignedServer]:
    with rclone_server() as server:
        yield server


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch, tmp_path):
    """Credentials that moto takes, and nothing of this machine's own AWS settings."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")


@pytest.fixture
def s3_name(s3_server, aws_environment) -> str:
    """The name of a new, empty bucket."""
    name = next(_names)
    boto3.client("s3", endpoint_url=s3_server).create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def gcs_url(tmp_path_factory) -> Iterator[str]:
    with gcs_server.gcs_server(tmp_path_factory.mktemp("gcs")) as url:
        yield url


@pytest.fixture
def gcs_name(gcs_url) -> str:
    """The name of a new, empty bucket."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    name = next(_names)
    client = storage.Client("none", AnonymousCredentials(), client_options={"api_endpoint": gcs_url})
    client.create_bucket(name)
    return name


@pytest.fixture(autouse=True)
def cloud_environment(monkeypatch, tmp_path):
    """Nothing of this machine's own settings of Google and Azure, and no search for them in the network."""
    for name in [one for one in os.environ if one.startswith(("AZURE_", "GOOGLE_", "STORAGE_EMULATOR"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "no-gcloud"))


@pytest.fixture(scope="session")
def azure_url(tmp_path_factory) -> Iterator[str]:
    """The address of the local account; tests that need it are skipped where Azurite could not be installed."""
    if not azurite_server.PACKAGE.stamp.is_file():
        reason = f"Azurite is not installed: {azurite_server.PACKAGE.unavailable}"
        if azurite_server.PACKAGE.is_required:
            pytest.fail(reason)
        pytest.skip(reason)
    with azurite_server.azurite(tmp_path_factory.mktemp("azurite")) as url:
        yield url


@pytest.fixture
def azure_name(azure_url) -> str:
    """The name of a new, empty container."""
    from azure.storage.blob import ContainerClient

    name = next(_names)
    ContainerClient(azure_url, name, azurite_server.ACCOUNT_KEY).create_container()
    return name


@pytest.fixture
def answering_server():
    """Start servers that answer every request with one status and body; for errors that moto does not know."""
    servers = []

    def start(status: int, body: str, **headers: str) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            do_PUT = do_POST = do_GET  # noqa: N815  # the base class's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class RecordingServer:
    """Gives the answers it was made with one after the other, the last one for ever, and keeps what it was asked."""

    def __init__(self, answers: Sequence[tuple[int, str]]) -> None:
        self.paths: list[str] = []
        self.headers: list[Message] = []
        left = list(answers)
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                recorder.paths.append(self.path)
                recorder.headers.append(self.headers)
                status, body = left.pop(0) if len(left) > 1 else left[0]
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if body[:1] in "{[" else "application/xml")
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET  # noqa: N815  # the base class's name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def recording_server():
    """Start servers that answer from a script."""
    servers = []

    def start(answers: Sequence[tuple[int, str]]) -> RecordingServer:
        servers.append(RecordingServer(answers))
        return servers[-1]

    yield start
    for server in servers:
        server.http.shutdown()
        server.http.server_close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    """Make every listing of more than a few pages one of several threads, as those of stores far away are."""
    monkeypatch.setattr(sharding, "WORTHWHILE_WAIT", -math.inf)
