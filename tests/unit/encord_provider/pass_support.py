"""The two ends of a loop's pass, with what Airflow keeps between passes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from encord_provider.operators.passes import EncordFindWorkOperator, RememberPassOperator
from tests.unit.encord_provider.provider_support import PRODUCTION_PROJECT, SCORED_STAGE, FakeTaskInstance, task_context
from tests.unit.encord_provider.scoring_support import Campaign


class StateStore(dict[str, Any]):
    """What Airflow keeps with an asset, as JSON."""

    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))


@dataclass
class OtherDag(FakeTaskInstance):
    """A task instance that knows of another Dag's runs: the states of its tasks by run, and how many are running."""

    states: dict[str, dict[str, str | None]] = field(default_factory=dict)
    running: int = 0

    def get_task_states(self, *, dag_id: str, task_ids: list[str]) -> dict[str, dict[str, str | None]]:
        return {run: {task: tasks.get(task) for task in task_ids} for run, tasks in self.states.items()}

    def get_dr_count(self, *, dag_id: str, states: list[str]) -> int:
        return self.running


@dataclass
class Loop:
    """Looks for work before passes, and remembers them afterwards."""

    campaign: Campaign
    memory: StateStore = field(default_factory=StateStore)
    terms: dict[str, Any] = field(default_factory=dict)

    def look(self, ti: FakeTaskInstance | None = None, **arguments: Any) -> tuple[str, str]:
        """Return why there is work, or why the pass is skipped."""
        settings: dict[str, Any] = {
            "project_title": PRODUCTION_PROJECT,
            "agent_stage": "Benchmark Task?",
            "scored_stage": SCORED_STAGE,
            "workspace": str(self.campaign.workspace),
            "terms": self.terms,
        }
        context = task_context(asset_state_store=self.memory) | ({"ti": ti} if ti else {})
        try:
            found = EncordFindWorkOperator(task_id="find_work", **settings | arguments).execute(context)
        except AirflowSkipException:
            return "", context["ti"].pushed["skipped"]
        return found["reason"], ""

    def work(self, policy: dict[str, Any], pending: int = 0) -> None:
        """Score, decide, remember."""
        scores = [self.campaign.score(batch) for batch in self.campaign.list()]
        self.campaign.decide(scores, **policy)
        self.remember(pending)

    def remember(self, pending: int = 0) -> None:
        RememberPassOperator(
            task_id="remember_pass",
            project_hash=self.campaign.project_hash,
            workspace=str(self.campaign.workspace),
            terms=self.terms,
            pending=pending,
        ).execute(task_context(asset_state_store=self.memory))
