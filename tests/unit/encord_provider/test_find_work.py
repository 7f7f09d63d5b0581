"""Whether a pass is worth its while: seen by a handful of requests, and never missed."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.encord_provider.pass_support import Loop, OtherDag
from tests.unit.encord_provider.provider_support import BENCHMARK_PROJECT, PRODUCTION_PROJECT
from tests.unit.encord_provider.scoring_support import BESIDE, TRUE_LEFT, RunCampaign, true_left
from tests.unit.encord_provider.test_incremental_scoring import branch_of, edit, last_request

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

LEAVE = {"on_pass": "leave", "on_fail": "leave"}
APPROVE = {"on_pass": "approve", "on_fail": "approve"}
AT_WORK = ("benchmark_qa__roads", "wait_for_turn", "publish_scores")


@pytest.mark.parametrize("policy", [LEAVE, APPROVE])
def test_a_pass_after_one_that_did_everything_is_skipped_after_five_requests(
    run_campaign: RunCampaign, control: Control, policy: dict[str, Any]
) -> None:
    loop = Loop(run_campaign())
    assert loop.look() == ("no pass over this project is remembered", "")
    loop.work(policy)
    for _ in range(3):
        before = last_request(control)
        work, skipped = loop.look()
        assert work == ""
        assert skipped.startswith("Nothing changed since the last pass")
        assert len(control.requests(before)) <= 5


def test_a_pass_before_anybody_submitted_is_skipped(run_campaign: RunCampaign) -> None:
    loop = Loop(run_campaign(submitted_by=()))
    loop.work(LEAVE)
    assert loop.look() == ("", "Nothing changed since the last pass: people are at work")


def test_an_edited_submission_is_work(run_campaign: RunCampaign, client: EncordUserClient) -> None:
    loop = Loop(run_campaign())
    loop.work(LEAVE)
    branch = branch_of(loop.campaign, BESIDE, "benchmark/0.jpg")
    edit(client, PRODUCTION_PROJECT, branch, TRUE_LEFT, "benchmark/0.jpg")
    assert loop.look()[0] == "1 submission(s) are new or were edited"
    loop.work(LEAVE)
    assert loop.look()[0] == ""


def test_edited_ground_truth_is_work_also_when_the_tasks_have_left(
    run_campaign: RunCampaign, client: EncordUserClient
) -> None:
    loop = Loop(run_campaign())
    loop.work(APPROVE)
    edit(client, BENCHMARK_PROJECT, "main", 0.6, "benchmark/1.jpg")
    assert loop.look()[0] == "ground truth was edited"
    loop.work(APPROVE)
    assert loop.look()[0] == ""


def test_tasks_at_the_agent_stage_are_work(run_campaign: RunCampaign, client: EncordUserClient) -> None:
    loop = Loop(run_campaign())
    loop.work(APPROVE)
    project = client.get_project(loop.campaign.project_hash)
    [agent] = [stage for stage in project.workflow.stages if stage.title == "Benchmark Task?"]
    [review] = [stage for stage in project.workflow.stages if stage.title == "Review"]
    next(iter(review.get_tasks())).move(destination_stage_uuid=agent.uuid)
    assert loop.look()[0] == "tasks wait at 'Benchmark Task?'"


def test_new_submissions_are_work(run_campaign: RunCampaign, control: Control) -> None:
    from tests.unit.encord_provider.test_incremental_scoring import resubmit

    loop = Loop(run_campaign(submitted_by=()))
    loop.work(LEAVE)
    resubmit(control, loop.campaign)
    assert loop.look()[0] == "first submissions are there"


def test_other_settings_and_a_pass_that_broke_off_are_work(run_campaign: RunCampaign) -> None:
    loop = Loop(run_campaign())
    loop.work(LEAVE)
    loop.terms = {"policy": "another"}
    assert loop.look()[0] == "the settings are others than the last time"
    loop.terms = {}
    [ledger] = (loop.campaign.workspace / "scores/ledger").glob("*.json.gz")
    ledger.write_bytes(b"as a killed pass left it")
    assert loop.look()[0] == "the last pass did not come to its end"


def test_what_is_to_be_tried_again_is_not_forgotten(run_campaign: RunCampaign) -> None:
    loop = Loop(run_campaign(units=1))
    loop.work(LEAVE, pending=1)
    assert loop.look()[0] == "no pass over this project is remembered"


@pytest.mark.parametrize("stored", ["no cursor", {"project_hash": "only"}, {"empty_stages": 3}])
def test_a_memory_that_cannot_be_read_costs_a_pass_and_nothing_else(run_campaign: RunCampaign, stored: Any) -> None:
    loop = Loop(run_campaign(units=1))
    loop.work(LEAVE)
    loop.memory.set("last_pass", stored)
    assert loop.look()[0] == "no pass over this project is remembered"


def test_a_complete_campaign_says_so_until_a_task_comes_back(
    run_campaign: RunCampaign, control: Control, client: EncordUserClient
) -> None:
    loop = Loop(run_campaign(true_left))
    loop.work(APPROVE)
    project = client.get_project(loop.campaign.project_hash)
    [complete] = [stage for stage in project.workflow.stages if stage.title == "Complete"]
    [review] = [stage for stage in project.workflow.stages if stage.title == "Review"]
    for task in list(review.get_tasks()):
        task.move(destination_stage_uuid=complete.uuid)
    said = []
    for _ in range(4):
        before = last_request(control)
        said.append(loop.look()[1])
        assert len(control.requests(before)) <= 5
    assert [one.startswith("The campaign is complete") for one in said] == [False, False, True, True], said


@pytest.mark.parametrize("status", ["archived", "cancelled", "completed"])
def test_a_project_that_is_over_is_left_alone(
    run_campaign: RunCampaign, client: EncordUserClient, control: Control, status: str
) -> None:
    from encord.orm.project import ProjectStatus

    loop = Loop(run_campaign(units=1))
    client.get_project(loop.campaign.project_hash).set_status(ProjectStatus(status))
    before = last_request(control)
    assert loop.look() == ("", f"Project {PRODUCTION_PROJECT!r} is {status} in Encord: its campaign is over")
    assert len(control.requests(before)) == 1


def test_a_project_that_is_not_there_yet_is_no_error(run_campaign: RunCampaign) -> None:
    loop = Loop(run_campaign(units=1))
    title = f"project {uuid.uuid4()}"
    assert loop.look(project_title=title) == ("", f"There is no project {title!r} yet")


@pytest.mark.parametrize(
    ("first", "last", "gives_way"),
    [
        ("running", None, True),
        ("up_for_reschedule", None, True),
        ("success", None, True),
        ("success", "running", True),
        ("success", "up_for_retry", True),
        ("success", "success", False),
        ("success", "upstream_failed", False),
        ("skipped", "skipped", False),
        ("failed", "upstream_failed", False),
        (None, None, False),
    ],
)
def test_the_loop_gives_way_to_the_other_dags_pass(
    run_campaign: RunCampaign, control: Control, first: str | None, last: str | None, gives_way: bool
) -> None:
    loop = Loop(run_campaign(units=1))
    other = OtherDag(states={"manual__1": {"wait_for_turn": first, "publish_scores": last}})
    before = last_request(control)
    skipped = loop.look(other, yields_to=AT_WORK)[1]
    assert bool(skipped) == gives_way
    if gives_way:
        assert skipped == "Run manual__1 of benchmark_qa__roads is at it"
        assert control.requests(before) == []


@pytest.mark.parametrize(
    ("running", "first", "last", "may_go"),
    [
        (0, "success", None, True),
        (1, "running", None, False),
        (1, "success", "scheduled", False),
        (1, "skipped", "skipped", True),
        # Of a Dag that was paused before the pass began; when it goes on, its look sees whose turn it is.
        (1, None, None, True),
        (1, "scheduled", None, True),
    ],
)
def test_the_other_dag_waits_for_a_pass_of_the_loop(
    running: int, first: str | None, last: str | None, may_go: bool
) -> None:
    from encord_provider.sensors.turns import PassTurnSensor

    loop = OtherDag(running=running, states={"scheduled__1": {"find_work": first, "remember_pass": last}})
    tasks = {"first_task": "find_work", "last_task": "remember_pass"}
    sensor = PassTurnSensor(task_id="wait_for_turn", loop_dag_id="benchmark_qa_loop__roads", **tasks)
    assert sensor.poke({"ti": loop}) == may_go
