from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from encord_provider.exceptions import EncordConnectionError
from encord_provider.hooks.encord import EncordHook
from tests.conftest import ROOT
from tests.emulator.emulator_support import KEYS, MANAGER, Control

if TYPE_CHECKING:
    from collections.abc import Callable

    from include.encord_emulator.server import RunningEmulator

pytestmark = pytest.mark.emulator

PEM = KEYS[MANAGER].private_pem
FORMS = {
    "pem": PEM,
    "pem with blank lines around it": f"\n{PEM}\n\n",
    "pem of a windows editor": PEM.replace("\n", "\r\n"),
    "pem flattened by a one-line field": PEM.replace("\n", " "),
    "pem with its line ends gone": PEM.replace("\n", ""),
    "pem with literal backslash n": PEM.replace("\n", "\\n"),
    "base64 of the pem": base64.b64encode(PEM.encode()).decode(),
    "base64 of the pem, broken into lines": base64.encodebytes(PEM.encode()).decode(),
}
LOCKED_KEY = (
    Ed25519PrivateKey.generate()
    .private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(b"Sesame-open-0815"))
    .decode()
)
RSA_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    .decode()
)
PUBLIC_KEY = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
PKCS8_KEY = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, emulator: RunningEmulator) -> Callable[..., EncordHook]:
    """Return a function that makes a connection with other fields than usual, and its hook."""

    def make(**fields: Any) -> EncordHook:
        connection = {"conn_type": "encord", "host": emulator.url, "password": PEM} | fields
        monkeypatch.setenv("AIRFLOW_CONN_ENCORD_OTHER", json.dumps(connection))
        return EncordHook("encord_other")

    return make


def test_making_a_hook_an_operator_and_a_trigger_imports_no_sdk_and_reads_no_connection() -> None:
    program = """
import sys
from encord_provider.hooks.encord import EncordHook
from encord_provider.operators.workflow import EncordRouteTasksOperator
from encord_provider.triggers.project import EncordGroundTruthCompleteTrigger
from airflow.sdk import BaseHook

def refuse(*_):
    raise AssertionError("a connection was read")

BaseHook.get_connection = BaseHook.aget_connection = refuse
EncordHook("no_such_connection")
EncordRouteTasksOperator(
    task_id="t", project_title="P", benchmark_dataset_title="D", encord_conn_id="no_such_connection"
)
EncordGroundTruthCompleteTrigger(
    project_hash="p", complete_stage="Complete", encord_conn_id="no_such_connection", poll_interval=1, end_time=0
)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"encord", "numpy", "shapely", "boto3", "pyarrow"}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("form", FORMS)
def test_a_key_works_in_every_form_a_form_field_leaves_it_in(
    connect: Callable[..., EncordHook], control: Control, form: str
) -> None:
    hook = connect(password=FORMS[form])
    assert hook.storage.integration_titles() == ["Local bucket"]
    [entry] = control.requests()
    assert (entry["user"], entry["status"], entry["signature"]) == (MANAGER, 200, "v2")


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        (None, "has no private key"),
        ("  \n", "has no private key"),
        ("Sesame-open-0815", "neither a PEM private key nor the base64 of one"),
        (base64.b64encode(b"Sesame-open-0815").decode(), "neither a PEM private key nor the base64 of one"),
        (PEM.replace(PEM.splitlines()[2], "Sesame-open-0815"), "damaged, or is no OpenSSH key"),
        (RSA_KEY, "of type RSA; Encord takes Ed25519 only"),
        (LOCKED_KEY, "with a passphrase"),
        (PUBLIC_KEY, "the public half of a key"),
        (PKCS8_KEY, "damaged, or is no OpenSSH key"),
        ("PuTTY-User-Key-File-3: ssh-ed25519", "PuTTY's own format"),
    ],
    ids=["none", "blank", "rubbish", "base64 of rubbish", "damaged", "rsa", "passphrase", "public", "pkcs8", "putty"],
)
def test_a_key_that_cannot_be_used_is_named_by_its_connection_and_never_quoted(
    connect: Callable[..., EncordHook], password: str | None, problem: str
) -> None:
    hook = connect(password=password)
    with pytest.raises(EncordConnectionError, match=problem) as caught:
        hook.get_conn()
    assert "'encord_other', field password" in str(caught.value)
    told = repr((caught.value, caught.value.__cause__))
    secrets = [line for line in (password or "").split() if len(line) > 12]
    assert not [secret for secret in secrets if secret in told]
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_connection_is_read_once(connect: Callable[..., EncordHook], monkeypatch: pytest.MonkeyPatch) -> None:
    hook = connect()
    first = hook.get_conn()
    monkeypatch.delenv("AIRFLOW_CONN_ENCORD_OTHER")
    assert hook.get_conn() is first


def test_the_extras_reach_the_client(connect: Callable[..., EncordHook]) -> None:
    extra = {"connect_timeout": 7, "read_timeout": 11, "user_agent": "ward-7"}
    config = connect(extra=extra).get_conn().user_config.config
    assert (config.requests_settings.connect_timeout, config.requests_settings.read_timeout) == (7, 11)
    assert config.user_agent_suffix == "airflow-benchmark-qa ward-7"
    config = connect(extra={"connect_timeout": None, "user_agent": None}).get_conn().user_config.config
    assert (config.requests_settings.connect_timeout, config.requests_settings.read_timeout) == (30, 180)
    assert config.user_agent_suffix == "airflow-benchmark-qa"


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"host": None}, "https://app.encord.com"),
        ({"host": "https://api.encord.com/"}, "https://app.encord.com"),
        ({"host": "api.us.encord.com"}, "https://app.us.encord.com"),
        ({"host": "encord.hospital.example", "port": 8443}, "https://encord.hospital.example:8443"),
        ({"host": "api.encord.com", "extra": {"web_app": "https://app.own.example/"}}, "https://app.own.example"),
    ],
)
def test_links_lead_to_the_web_app_of_the_region(
    connect: Callable[..., EncordHook], fields: dict[str, Any], address: str
) -> None:
    assert connect(**fields).project_url("p-1") == f"{address}/projects/view/p-1/summary"
