"""One stack for all that is tried here: first a campaign that nobody disturbs, then those that are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.benchmark_qa.campaign import CAMPAIGNS_VARIABLE
from include.native_stack.campaigns import write_campaigns
from include.native_stack.stack import NativeStack
from include.native_stack.starting import running_stack
from tests.support.stack_story import Story, undisturbed_story

DEMO_POLICY, ACTING_POLICY = "{on_pass: approve, on_fail: leave}", "{on_pass: approve, on_fail: approve, issues: true}"
# A deployment waits longer before it takes a part for dead: docs/kill_matrix.md.
IMPATIENT = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "90",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeStack]:
    """Start it, and make sure at the end that nothing of it is left running."""
    home = tmp_path_factory.mktemp("stack")
    settings = IMPATIENT | {CAMPAIGNS_VARIABLE: str(_campaigns_that_act(home.with_name("campaigns")))}
    with running_stack(home, with_annotators=False, settings=settings, say=print) as running:
        yield running
        mains = running.processes.values()
        processes = [process for main in mains for process in (main, *main.children(recursive=True))]
    assert [process for process in processes if process.is_running()] == []


@pytest.fixture(scope="session")
def undisturbed(stack: NativeStack, tmp_path_factory: pytest.TempPathFactory) -> Story:
    story = undisturbed_story(stack, tmp_path_factory.mktemp("undisturbed") / "content")
    print(story.output)
    return story


def _campaigns_that_act(folder: Path) -> Path:
    """Write the stack's campaigns, with a demo that acts on every task: what is done twice must show."""
    write_campaigns(folder)
    demo = folder / "demo.yaml"
    text = demo.read_text(encoding="utf-8")
    assert DEMO_POLICY in text
    demo.write_text(text.replace(DEMO_POLICY, ACTING_POLICY), encoding="utf-8")
    return folder
