from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

from encord_provider.operators.approval import EncordApproveGroundTruthOperator
from tests.emulator.emulator_support import ESTABLISHING
from tests.unit.encord_provider.provider_support import PRODUCTION_PROJECT, project_maker, run

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Take the place of Airflow's database; return what would be asked. The whole way is in tests/system."""
    question: dict[str, Any] = {}
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **given: question.update(given))
    return question


def approval(**arguments: Any) -> EncordApproveGroundTruthOperator:
    settings = {
        "required": "True",
        "project_title": PRODUCTION_PROJECT,
        "project_hash": "p-1",
        "progress": {"complete": 54, "units": 60, "required": 54},
    }
    return EncordApproveGroundTruthOperator(task_id="approve", **settings | arguments)


@pytest.mark.parametrize("required", ["False", "false", "None", "", False])
def test_nobody_is_asked_where_no_approval_is_wanted(required: Any) -> None:
    with pytest.raises(AirflowSkipException, match="`approval` is off"):
        run(approval(required=required))


def test_nobody_is_asked_again_once_the_project_exists() -> None:
    project_hash = run(project_maker(PRODUCTION_PROJECT, [], workflow_template=ESTABLISHING))
    with pytest.raises(AirflowSkipException, match=f"'{PRODUCTION_PROJECT}' exists already .{project_hash}."):
        run(approval())


@pytest.mark.parametrize("required", ["True", "true", True])
def test_a_person_is_asked_with_what_there_is_to_look_at(asked: dict[str, Any], required: Any) -> None:
    with pytest.raises(TaskAwaitingInput):
        run(approval(required=required), task_instance=SimpleNamespace(id=uuid4()))
    assert asked["options"] == ["Approve", "Reject"]
    assert "good enough" in asked["subject"]
    assert "**54 of 60** known units" in asked["body"]
    assert "/projects/view/p-1/summary" in asked["body"]
    assert PRODUCTION_PROJECT in asked["body"]
