from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from include.simulated_annotators.web_app import Project, WebApp, WebAppRefusalError, WebAppUnreachableError

ROOT = Path(__file__).parents[3]
TEAM = "members: [{email: review@demo.test, role: reviewer}]"


@pytest.fixture
def answers() -> list[tuple[int, object]]:
    """What the server below answers, first to last; the last one for ever."""
    return [(200, [])]


@pytest.fixture
def url(answers: list[tuple[int, object]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def nobody_there() -> Iterator[str]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: every connection is refused
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def start(url: str, tmp_path: Path, *more: str) -> subprocess.Popen[str]:
    team = tmp_path / "team.yaml"
    if not team.exists():
        team.write_text(TEAM)
    command = [sys.executable, "-m", "include.simulated_annotators", "--url", url, "--team", str(team), *more]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_a_refusal_names_who_what_and_why(url: str, answers: list[tuple[int, object]]) -> None:
    answers[:] = [(403, {"message": "not a member"}), (200, [{"project_hash": "p", "title": "Demo", "role": "x"}])]
    with WebApp(url) as web_app:
        with pytest.raises(WebAppRefusalError, match=r"GET /projects as review@demo.test: HTTP 403: .*not a member"):
            web_app.projects("review@demo.test")
        assert web_app.projects("review@demo.test") == [Project("p", "Demo")]


def test_a_server_error_and_a_closed_port_count_as_unreachable(
    url: str, answers: list[tuple[int, object]], nobody_there: str
) -> None:
    answers[:] = [(503, {})]
    for address in (url, nobody_there):
        with WebApp(address) as web_app, pytest.raises(WebAppUnreachableError):
            web_app.projects("review@demo.test")


def test_the_program_waits_quietly_for_a_server_and_ends_on_sigterm(nobody_there: str, tmp_path: Path) -> None:
    with start(nobody_there, tmp_path) as program:
        assert program.stdout
        assert "wait for the local Encord" in program.stdout.readline()
        program.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert program.wait(timeout=5) == 0
        assert time.monotonic() - began < 1
        assert program.stdout.read() == "annotators stopped\n"


def test_the_program_ends_at_once_even_while_the_server_keeps_it_waiting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with start(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path) as program:
            connection, _ = silent.accept()
            connection.recv(1000)
            program.send_signal(signal.SIGTERM)
            assert program.wait(timeout=1) == 0
        connection.close()


def test_the_program_ends_when_the_stop_file_appears(url: str, tmp_path: Path) -> None:
    (tmp_path / "stop").touch()
    with start(url, tmp_path, "--stop-file", str(tmp_path / "stop")) as program:
        assert program.wait(timeout=20) == 0


def test_a_wrong_team_file_ends_the_program_with_one_line(url: str, tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text("members: []")
    with start(url, tmp_path) as program:
        assert program.stdout
        assert program.stdout.read().count("\n") == 1
        assert program.wait(timeout=20) == 2
