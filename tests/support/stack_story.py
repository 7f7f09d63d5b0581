"""The demo's campaign on a native stack that nobody disturbs, as `make stack-native` runs it, and what is seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.benchmark_qa.campaign import load_campaign
from include.native_stack import runs
from include.native_stack.__main__ import run_campaign
from include.native_stack.places import WORKERS
from include.native_stack.stack import NativeStack
from include.native_stack.starting import DAGS
from tests.support.demo_runs import EncordContent, read_encord
from tests.support.stack_campaign import StackCampaign


@dataclass
class Story:
    """
    What was printed, which tasks ran, and what is left.

    :ivar shown_logs: by worker, what the UI shows as the log of a scoring task that it ran
    :ivar files: by worker, the files below its folder once it has nothing to do
    :ivar state: as `StackCampaign.state` returns it
    """

    output: str
    tasks: list[dict[str, Any]]
    shown_logs: dict[str, str]
    content: EncordContent
    files: dict[str, list[str]]
    state: dict[str, Any]


def undisturbed_story(stack: NativeStack, folder: Path) -> Story:
    """Run the campaign, as the first of a stack, to the scores of all submissions; copies go into a folder."""
    lines: list[str] = []
    campaign = StackCampaign(stack)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("include.native_stack.__main__.say", lines.append)
        stack.start("annotators")
        run_campaign(stack, load_campaign("demo"))
    tasks = [task for dag_id in DAGS for task in runs.task_instances(stack, dag_id)]
    shown_logs = {name: _shown_log(stack, tasks, name) for name in WORKERS}
    content = read_encord(stack.encord_url, stack.places.encord_key.read_text(encoding="ascii"))
    campaign.rest()
    files = {name: _files(stack.home(name)) for name in WORKERS}
    return Story("\n".join(lines), tasks, shown_logs, content, files, campaign.state(folder))


def _shown_log(stack: NativeStack, tasks: list[dict[str, Any]], worker: str) -> str:
    task = next(one for one in tasks if one["task_id"] == "score_labels" and runs.worker_of(one) == worker)
    url = f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/logs/1"
    answer = stack.api.get(url, params={"map_index": task["map_index"], "full_content": True}).raise_for_status()
    return answer.text


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
