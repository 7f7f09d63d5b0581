"""
Parts of a native stack are killed while a campaign goes through it: it ends as one that nobody disturbed.

By default all kills meet one campaign, one after the other; with `--faults=full` each has a campaign of its own, twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.benchmark_qa.campaign import CAMPAIGNS_VARIABLE
from include.native_stack.campaigns import write_campaigns
from include.native_stack.stack import NativeStack
from include.native_stack.starting import running_stack
from tests.support.stack_campaign import StackCampaign
from tests.support.stack_disk import can_mount, full_disk
from tests.support.stack_kills import IN_ORDER

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(3000)]

FULL = "worker-1"
DEMO_POLICY, ACTING_POLICY = "{on_pass: approve, on_fail: leave}", "{on_pass: approve, on_fail: approve, issues: true}"
REFUSED, TAKEN_AGAIN = "This worker takes no tasks", "This worker takes tasks again"
# A deployment waits longer before it takes a part for dead: docs/kill_matrix.md.
IMPATIENT = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "90",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
}


@dataclass
class Story:
    """How a campaign ended: the state that it left, its tasks, and what the worker with the full disk printed."""

    state: dict[str, Any]
    tasks: dict[str, list[dict[str, Any]]]
    printed: str = ""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeStack]:
    home = tmp_path_factory.mktemp("kill_matrix")
    settings = IMPATIENT | {CAMPAIGNS_VARIABLE: str(campaigns_that_act(home.with_name("campaigns")))}
    with running_stack(home, with_annotators=False, settings=settings, say=print) as running:
        yield running


def campaigns_that_act(folder: Path) -> Path:
    """Write the stack's campaigns, with a demo that acts on every task: what is done twice must show."""
    write_campaigns(folder)
    demo = folder / "demo.yaml"
    text = demo.read_text(encoding="utf-8")
    assert DEMO_POLICY in text
    demo.write_text(text.replace(DEMO_POLICY, ACTING_POLICY), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def undisturbed(stack: NativeStack, tmp_path_factory: pytest.TempPathFactory) -> Story:
    return campaign_with(stack, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture(scope="module")
def disturbed(stack: NativeStack, undisturbed: Story, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """All kills in one campaign, and from then on a full disk, where this process may mount one."""
    return campaign_with(stack, tmp_path_factory.mktemp("disturbed"), *IN_ORDER, disk_is_full=True)


def campaign_with(stack: NativeStack, folder: Path, *kills: str, disk_is_full: bool = False) -> Story:
    campaign = StackCampaign(stack)
    campaign.begin()
    printed_before = stack.log(FULL).stat().st_size
    for name in kills:
        IN_ORDER[name](campaign)
    logs = stack.home(FULL) / "logs"
    with ExitStack() as disk:
        if disk_is_full and can_mount(logs):
            disk.enter_context(full_disk(logs))
        campaign.finish()
        tasks, state = campaign.tasks(), campaign.state(folder / "content")
    if disk_is_full:
        campaign.wait_until(lambda: TAKEN_AGAIN in _printed(stack, printed_before), "worker to go on")
    return Story(state, tasks, _printed(stack, printed_before))


def _printed(stack: NativeStack, begin: int) -> str:
    return stack.log(FULL).read_bytes()[begin:].decode()


def assert_same(disturbed: Story, undisturbed: Story) -> None:
    """Part by part, so that what differs is shown."""
    for part, expected in undisturbed.state.items():
        assert disturbed.state[part] == expected, part
    assert disturbed.state.keys() == undisturbed.state.keys()


def test_a_campaign_that_everything_happened_to_ends_as_one_that_nobody_disturbed(
    disturbed: Story, undisturbed: Story
) -> None:
    assert_same(disturbed, undisturbed)


def test_nothing_was_left_out_of_the_comparison(undisturbed: Story) -> None:
    assert undisturbed.state["scores"]
    assert undisturbed.state["audit"]
    [[production]] = undisturbed.state["projects"]["Demo: production"]
    assert production["routes"]
    assert production["issues"]
    assert len(undisturbed.state["folders"]) == len(undisturbed.state["projects"]) == 2


def test_what_was_killed_was_tried_again(disturbed: Story) -> None:
    tries = {name: max(one["try_number"] for one in tasks) for name, tasks in disturbed.tasks.items()}
    assert {name: tries[name] for name in ("import_files", "score_labels")} == {"import_files": 2, "score_labels": 2}


def test_a_worker_with_a_full_disk_takes_no_tasks_until_there_is_room(disturbed: Story, stack: NativeStack) -> None:
    if not can_mount(stack.home(FULL) / "logs"):
        pytest.skip("a full disk needs a mount, which this user, or this container, may not make")
    assert REFUSED in disturbed.printed
    assert TAKEN_AGAIN in disturbed.printed


@pytest.mark.full_faults
@pytest.mark.parametrize("again", [1, 2])
@pytest.mark.parametrize("kill", [*IN_ORDER, "full_disk"])
def test_each_kill_alone(kill: str, again: int, stack: NativeStack, undisturbed: Story, tmp_path: Path) -> None:
    kills = [kill] if kill in IN_ORDER else []
    assert_same(campaign_with(stack, tmp_path, *kills, disk_is_full=not kills), undisturbed)
