"""A key that Encord refuses: the task's own first call says so, and no request is spent on asking beforehand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from encord_provider.exceptions import EncordConnectionError
from encord_provider.operators.base import EncordBaseOperator
from encord_provider.operators.dataset import EncordCreateDatasetOperator
from encord_provider.sensors.project import EncordGroundTruthSensor
from tests.emulator.emulator_support import MANAGER, Control, new_key
from tests.unit.encord_provider.provider_support import run, task_context

if TYPE_CHECKING:
    from include.encord_emulator.server import RunningEmulator

pytestmark = pytest.mark.emulator

STRANGER = "encord_stranger"
UNKNOWN = r"connection 'encord_stranger', field password: .* does not know this key"


@pytest.fixture(autouse=True)
def stranger(monkeypatch: pytest.MonkeyPatch, emulator: RunningEmulator) -> str:
    """Return a connection whose key nobody has added to Encord."""
    key = new_key().private_pem
    fields = {"conn_type": "encord", "host": emulator.url, "password": key}
    monkeypatch.setenv("AIRFLOW_CONN_ENCORD_STRANGER", json.dumps(fields))
    return key


def wait_for(project_hash: str, **arguments: Any) -> EncordGroundTruthSensor:
    return EncordGroundTruthSensor(
        task_id="wait_for_ground_truth", project_hash=project_hash, encord_conn_id=STRANGER, **arguments
    )


def test_an_operator_says_a_refused_key_plainly_and_does_not_quote_it(stranger: str) -> None:
    with pytest.raises(EncordConnectionError, match=UNKNOWN) as caught:
        run(EncordCreateDatasetOperator(task_id="t", title="New", encord_conn_id=STRANGER))
    assert not [line for line in stranger.splitlines()[1:-1] if line in str(caught.value)]
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_sensor_says_it_too(deferrable: bool) -> None:
    with pytest.raises(EncordConnectionError, match=UNKNOWN):
        run(wait_for("p-1", deferrable=deferrable))


class Waiter(EncordBaseOperator):
    """A task that first talks to Encord after its wait."""

    def go_on(self, context: Any) -> list[str]:
        return self.hook.storage.integration_titles()


def test_a_task_that_goes_on_after_a_wait_says_it_too() -> None:
    with pytest.raises(EncordConnectionError, match=UNKNOWN):
        Waiter(task_id="t", encord_conn_id=STRANGER).resume_execution("go_on", {}, task_context())


def test_no_access_is_said_with_encords_own_words(encord_default: str, control: Control) -> None:
    control.call("POST", "faults", {"match": "datasets", "status": 403})
    with pytest.raises(EncordConnectionError, match=r"field password: .* refuses .* does the user of this key"):
        run(EncordCreateDatasetOperator(task_id="t", title="New"))


def test_no_request_is_spent_on_asking_whether_the_key_is_known(encord_default: str, control: Control) -> None:
    run(EncordCreateDatasetOperator(task_id="t", title="New"))
    paths = [entry["path"] for entry in control.requests()]
    assert paths
    assert not [path for path in paths if "integration" in path]
    assert {entry["user"] for entry in control.requests()} == {MANAGER}
