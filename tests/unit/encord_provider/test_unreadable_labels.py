"""A submission whose labels Encord fails to hand out: not computed, said why, and tried again with other work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from encord.exceptions import UnknownException

from tests.unit.encord_provider.pass_support import Loop
from tests.unit.encord_provider.scoring_support import RunCampaign

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

LEAVE = {"on_pass": "leave", "on_fail": "leave"}


@pytest.fixture
def break_row(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make Encord fail on each request that names a row: no rule of the local Encord looks into a request."""
    from encord_provider.adapters import labels

    whole = labels.read_raw

    def break_it(label_hash: str) -> None:
        def broken(project: Any, rows: Any) -> Any:
            if label_hash in {str(row.label_hash) for row in rows}:
                raise UnknownException("broken")
            return whole(project, rows)

        monkeypatch.setattr(labels, "read_raw", broken)

    return break_it


def test_one_unreadable_submission_is_not_computed_and_the_others_are(
    run_campaign: RunCampaign, break_row: Callable[[str], None]
) -> None:
    from encord_provider.hooks.encord import EncordHook
    from tests.unit.encord_provider.provider_support import SCORED_STAGE

    loop = Loop(run_campaign())
    campaign = loop.campaign
    [task, *_] = EncordHook("encord_default").workflow.consensus_tasks(campaign.project_hash, SCORED_STAGE)
    bad = next(option for option in task.options if option.label_hash)
    break_row(str(bad.label_hash))
    [scored] = [campaign.score(batch) for batch in campaign.list()]
    assert (scored["submissions"], scored["not_computed"]) == (8, 1)
    [row] = [row for row in campaign.rows(scored) if row.not_computed]
    assert (row.data_hash, row.annotator_email) == (task.data_hash, bad.annotator_email)
    assert "Encord does not hand out these labels (UnknownException: broken)" in row.not_computed
    assert campaign.decide([scored], on_pass="approve", on_fail="approve")["acted"] == 1
    loop.remember()
    assert loop.look()[0] == ""
    break_row("none")
    [batch] = campaign.list()
    assert campaign.score(batch)["not_computed"] == 0
