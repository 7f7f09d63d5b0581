from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import AirflowSensorTimeout, TaskDeferred

from encord_provider.exceptions import EncordTimeoutError, EncordTriggerEventError
from encord_provider.sensors.project import EncordGroundTruthSensor
from encord_provider.triggers.project import EncordGroundTruthCompleteTrigger
from tests.emulator.emulator_support import ANNOTATORS, ESTABLISHING, REVIEWER, image_manifest, make_dataset
from tests.unit.encord_provider.provider_support import (
    events_of,
    project_maker,
    run,
    run_to_the_end,
    task_context,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

PEOPLE = [{"email": ANNOTATORS[0], "role": "ANNOTATOR"}, {"email": REVIEWER, "role": "REVIEWER"}]


@pytest.fixture
def project_hash(client: EncordUserClient) -> str:
    """Return a benchmark project of two images, none of them labelled."""
    dataset_hash = make_dataset(client, "Benchmark", image_manifest(2))
    return str(run(project_maker("Ground truth", [dataset_hash], workflow_template=ESTABLISHING, users=PEOPLE)))


def sensor(project_hash: str, **arguments: Any) -> EncordGroundTruthSensor:
    settings = {"deferrable": True, "poke_interval": 0.02, "timeout": 10.0}
    return EncordGroundTruthSensor(task_id="wait", project_hash=project_hash, **settings | arguments)


def label(control: Control, project_hash: str, count: int) -> None:
    """Let people label and approve so many units."""
    control.submit(ANNOTATORS[0], project_hash, control.take(ANNOTATORS[0], project_hash, "ANNOTATION", limit=count))
    control.review(REVIEWER, project_hash, "approve", "REVIEW")


def test_ground_truth_that_is_there_already_needs_no_triggerer(control: Control, project_hash: str) -> None:
    label(control, project_hash, 2)
    assert run(sensor(project_hash)) is None


@pytest.mark.parametrize("labelled", [0, 1])
def test_ground_truth_in_the_making_is_left_to_the_triggerer(
    control: Control, project_hash: str, labelled: int
) -> None:
    label(control, project_hash, labelled)
    with pytest.raises(TaskDeferred) as caught:
        run(sensor(project_hash, timeout=600, complete_stage="Complete", poke_interval=7))
    trigger = caught.value.trigger
    assert isinstance(trigger, EncordGroundTruthCompleteTrigger)
    _, arguments = trigger.serialize()
    end_time = arguments.pop("end_time")
    assert arguments == {
        "project_hash": project_hash,
        "complete_stage": "Complete",
        "encord_conn_id": "encord_default",
        "poll_interval": 7,
    }
    assert 590 < end_time - time.time() <= 600
    assert caught.value.method_name == "execute_complete"


def test_a_unit_that_waits_for_review_is_no_ground_truth(control: Control, project_hash: str) -> None:
    control.submit(ANNOTATORS[0], project_hash, control.take(ANNOTATORS[0], project_hash, "ANNOTATION"))
    assert not sensor(project_hash).poke(task_context())
    control.review(REVIEWER, project_hash, "approve", "REVIEW")
    assert sensor(project_hash).poke(task_context())


def test_a_project_without_units_is_not_complete() -> None:
    empty = run(project_maker("Empty", [], workflow_template=ESTABLISHING))
    assert not sensor(empty).poke(task_context())


async def test_the_wait_ends_when_people_are_done(control: Control, project_hash: str) -> None:
    label(control, project_hash, 1)
    with pytest.raises(TaskDeferred) as caught:
        run(sensor(project_hash, timeout=0.1))
    [late] = await events_of(caught.value.trigger)
    assert late == {"status": "timeout", "complete": 1, "units": 2}
    with pytest.raises(EncordTimeoutError, match="not complete after 0 s: 1 of 2 units in stage 'Complete'"):
        sensor(project_hash, timeout=0.1).execute_complete(task_context(), event=late)
    label(control, project_hash, 1)
    [done] = await events_of(caught.value.trigger)
    assert done == {"status": "success", "complete": 2, "units": 2}
    assert sensor(project_hash).execute_complete(task_context(), event=done) is None


def test_the_whole_way_through_the_triggerer_works(control: Control, project_hash: str) -> None:
    waits = iter([False])

    def make() -> EncordGroundTruthSensor:
        made = sensor(project_hash)
        looked = made.poke

        def look_then_label(context: Any) -> bool:
            seen = looked(context)
            label(control, project_hash, 2)  # people finish after the task's look and before the trigger's
            return seen

        made.poke = look_then_label if not next(waits, True) else looked
        return made

    assert run_to_the_end(make) is None


@pytest.mark.parametrize(
    ("event", "error", "message"),
    [
        (None, EncordTriggerEventError, "unexpected trigger event None"),
        ({}, EncordTriggerEventError, "unexpected trigger event {}"),
        ({"status": "done"}, EncordTriggerEventError, "'done'"),
        ({"status": "error", "message": "KeyError: 'x'"}, EncordTriggerEventError, "KeyError: 'x'"),
        ({"status": "timeout"}, EncordTimeoutError, r"0 of \? units"),
    ],
)
def test_only_a_good_event_ends_the_wait_well(event: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        sensor("p-1").execute_complete(task_context(), event=event)


def test_without_a_triggerer_the_sensor_waits_itself(control: Control, project_hash: str) -> None:
    label(control, project_hash, 2)
    run(sensor(project_hash, deferrable=False))


def test_without_a_triggerer_the_wait_ends_too(project_hash: str) -> None:
    waiting = sensor(project_hash, deferrable=False, timeout=0.1)
    with pytest.raises(AirflowSensorTimeout):
        run(waiting)
