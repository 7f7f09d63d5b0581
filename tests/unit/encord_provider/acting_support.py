"""What tests of acting look at: the records, Encord's issues, and notifiers that remember."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.sdk import BaseNotifier
from encord.issues.issue_client import TaskIssues

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.unit.encord_provider.scoring_support import Campaign

HERE = "tests.unit.encord_provider.acting_support"
SENT: list[str] = []


class RecordingNotifier(BaseNotifier):
    """Keep what it is asked to send in ``SENT``."""

    template_fields = ("text",)

    def __init__(self, text: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text = text

    def notify(self, context: Any) -> None:
        SENT.append(self.text)


class BrokenNotifier(BaseNotifier):
    """Fail, and tell a secret."""

    def notify(self, context: Any) -> None:
        raise ConnectionError("https://hooks.example.com/token-that-nobody-may-see")


def first_pass(campaign: Campaign) -> list[dict[str, Any]]:
    """Score everything; return what the mapped task returns."""
    return [campaign.score(batch) for batch in campaign.list()]


def lines(campaign: Campaign) -> list[dict[str, Any]]:
    """Return all lines of the records, in the order in which they were written."""
    files = sorted((campaign.workspace / "actions" / campaign.project_hash).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def outcomes(campaign: Campaign) -> list[tuple[str, str]]:
    """Return action and outcome of every outcome, in order."""
    return [(one["action"], one["outcome"]) for one in lines(campaign) if "outcome" in one]


def issues(client: EncordUserClient, campaign: Campaign) -> list[str]:
    """Return the text of every issue in the production project."""
    project = client.get_project(campaign.project_hash)
    units = {row.data_hash for row in project.list_label_rows_v2()}
    of_units = [TaskIssues(client._api_client, UUID(campaign.project_hash), UUID(str(one))) for one in sorted(units)]
    return sorted(issue.comments[0].content for one in of_units for issue in one.list())
