"""What a pass does when nothing, or little, changed since the last one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from encord_provider.hooks.encord import EncordHook
from include.benchmark_qa.ledger.store import LedgerStore
from include.object_storage import open_bucket
from tests.emulator.emulator_support import ANNOTATORS, Control
from tests.unit.encord_provider.provider_support import (
    BENCHMARK_PROJECT,
    PRODUCTION_PROJECT,
    SCORED_STAGE,
    annotate,
    one_car,
)
from tests.unit.encord_provider.scoring_support import (
    BESIDE,
    BLANK,
    PERFECT,
    SETTINGS,
    SHIFTED,
    TRUE_LEFT,
    Campaign,
    RunCampaign,
    stages,
    true_left,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

ACT = {"on_pass": "approve", "on_fail": "reject"}
LEAVE = {"on_pass": "leave", "on_fail": "leave"}


def work(campaign: Campaign, policy: dict[str, Any] = LEAVE, **listing: Any) -> Counter[str]:
    """Run one pass; return how many submissions were scored, found unchanged, and how many tasks were acted on."""
    scores = [campaign.score(batch, **listing) for batch in campaign.list(**listing)]
    done = Counter(scored=0, unchanged=0, acted=campaign.decide(scores, **policy)["acted"])
    for one in scores:
        done.update(scored=one["submissions"], unchanged=one["unchanged"])
    return done


def asked(control: Control, after: int) -> Counter[str]:
    return Counter(one["route"] for one in control.requests(after))


def last_request(control: Control) -> int:
    return int(control.requests()[-1]["n"])


def blobs_read(control: Control, after: int) -> int:
    """Return how many requests read or made label rows with their labels."""
    routes = asked(control, after)
    return sum(routes[one] for one in ("labelrow GET", "labelrow PUT"))


def edit(client: EncordUserClient, project_title: str, branch: str, left: float | None, title: str) -> None:
    """Save a row again, with one car at ``left``, or as it was."""
    [found] = client.list_projects(title_eq=project_title)
    project = client.get_project(found.project_hash)
    rows = project.list_label_rows_v2(data_title_eq=title, include_all_label_branches=True)
    [row] = [row for row in rows if row.branch_name == branch]
    row.initialise_labels()
    if left is not None:
        label_row = row.to_encord_dict()
        for instance in row.get_object_instances():
            row.remove_object(instance)
        row.from_labels_dict(one_car(project.ontology_structure, label_row | empty(label_row), left=left))
    row.save()


def empty(label_row: dict[str, Any]) -> dict[str, Any]:
    units = {
        key: unit | {"labels": {"objects": [], "classifications": []}} for key, unit in label_row["data_units"].items()
    }
    return {"data_units": units, "object_answers": {}}


def branch_of(campaign: Campaign, person: str, title: str) -> str:
    tasks = EncordHook("encord_default").workflow.consensus_tasks(campaign.project_hash, SCORED_STAGE)
    [task] = [task for task in tasks if task.data_title == title]
    return next(option.label_branch_name for option in task.options if option.annotator_email == person)


def scores_of(campaign: Campaign) -> dict[tuple[str, str], float | None]:
    """Return the scores that the ledger holds, by title and person."""
    store = LedgerStore(open_bucket(str(campaign.workspace)), campaign.project_hash)
    ledger = store.read()
    return {
        (one.data_title, one.annotator_email): one.score for one in (*ledger.entries.values(), *store.archived(ledger))
    }


def test_a_pass_over_an_unchanged_project_scores_nothing_and_reads_no_labels(
    run_campaign: RunCampaign, control: Control
) -> None:
    campaign = run_campaign()
    assert work(campaign) == {"scored": 8, "unchanged": 0, "acted": 0}
    files = {path: path.read_bytes() for path in campaign.workspace.rglob("*") if path.is_file()}
    before = last_request(control)
    assert work(campaign) == {"scored": 0, "unchanged": 0, "acted": 0}
    assert blobs_read(control, before) == 0
    assert {path: path.read_bytes() for path in campaign.workspace.rglob("*") if path.is_file()} == files


def test_the_listings_of_a_later_pass_ask_for_edits_only(run_campaign: RunCampaign, control: Control) -> None:
    campaign = run_campaign(units=3)
    work(campaign)
    before = last_request(control)
    assert work(campaign)["scored"] == 0
    # Of the production project and of the benchmark project, one listing each, whatever the number of batches.
    assert asked(control, before)["labelrowmetadata GET"] == 2


def test_an_edited_submission_alone_is_scored_again(
    run_campaign: RunCampaign, control: Control, client: EncordUserClient
) -> None:
    campaign = run_campaign()
    work(campaign)
    branch = branch_of(campaign, BESIDE, "benchmark/0.jpg")
    edit(client, PRODUCTION_PROJECT, branch, TRUE_LEFT, "benchmark/0.jpg")
    assert work(campaign) == {"scored": 1, "unchanged": 0, "acted": 0}
    scores = scores_of(campaign)
    assert scores["benchmark/0.jpg", BESIDE] == pytest.approx(1.0)
    assert scores["benchmark/1.jpg", BESIDE] == pytest.approx(0.0)
    assert work(campaign)["scored"] == 0


def test_a_row_saved_again_as_it_was_is_read_once_and_not_scored(
    run_campaign: RunCampaign, control: Control, client: EncordUserClient
) -> None:
    campaign = run_campaign(units=1)
    work(campaign)
    edit(client, PRODUCTION_PROJECT, branch_of(campaign, BESIDE, "benchmark/0.jpg"), None, "benchmark/0.jpg")
    assert work(campaign) == {"scored": 0, "unchanged": 1, "acted": 0}
    before = last_request(control)
    assert work(campaign) == {"scored": 0, "unchanged": 0, "acted": 0}
    assert blobs_read(control, before) == 0


def test_a_changed_ground_truth_scores_again_what_it_touched_and_nothing_else(
    run_campaign: RunCampaign, control: Control, client: EncordUserClient
) -> None:
    campaign = run_campaign()
    work(campaign)
    edit(client, BENCHMARK_PROJECT, "main", 0.6, "benchmark/1.jpg")
    assert work(campaign) == {"scored": 4, "unchanged": 0, "acted": 0}
    scores = scores_of(campaign)
    assert {person: scores["benchmark/1.jpg", person] for person in (PERFECT, BESIDE)} == pytest.approx(
        {PERFECT: 0.0, BESIDE: 1.0}
    )
    assert scores["benchmark/0.jpg", PERFECT] == pytest.approx(1.0)
    assert work(campaign)["scored"] == 0


def test_ground_truth_edited_after_the_task_is_complete_scores_it_again(
    run_campaign: RunCampaign, control: Control, client: EncordUserClient
) -> None:
    campaign = run_campaign(true_left)
    assert work(campaign, ACT) == {"scored": 8, "unchanged": 0, "acted": 2}
    assert stages(control)["complete"] == 3 - 1
    edit(client, BENCHMARK_PROJECT, "main", 0.6, "benchmark/1.jpg")
    assert work(campaign, ACT) == {"scored": 4, "unchanged": 0, "acted": 0}
    assert scores_of(campaign)["benchmark/1.jpg", PERFECT] == pytest.approx(0.0)
    assert work(campaign, ACT) == {"scored": 0, "unchanged": 0, "acted": 0}


def test_edits_that_no_moment_tells_of_are_found_where_moments_are_told_roughly(
    run_campaign: RunCampaign, client: EncordUserClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("encord_provider.adapters.labels._edited_at", lambda _: "2026-03-01T12:30:00.000000+00:00")
    campaign = run_campaign(units=1)
    assert work(campaign) == {"scored": 4, "unchanged": 0, "acted": 0}
    # Looked at within the second that Encord tells: it may have been edited once more, so it is read once more.
    assert work(campaign) == {"scored": 0, "unchanged": 4, "acted": 0}
    edit(client, PRODUCTION_PROJECT, branch_of(campaign, BESIDE, "benchmark/0.jpg"), TRUE_LEFT, "benchmark/0.jpg")
    assert work(campaign) == {"scored": 1, "unchanged": 3, "acted": 0}


def test_other_settings_score_everything_again(run_campaign: RunCampaign) -> None:
    campaign = run_campaign()
    work(campaign)
    other = SETTINGS | {"iou_threshold": 0.9}
    assert work(campaign, settings=other)["scored"] == 8
    assert scores_of(campaign)["benchmark/0.jpg", SHIFTED] == pytest.approx(0.0)
    assert work(campaign, settings=other)["scored"] == 0


def test_other_rules_of_the_scorer_score_everything_again(
    run_campaign: RunCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = run_campaign(units=1)
    work(campaign)
    monkeypatch.setattr("include.benchmark_qa.scoring.versions.RULES_VERSION", 1_000)
    assert work(campaign)["scored"] == 4


def test_a_pass_killed_before_it_scored_is_made_up_for(run_campaign: RunCampaign) -> None:
    campaign = run_campaign(units=1)
    assert sum(batch["submissions"] for batch in campaign.list()) == 4
    assert work(campaign)["scored"] == 4


def test_a_pass_killed_between_two_batches_keeps_the_first(run_campaign: RunCampaign) -> None:
    campaign = run_campaign()
    first, *_rest = campaign.list(batch_size=1)
    campaign.score(first)
    assert work(campaign)["scored"] == 4


def test_a_pass_killed_between_scoring_and_acting_is_acted_on_by_the_next(
    run_campaign: RunCampaign, control: Control
) -> None:
    campaign = run_campaign(true_left)
    for batch in campaign.list():
        campaign.score(batch)
    before = last_request(control)
    assert work(campaign, ACT) == {"scored": 0, "unchanged": 0, "acted": 2}
    assert blobs_read(control, before) == 0


def test_a_pass_killed_between_recording_and_acting_is_acted_on_by_the_next(
    run_campaign: RunCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = run_campaign(true_left)
    with monkeypatch.context() as killed:
        killed.setattr("encord_provider.adapters.workflow.WorkflowAdapter.review", killed_here)
        with pytest.raises(KeyboardInterrupt):
            work(campaign, ACT)
    assert len(records(campaign)) == 2
    assert work(campaign, ACT) == {"scored": 0, "unchanged": 0, "acted": 2}
    assert len(records(campaign)) == 2


def killed_here(*_: Any) -> int:
    raise KeyboardInterrupt


def killed_with_results(_log: Any, results: Any) -> None:
    if results:
        raise KeyboardInterrupt


def records(campaign: Campaign) -> list[dict[str, Any]]:
    files = sorted((campaign.workspace / "actions" / campaign.project_hash).glob("*.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return [one for one in lines if "outcome" not in one]


@pytest.mark.parametrize(("task_uuid", "was_killed"), [("kept", False), ("kept", True), ("renewed", True)])
def test_a_rejected_task_that_comes_back_unchanged_is_not_rejected_again(
    run_campaign: RunCampaign,
    client: EncordUserClient,
    control: Control,
    task_uuid: str,
    was_killed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    control.switch(task_uuid=task_uuid)
    campaign = run_campaign(units=1)
    if was_killed:  # after the tasks moved, before anybody noted it
        with monkeypatch.context() as killed:
            killed.setattr("encord_provider.operators.action_log.ActionLog.note", killed_with_results)
            with pytest.raises(KeyboardInterrupt):
                work(campaign, ACT)
    else:
        assert work(campaign, ACT)["acted"] == 1
    assert stages(control)["annotation"] == 1
    resubmit(control, campaign)
    assert stages(control)["review"] == 1
    assert work(campaign, ACT)["acted"] == 0
    assert stages(control)["review"] == 1
    branch = branch_of(campaign, BESIDE, "benchmark/0.jpg")
    edit(client, PRODUCTION_PROJECT, branch, TRUE_LEFT, "benchmark/0.jpg")
    assert work(campaign, ACT) == {"scored": 1, "unchanged": 0, "acted": 1}


def resubmit(control: Control, campaign: Campaign) -> None:
    """Let everybody submit what they are given as it is."""
    for person in ANNOTATORS:
        taken = control.take(person, campaign.project_hash, "CONSENSUS_ANNOTATION")
        body = [{"task_uuid": task["task_uuid"], "labels": None} for task in taken]
        control.call("POST", f"ui/projects/{campaign.project_hash}/submit", body, person)


def test_a_unit_that_is_annotated_anew_is_not_scored_meanwhile(
    run_campaign: RunCampaign, control: Control, client: EncordUserClient
) -> None:
    campaign = run_campaign()
    assert work(campaign, ACT)["acted"] == 2
    edit(client, BENCHMARK_PROJECT, "main", 0.6, "benchmark/1.jpg")
    assert work(campaign, ACT) == {"scored": 0, "unchanged": 0, "acted": 0}
    structure = client.get_project(campaign.project_hash).ontology_structure
    annotate(control, ANNOTATORS, campaign.project_hash, structure, lambda *_: 0.6)
    assert work(campaign, ACT)["scored"] == 8
    assert scores_of(campaign)["benchmark/1.jpg", BLANK] == pytest.approx(1.0)


def test_each_action_is_recorded_with_the_scores_that_caused_it(run_campaign: RunCampaign) -> None:
    campaign = run_campaign(units=1)
    work(campaign, {"on_pass": "approve", "on_fail": "reject", "on_annotator_fail": "notify"})
    [reject] = records(campaign)
    assert (reject["action"], reject["who"]) == ("reject", sorted(ANNOTATORS))
    assert reject["reason"].startswith("below the pass mark: ")
    scores = {one["annotator_email"]: one["score"] for one in reject["scores"]}
    assert scores == pytest.approx({PERFECT: 1.0, SHIFTED: 2 / 3, BESIDE: 0.0, BLANK: 0.0}, abs=1e-6)
    assert {len(one["submission_version"]) for one in reject["scores"]} == {64}
    assert {len(one["settings_version"]) for one in reject["scores"]} == {16}
    assert reject["at"] == "2026-03-01T12:30:00.000000+00:00"
    hints = dict(reject["hints"])
    assert hints[SHIFTED] == ["Car outlined loosely"]
    assert hints[BESIDE] == ["Car not labelled", "Car labelled where there is none"]
    assert hints[BLANK] == ["Car not labelled"]


@pytest.mark.parametrize("step", [{"move": "Annotate"}, {"proceed": "NO"}])
def test_a_failed_task_goes_where_the_policy_says(
    run_campaign: RunCampaign, control: Control, step: dict[str, str]
) -> None:
    campaign = run_campaign()
    assert work(campaign, {"on_pass": "approve", "on_fail": step})["acted"] == 2
    assert stages(control)["review"] == 0
    assert work(campaign, {"on_pass": "approve", "on_fail": step})["acted"] == 0


def test_a_damaged_ledger_costs_work_and_nothing_else(run_campaign: RunCampaign) -> None:
    campaign = run_campaign(true_left)
    assert work(campaign, ACT)["acted"] == 2
    [ledger] = Path(campaign.workspace, "scores/ledger").glob("*.json.gz")
    ledger.write_bytes(b"damaged")
    assert work(campaign, ACT) == {"scored": 0, "unchanged": 0, "acted": 0}
