"""What the policy does about tasks: once, whatever goes wrong on the way, and never what Encord refuses for ever."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from encord.exceptions import RequestException

from encord_provider.exceptions import EncordWorkflowError
from tests.emulator.emulator_support import KEYS, MANAGER
from tests.unit.encord_provider.acting_support import first_pass, issues, lines, outcomes
from tests.unit.encord_provider.scoring_support import BESIDE, BLANK, PERFECT, SHIFTED, RunCampaign, stages, true_left

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

REJECT_WITH_ISSUES = {"on_pass": "approve", "on_fail": "reject", "issues": True}
HINTS = {
    SHIFTED: "Car outlined loosely",
    BESIDE: "Car not labelled; Car labelled where there is none",
    BLANK: "Car not labelled",
}


def killed_here(*_: Any) -> None:
    raise KeyboardInterrupt


def killed_with_results(_log: Any, results: Any) -> None:
    if results:
        raise KeyboardInterrupt


def test_each_who_failed_finds_an_issue_with_hints_and_nothing_of_the_truth(
    run_campaign: RunCampaign, client: EncordUserClient
) -> None:
    campaign = run_campaign(units=1)
    scores = first_pass(campaign)
    assert campaign.decide(scores, **REJECT_WITH_ISSUES)["acted"] == 1
    found = {text.split(":")[0]: text for text in issues(client, campaign)}
    assert {person: re.sub(r" \[ref \w+\]$", "", text) for person, text in found.items()} == {
        person: f"{person}: {hints}" for person, hints in HINTS.items()
    }
    assert outcomes(campaign) == [("reject", "done"), *[("issue", "done")] * 3]
    assert {one["by"] for one in lines(campaign) if "outcome" not in one} == {"manual"}
    assert campaign.decide(scores, **REJECT_WITH_ISSUES)["acted"] == 0
    assert len(issues(client, campaign)) == 3


def test_by_default_there_are_no_issues(run_campaign: RunCampaign, client: EncordUserClient) -> None:
    campaign = run_campaign(units=1)
    campaign.decide(first_pass(campaign), on_pass="approve", on_fail="reject")
    assert issues(client, campaign) == []


@pytest.mark.parametrize("fault", ["answer lost", "killed before", "killed after"])
def test_an_issue_is_written_once_whatever_happens_on_the_way(
    run_campaign: RunCampaign,
    client: EncordUserClient,
    control: Control,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    campaign = run_campaign(units=1)
    scores = first_pass(campaign)
    if fault == "answer lost":  # Airflow tries again, and not the SDK: a request that is only late would be doubled
        control.call("POST", "faults", {"match": "POST .*/issues$", "drop": "after", "times": 1})
        with pytest.raises(RequestException):
            campaign.decide(scores, **REJECT_WITH_ISSUES)
    else:
        with monkeypatch.context() as killed:
            where = {"killed before": "ensure", "killed after": "_delete_doubles"}[fault]
            killed.setattr(f"encord_provider.adapters.issues.IssueAdapter.{where}", killed_here)
            with pytest.raises(KeyboardInterrupt):
                campaign.decide(scores, **REJECT_WITH_ISSUES)
    campaign.decide(None, **REJECT_WITH_ISSUES)
    assert stages(control)["annotation"] == 1
    assert len(issues(client, campaign)) == 3
    assert outcomes(campaign) == [("reject", "done"), *[("issue", "done")] * 3]


def test_a_move_that_encord_refuses_is_said_once_and_keeps_nothing_from_being_done(
    run_campaign: RunCampaign, control: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    control.switch(legal_moves="connected")
    campaign = run_campaign(lambda _, title: 0.6 if title == "benchmark/0.jpg" else 0.1, units=3)
    scores = first_pass(campaign)
    step = {"on_pass": "approve", "on_fail": {"move": "Annotate"}}
    capsys.readouterr()
    assert campaign.decide(scores, **step)["acted"] == 2
    said = capsys.readouterr().out
    assert re.search(r"Refused: move Annotate benchmark/0.jpg \(.*\): stage 'Consensus 1': tasks cannot be moved", said)
    assert sorted(outcomes(campaign)) == [("approve", "done"), ("approve", "done"), ("move", "refused")]
    before = control.requests()[-1]["n"]
    assert campaign.decide(scores, **step)["acted"] == 0
    assert [one for one in control.requests(before) if "move-tasks" in one["path"]] == []
    assert campaign.decide(scores, on_pass="approve", on_fail="reject")["acted"] == 1
    assert outcomes(campaign)[-1] == ("reject", "done")


@pytest.mark.parametrize("step", ["approve", {"move": "Annotate"}])
def test_what_encord_takes_only_one_by_one_is_sent_one_by_one(
    run_campaign: RunCampaign, control: Control, step: Any
) -> None:
    campaign = run_campaign(true_left, units=3)
    scores = first_pass(campaign)
    control.switch(actions_limit=1)
    assert campaign.decide(scores, on_pass=step)["acted"] == 3
    assert stages(control)["review"] == 0


def test_an_answer_that_is_lost_is_no_refusal(run_campaign: RunCampaign, control: Control) -> None:
    campaign = run_campaign(true_left)
    scores = first_pass(campaign)
    control.call("POST", "faults", {"match": "POST .*/actions$", "drop": "after", "times": 1})
    assert campaign.decide(scores, on_pass="approve")["acted"] == 2
    assert outcomes(campaign) == [("approve", "done")] * 2


def test_a_pass_that_encord_stops_is_finished_by_the_next(run_campaign: RunCampaign, control: Control) -> None:
    campaign = run_campaign(true_left, units=1)
    scores = first_pass(campaign)
    control.call("POST", "faults", {"match": "POST .*/actions$", "drop": "before"})
    with pytest.raises(RequestException):
        campaign.decide(scores, on_pass="approve")
    control.call("DELETE", "faults")
    assert campaign.decide(None, on_pass="approve")["acted"] == 1
    assert [one["action"] for one in lines(campaign)] == ["approve", "approve"]


def test_what_a_killed_pass_did_is_noted_by_the_next(
    run_campaign: RunCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = run_campaign(true_left, units=1)
    scores = first_pass(campaign)
    with monkeypatch.context() as killed:
        killed.setattr("encord_provider.operators.action_log.ActionLog.note", killed_with_results)
        with pytest.raises(KeyboardInterrupt):
            campaign.decide(scores, on_pass="approve")
    assert outcomes(campaign) == []
    assert campaign.decide(None, on_pass="approve")["acted"] == 0
    assert [(one["outcome"], one["why"]) for one in lines(campaign)[1:]] == [
        ("done", "noted later: the task had gone on")
    ]


def test_a_stage_that_is_not_there_stops_all_before_anything_is_recorded(run_campaign: RunCampaign) -> None:
    campaign = run_campaign(units=1)
    with pytest.raises(EncordWorkflowError, match="no stages with title 'Nowhere'"):
        campaign.decide(first_pass(campaign), on_fail={"move": "Nowhere"})
    assert lines(campaign) == []


def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    run_campaign: RunCampaign, client: EncordUserClient, control: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = run_campaign()
    scores = first_pass(campaign)
    before = stages(control)
    seen = control.requests()[-1]["n"]
    capsys.readouterr()
    assert campaign.decide(scores, dry_run=True, **REJECT_WITH_ISSUES) == {"scored": 2, "acted": 0, "pending": 0}
    said = capsys.readouterr().out
    assert "Would do: 6 x issue, 2 x reject" in said
    assert "Would reject benchmark/0.jpg" in said
    assert {one["method"] for one in control.requests(seen) if "/v2/" in one["path"]} <= {"GET"}
    assert (stages(control), lines(campaign), issues(client, campaign)) == (before, [], [])
    [planned] = (campaign.workspace / "dry_run").glob("*.jsonl")
    assert len(planned.read_text(encoding="utf-8").splitlines()) == 8
    assert campaign.decide(None, **REJECT_WITH_ISSUES)["acted"] == 2
    assert planned.read_bytes() == b""


def test_a_long_plan_is_counted_and_its_first_lines_are_said(
    run_campaign: RunCampaign, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = run_campaign(units=6)
    scores = first_pass(campaign)
    capsys.readouterr()
    campaign.decide(scores, dry_run=True, **REJECT_WITH_ISSUES)
    said = capsys.readouterr().out
    assert "Would do: 18 x issue, 6 x reject" in said
    assert said.count("Would issue") + said.count("Would reject") == 20
    assert "... and 4 more" in said


def test_the_key_is_in_no_record(run_campaign: RunCampaign) -> None:
    campaign = run_campaign(units=1)
    campaign.decide(first_pass(campaign), **REJECT_WITH_ISSUES)
    secret = KEYS[MANAGER].private_pem.splitlines()[1]
    assert all(secret not in str(one) for one in lines(campaign))
    assert {PERFECT, SHIFTED, BESIDE, BLANK} == {who for one in lines(campaign) for who in one.get("who", ())}
