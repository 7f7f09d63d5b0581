"""Labels are read past the SDK's objects where the SDK lets one, and through them where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from encord_provider.adapters import raw_labels
from encord_provider.adapters.labels import LabelAdapter
from include.benchmark_qa.scoring.versions import labels_version
from tests.emulator.emulator_support import ANNOTATORS
from tests.unit.encord_provider.provider_support import SCORED_STAGE
from tests.unit.encord_provider.scoring_support import RunCampaign

if TYPE_CHECKING:
    from encord import EncordUserClient

    from encord_provider.hooks.encord import EncordHook
    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]


def test_both_ways_give_the_same_labels_with_one_request_each(
    run_campaign: RunCampaign,
    client: EncordUserClient,
    hook: EncordHook,
    control: Control,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = run_campaign(units=1)
    [task] = hook.workflow.consensus_tasks(campaign.project_hash, SCORED_STAGE)
    keys = {(task.data_hash, option.label_branch_name) for option in task.options}
    assert len(keys) == len(ANNOTATORS)
    project = client.get_project(campaign.project_hash)
    # If this fails after an upgrade of the SDK, labels are read through its objects, at twenty times the cost:
    # `adapters.raw_labels.raw_reader` is the place to teach where the SDK's reader is now.
    assert raw_labels.raw_reader(project) is not None
    seen = control.requests()[-1]["n"]
    raw = LabelAdapter(client).labels(campaign.project_hash, keys)
    monkeypatch.setattr(raw_labels, "raw_reader", lambda _: None)
    objects = LabelAdapter(client).labels(campaign.project_hash, keys)
    reads = [one for one in control.requests(seen) if one["route"].startswith("labelrow ")]
    assert [one["query_method"] for one in reads] == ["GET", "GET"]
    # Three of the four saved anything.
    assert len(raw) == len(ANNOTATORS) - 1
    assert facts(raw) == facts(objects)


def facts(found: dict[Any, Any]) -> dict[Any, Any]:
    return {key: (one.label_hash, one.edited_at, labels_version(one.label_row)) for key, one in found.items()}


@pytest.mark.parametrize("project", [object(), type("Project", (), {"_client": object()})()])
def test_an_sdk_without_that_reader_is_none_that_fails(project: Any) -> None:
    assert raw_labels.raw_reader(project) is None
