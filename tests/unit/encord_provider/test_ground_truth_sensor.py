from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.models.trigger import TRIGGER_FAIL_REPR, TriggerFailureReason
from airflow.sdk.exceptions import TaskDeferred

from encord_provider.adapters.progress import Requirement
from encord_provider.exceptions import EncordTimeoutError, EncordTriggerEventError, EncordWorkflowError
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

TIMED_OUT = {"error": TriggerFailureReason.TRIGGER_TIMEOUT}
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
    assert run(sensor(project_hash)) == {"complete": 2, "units": 2, "required": 2}


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
        "require": "all",
        "encord_conn_id": "encord_default",
        "poll_interval": 7,
    }
    assert 590 < end_time - time.time() <= 600
    assert caught.value.method_name == "execute_complete"
    # Airflow's own time-out is for a wait that no triggerer has ended.
    assert caught.value.timeout > timedelta(seconds=600)


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
    assert late == {"status": "timeout", "complete": 1, "units": 2, "required": 2}
    with pytest.raises(EncordTimeoutError, match=f"within 0:00:00.100000: 1 of 2 complete. Ask .* {project_hash}"):
        sensor(project_hash, timeout=0.1).execute_complete(task_context(), event=late)
    label(control, project_hash, 1)
    [done] = await events_of(caught.value.trigger)
    assert done == {"status": "success", "complete": 2, "units": 2, "required": 2}
    counts = sensor(project_hash).execute_complete(task_context(), event=done)
    assert counts == {"complete": 2, "units": 2, "required": 2}


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

    assert run_to_the_end(make)["complete"] == 2


@pytest.mark.parametrize(
    ("event", "error", "message"),
    [
        (None, EncordTriggerEventError, "unexpected trigger event None"),
        ({}, EncordTriggerEventError, "unexpected trigger event {}"),
        ({"status": "done"}, EncordTriggerEventError, "'done'"),
        ({"status": "error", "message": "KeyError: 'x'"}, EncordTriggerEventError, "KeyError: 'x'"),
        ({"status": "success"}, EncordTriggerEventError, "unexpected"),
        ({"status": "timeout"}, EncordTimeoutError, "Encord did not answer, so nobody knows"),
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
    with pytest.raises(EncordTimeoutError, match="0 of 2 complete"):
        run(waiting)


def test_a_wait_that_no_triggerer_ended_says_so(project_hash: str) -> None:
    with pytest.raises(EncordTimeoutError, match=r"0 of 2 complete\. No triggerer ended this wait"):
        sensor(project_hash).resume_execution(TRIGGER_FAIL_REPR, TIMED_OUT, task_context())


@pytest.mark.parametrize(
    ("require", "labelled", "progress"),
    [
        (0.5, 1, "1 of 2 complete, 1 required"),
        ("0.5", 1, "1 of 2 complete, 1 required"),
        (0.51, 2, "2 of 2 complete"),
        (1, 2, "2 of 2 complete"),
    ],
)
def test_a_share_of_the_units_is_enough(
    control: Control, project_hash: str, require: Any, labelled: int, progress: str
) -> None:
    waiting = sensor(project_hash, require=require)
    label(control, project_hash, labelled - 1)
    assert not waiting.poke(task_context())
    label(control, project_hash, 1)
    context = task_context()
    assert waiting.poke(context)
    assert context["ti"].pushed == {"progress": f"Ground truth: {progress}"}


def test_units_that_have_come_to_a_named_stage_or_further_are_enough(
    control: Control, client: EncordUserClient, project_hash: str
) -> None:
    titles = {one.stage_type.value: one.title for one in client.get_project(project_hash).workflow.stages}
    waiting = sensor(project_hash, require={"stage": titles["REVIEW"]})
    control.submit(ANNOTATORS[0], project_hash, control.take(ANNOTATORS[0], project_hash, "ANNOTATION", limit=1))
    control.review(REVIEWER, project_hash, "approve", "REVIEW")  # one is complete, the other is not yet in review
    assert not waiting.poke(task_context())
    control.submit(ANNOTATORS[0], project_hash, control.take(ANNOTATORS[0], project_hash, "ANNOTATION"))
    context = task_context()
    assert waiting.poke(context)
    assert context["ti"].pushed == {"progress": f"Ground truth: 2 of 2 in stage {titles['REVIEW']!r} or complete"}


def test_a_named_stage_that_does_not_exist_is_one_line_that_lists_the_stages(project_hash: str) -> None:
    with pytest.raises(EncordWorkflowError) as caught:
        run(sensor(project_hash, require={"stage": "Audit"}))
    assert "no stages with title 'Audit'" in str(caught.value)
    assert "'Complete' (DONE)" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("require", ["most", 0, 1.5, "", None, {"stage": ""}, {"share": 1}, float("nan")])
def test_what_is_required_must_be_one_of_three(require: Any) -> None:
    with pytest.raises(ValueError, match=r"ground_truth\.require: .* is none of these: all, a share"):
        run(sensor("p-1", require=require))


@pytest.mark.parametrize(("share", "units", "required"), [(0.7, 10, 7), (0.9, 60, 54), (0.01, 60, 1), (1, 3, 3)])
def test_a_share_is_rounded_up_and_no_further(share: float, units: int, required: int) -> None:
    assert Requirement.read(share).units(units) == required


@dataclass
class StateStore:
    """Airflow's task state store, in memory."""

    kept: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str, default: Any = None) -> Any:
        return json.loads(json.dumps(self.kept.get(key, default)))

    def set(self, key: str, value: Any, *, retention: timedelta) -> None:
        self.kept[key] = value


def test_a_retry_keeps_the_deadline_and_a_cleared_task_gets_a_new_one(project_hash: str) -> None:
    store, end_times = StateStore(), []
    for max_tries in (2, 2, 4):  # the second is a retry; clearing raises max_tries
        context = task_context(task_state_store=store)
        context["ti"].max_tries = max_tries
        with pytest.raises(TaskDeferred) as caught:
            sensor(project_hash).execute(context)
        end_times.append(caught.value.trigger.serialize()[1]["end_time"])
    assert end_times[0] == end_times[1] < end_times[2]


BUSY = {"match": "labelrow|label-rows", "status": 503}


def test_a_worker_that_waits_looks_past_a_busy_encord(control: Control, project_hash: str) -> None:
    control.call("POST", "faults", BUSY | {"times": 3})
    assert not sensor(project_hash, deferrable=False).poke(task_context())
    assert control.call("GET", "faults")[0]["matched"] == 3


def test_a_busy_encord_is_left_to_the_triggerer(control: Control, project_hash: str) -> None:
    control.call("POST", "faults", {"match": "v2/public/projects", "status": 429, "retry_after": 3600})
    with pytest.raises(TaskDeferred):
        run(sensor(project_hash))


def test_a_look_at_many_units_costs_few_requests(control: Control, client: EncordUserClient) -> None:
    dataset_hash = make_dataset(client, "Many", image_manifest(250))
    project_hash = run(project_maker("Many", [dataset_hash], workflow_template=ESTABLISHING))
    waiting = sensor(project_hash)
    costs = []
    for _ in range(2):
        before = control.call("GET", "requests")["total"]
        assert not waiting.poke(task_context())
        costs.append(control.call("GET", "requests")["total"] - before)
    assert costs == [3, 1]
