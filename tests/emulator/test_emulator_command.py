from __future__ import annotations

import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
import requests
from encord.exceptions import RequestException

from tests.emulator.command_support import run_command, serving
from tests.emulator.emulator_support import KEYS, MANAGER, Control, Key, image_manifest, make_dataset, sdk_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from include.encord_emulator.server import RunningEmulator

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_restart_forgets_nothing(tmp_path: Path, how: signal.Signals) -> None:
    state = str(tmp_path / "state.db")
    with serving(tmp_path, "--db", state) as (process, url):
        client = sdk_client(url, KEYS[MANAGER])
        dataset_hash = make_dataset(client, "D", image_manifest(3))
        project_hash = client.create_project("P", [dataset_hash])
        before = Control(url).call("GET", "state")
        token = client.get_bearer_token()
        process.send_signal(how)
        process.wait(5)
    with serving(tmp_path, "--db", state) as (_, url):
        after = Control(url).call("GET", "state")
        assert after == before | {"requests": before["requests"] + 1}
        client = sdk_client(url, KEYS[MANAGER])
        assert len(client.get_project(project_hash).list_label_rows_v2()) == 3
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{url}/v2/public/cloud-integrations", headers=headers, timeout=5).ok


def test_the_command_ends_within_a_second_even_when_it_holds_a_client(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url):
        control = Control(url)
        control.call("POST", "faults", [{"match": "integrations", "hold": "after"}])
        client = sdk_client(url, KEYS[MANAGER])
        errors: list[Exception] = []
        held = threading.Thread(target=lambda: errors.append(error_of(client.get_cloud_integrations)))
        held.start()
        control.wait_until_held()
        started = time.monotonic()
        process.terminate()
        assert process.wait(5) == 0
        assert time.monotonic() - started < 1
        held.join(5)
        assert [type(error) for error in errors] == [RequestException]


def error_of(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception, match=r".") as caught:
        call()
    return caught.value


def test_a_switch_of_the_command_line_wins_over_the_seed(tmp_path: Path) -> None:
    settings = ("--switch", "upload_seconds=1.5", "--switch", "stale_action=200", "--switch", "strict_roles=false")
    with serving(tmp_path, *settings) as (_, url):
        switches = Control(url).call("GET", "switches")
    assert (switches["upload_seconds"], switches["stale_action"], switches["strict_roles"]) == (1.5, "200", False)


def test_a_key_of_the_command_opens_the_api(emulator: RunningEmulator, tmp_path: Path) -> None:
    out = tmp_path / "key"
    asked = ("key", "--url", emulator.url, "--email", "new@example.com", "--role", "team_manager", "--out", str(out))
    done = run_command(*asked)
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    client = sdk_client(emulator.url, Key(out.read_text(), ""))
    assert client.get_cloud_integrations()
    again = run_command(*asked)
    assert again.returncode == 2
    assert f"{out} is there already" in again.stderr


def test_a_key_that_could_not_be_made_known_is_not_left_behind(tmp_path: Path) -> None:
    out = tmp_path / "key"
    done = run_command("key", "--url", "http://127.0.0.1:1", "--email", "a@b.c", "--role", "admin", "--out", str(out))
    assert done.returncode == 2
    assert "no emulator answers there" in done.stderr
    assert not out.exists()


def test_a_command_waits_for_an_emulator_that_is_starting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    asked: list[subprocess.CompletedProcess[str]] = []
    waiting = threading.Thread(target=lambda: asked.append(run_command("state", "--url", f"http://127.0.0.1:{port}")))
    waiting.start()
    with serving(tmp_path, "--port", str(port)):
        waiting.join(20)
    assert asked[0].returncode == 0, asked[0].stderr


def test_what_is_no_emulator_is_told_so(emulator: RunningEmulator) -> None:
    done = run_command("state", "--url", f"{emulator.url}/elsewhere")
    assert done.returncode == 2
    assert "no emulator answers there" in done.stderr


def test_the_state_is_told_in_words(emulator: RunningEmulator) -> None:
    client = sdk_client(emulator.url, KEYS[MANAGER])
    client.create_project("Street scenes", [make_dataset(client, "D", image_manifest(3))])
    told = run_command("state", "--url", emulator.url).stdout
    assert "D: 3 rows" in told
    assert "Street scenes" in told
    assert "3 tasks at Annotate (ANNOTATION)" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "--i-know-this-has-no-real-security"),  # noqa: S104 - that it is refused
        (["--host", "192.0.2.1"], "--i-know-this-has-no-real-security"),
        (["--port", "99999"], "a number from 0 to 65535 is expected"),
        (["--switch", "pageing=1"], "'pageing' is unknown"),
        (["--switch", "page_size=many"], "page_size: 'many' is not among 1 to 10000"),
        (["--switch", "page_size"], "NAME=VALUE is expected"),
        (["--seed", "nowhere.yaml"], "seed nowhere.yaml: No such file or directory"),
        (["--db", __file__], "file is not a database"),
    ],
)
def test_a_wrong_option_ends_the_command_with_one_line(arguments: list[str], message: str) -> None:
    done = run_command("serve", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_in_use_by_another_emulator_is_refused(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    with serving(tmp_path, "--db", state) as (_, url):
        done = run_command("serve", "--db", state)
        assert done.returncode == 2
        assert f"{state} is in use by another emulator" in done.stderr
        assert Control(url).call("GET", "health")["status"] == "ok"


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    import sqlite3

    file = tmp_path / "old.db"
    with sqlite3.connect(file) as old:
        old.execute("CREATE TABLE users (email TEXT)")
    done = run_command("serve", "--db", str(file))
    assert done.returncode == 2
    assert "written by another version" in done.stderr


SCRIPT = """
import sys
from encord import EncordUserClient
client = EncordUserClient.create_with_ssh_private_key(open(sys.argv[1]).read())
print([integration.title for integration in client.get_cloud_integrations()])
"""


def test_a_script_that_names_no_domain_reaches_the_emulator_through_the_proxy(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEYS[MANAGER].private_pem)
    (tmp_path / "script.py").write_text(SCRIPT)
    with serving(tmp_path, "--tls", "--db", str(tmp_path / "db")) as (_, url):
        assert url.startswith("https://127.0.0.1:")
        authority = str(tmp_path / "db.tls" / "authority.pem")
        proxy = url.replace("https:", "http:")
        environment = {"HTTPS_PROXY": proxy, "REQUESTS_CA_BUNDLE": authority, "NO_PROXY": ""}
        command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path / "key")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
        assert done.stdout == "['Local bucket']\n", done.stderr
        assert requests.get(f"{url}/_emulator/health", verify=authority, timeout=5).ok
        assert "0 datasets" not in run_command("state", "--url", url, REQUESTS_CA_BUNDLE=authority).stderr
        with pytest.raises(requests.exceptions.ProxyError, match="403"):
            requests.get("https://example.com/", proxies={"https": proxy}, timeout=5)
        assert "speaks TLS" in requests.get(proxy, timeout=5).text


def test_the_authority_stays_so_that_it_is_trusted_once(tmp_path: Path) -> None:
    authorities = []
    for _ in range(2):
        with serving(tmp_path, "--tls", "--db", str(tmp_path / "db")):
            authorities.append((tmp_path / "db.tls" / "authority.pem").read_bytes())
    assert authorities[0] == authorities[1]
