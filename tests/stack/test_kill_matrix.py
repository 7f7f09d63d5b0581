"""
Parts of a native stack are killed while a campaign goes through it: it ends as one that nobody disturbed.

By default all kills meet one campaign, one after the other, and then a full disk, where this process may mount one.
With `--faults=full` each also has a campaign of its own, twice.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.native_stack.stack import NativeStack
from tests.support.stack_campaign import StackCampaign
from tests.support.stack_disk import can_mount, full_disk
from tests.support.stack_kills import IN_ORDER
from tests.support.stack_story import Story

pytestmark = [pytest.mark.stack, pytest.mark.faults, pytest.mark.timeout(3000)]

FULL = "worker-1"
NO_MOUNT = "a full disk needs a mount, which this user, or this container, may not make"
REFUSED, TAKEN_AGAIN = "This worker takes no tasks", "This worker takes tasks again"


@dataclass
class Disturbed:
    """How a campaign ended: the state that it left, its tasks, and what the worker with the full disk printed."""

    state: dict[str, Any]
    tasks: dict[str, list[dict[str, Any]]]
    printed: str


@pytest.fixture(scope="module")
def disturbed(stack: NativeStack, undisturbed: Story, tmp_path_factory: pytest.TempPathFactory) -> Disturbed:
    return campaign_with(stack, tmp_path_factory.mktemp("disturbed"), *IN_ORDER, disk_is_full=can_mount())


def campaign_with(stack: NativeStack, folder: Path, *kills: str, disk_is_full: bool = False) -> Disturbed:
    campaign = StackCampaign(stack)
    campaign.begin()
    printed_before = stack.log(FULL).stat().st_size
    for name in kills:
        IN_ORDER[name](campaign)
    with ExitStack() as disk:
        if disk_is_full:
            disk.enter_context(full_disk(stack.home(FULL) / "logs"))
        campaign.finish()
        tasks, state = campaign.tasks(), campaign.state(folder / "content")
    if disk_is_full:
        campaign.wait_until(lambda: TAKEN_AGAIN in _printed(stack, printed_before), "worker to go on")
    return Disturbed(state, tasks, _printed(stack, printed_before))


def _printed(stack: NativeStack, begin: int) -> str:
    return stack.log(FULL).read_bytes()[begin:].decode()


def assert_same(disturbed: Disturbed, undisturbed: Story) -> None:
    """Part by part, so that what differs is shown."""
    for part, expected in undisturbed.state.items():
        assert disturbed.state[part] == expected, part
    assert disturbed.state.keys() == undisturbed.state.keys()


def test_a_campaign_that_everything_happened_to_ends_as_one_that_nobody_disturbed(
    disturbed: Disturbed, undisturbed: Story
) -> None:
    assert_same(disturbed, undisturbed)


def test_nothing_was_left_out_of_the_comparison(undisturbed: Story) -> None:
    assert undisturbed.state["scores"]
    assert undisturbed.state["audit"]
    [[production]] = undisturbed.state["projects"]["Demo: production"]
    assert production["routes"]
    assert production["issues"]
    assert len(undisturbed.state["folders"]) == len(undisturbed.state["projects"]) == 2


def test_what_was_killed_was_tried_again(disturbed: Disturbed) -> None:
    tries = {name: max(one["try_number"] for one in tasks) for name, tasks in disturbed.tasks.items()}
    assert min(tries["import_files"], tries["score_labels"]) > 1


def test_a_worker_with_a_full_disk_takes_no_tasks_until_there_is_room(disturbed: Disturbed) -> None:
    if not can_mount():
        pytest.skip(NO_MOUNT)
    assert REFUSED in disturbed.printed
    assert TAKEN_AGAIN in disturbed.printed


@pytest.mark.full_faults
@pytest.mark.parametrize("kill", [*IN_ORDER, "full_disk"])
@pytest.mark.parametrize("again", [1, 2])
def test_each_kill_alone(kill: str, again: int, stack: NativeStack, undisturbed: Story, tmp_path: Path) -> None:
    kills = [kill] if kill in IN_ORDER else []
    if not (kills or can_mount()):
        pytest.skip(NO_MOUNT)
    assert_same(campaign_with(stack, tmp_path, *kills, disk_is_full=not kills), undisturbed)
