"""How long submissions took, and when they were made: told where Encord tells, and never a reason to fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from encord_provider.hooks.encord import EncordHook
from tests.emulator.emulator_support import ANNOTATORS, REVIEWER, Control
from tests.unit.encord_provider.provider_support import SCORED_STAGE, one_car
from tests.unit.encord_provider.scoring_support import PERFECT, TRUE_LEFT, Campaign, RunCampaign

if TYPE_CHECKING:
    from encord import EncordUserClient

    from include.benchmark_qa.results.rows import SubmissionRow

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

Seconds = Mapping[tuple[str, str], float | None]
FIRST, SECOND = "benchmark/0.jpg", "benchmark/1.jpg"
TIMES: Seconds = {
    (person, title): 10.0 * number + len(title) + (title == SECOND)
    for number, person in enumerate(ANNOTATORS, start=1)
    for title in (FIRST, SECOND)
}
# Work that began the day before is told apart from work of today.
A_LONG_DAY = 23 * 3600.0
ANALYTICS = ("analytics/time-spent", "analytics/task-actions")


def hand_in(control: Control, campaign: Campaign, seconds: Callable[[str, str], float | None], *types: str) -> None:
    """Let everybody submit what they are given as it is, after so long a work; None: nobody measured it."""
    for person in ANNOTATORS:
        taken = control.take(person, campaign.project_hash, *(types or ("CONSENSUS_ANNOTATION",)))
        body = [
            {"task_uuid": task["task_uuid"], "labels": None, "seconds": seconds(person, task["data_title"])}
            for task in taken
        ]
        control.call("POST", f"ui/projects/{campaign.project_hash}/submit", body, person)


def in_time(person: str, title: str) -> float | None:
    return TIMES.get((person, title), 1000.0)


def score(campaign: Campaign, **listing: Any) -> dict[tuple[str, str], SubmissionRow]:
    """Run one pass; return the rows that it scored, by person and title."""
    done = [campaign.score(batch) for batch in campaign.list(**listing)]
    rows = [row for one in done if one["scores"] for row in campaign.rows(one)]
    return {(row.annotator_email, row.data_title): row for row in rows}


def seconds_of(rows: Mapping[tuple[str, str], SubmissionRow]) -> dict[tuple[str, str], float | None]:
    return {key: row.seconds for key, row in rows.items()}


def asked(control: Control, after: int) -> Counter[str]:
    paths = [one["path"] for one in control.requests(after)]
    return Counter(name for name in ANALYTICS for path in paths if name in path)


def last_request(control: Control) -> int:
    return int(control.requests()[-1]["n"])


def test_each_submission_carries_how_long_it_took_and_when_it_was_made(
    run_campaign: RunCampaign, control: Control
) -> None:
    campaign = run_campaign(submitted_by=())
    before = datetime.now(UTC)
    hand_in(control, campaign, in_time)
    after = datetime.now(UTC)
    rows = score(campaign)
    assert seconds_of(rows) == TIMES
    assert all(row.submitted_at and before <= row.submitted_at <= after for row in rows.values())


def test_the_rounds_of_a_rejected_task_add_up_and_the_last_one_says_when(
    run_campaign: RunCampaign, control: Control
) -> None:
    control.switch(page_size=1)
    campaign = run_campaign(submitted_by=(), units=1)
    hand_in(control, campaign, in_time)
    control.review(REVIEWER, campaign.project_hash, "reject", "CONSENSUS_REVIEW")
    between = datetime.now(UTC)
    hand_in(control, campaign, lambda *_: A_LONG_DAY)
    rows = score(campaign)
    assert seconds_of(rows) == {(person, FIRST): A_LONG_DAY + TIMES[person, FIRST] for person in ANNOTATORS}
    assert all(row.submitted_at and between <= row.submitted_at for row in rows.values())


def test_what_nobody_measured_stays_unknown(run_campaign: RunCampaign, control: Control) -> None:
    campaign = run_campaign(submitted_by=())
    hand_in(control, campaign, lambda person, title: in_time(person, title) if person == PERFECT else None)
    rows = score(campaign)
    assert seconds_of(rows) == {key: value if key[0] == PERFECT else None for key, value in TIMES.items()}
    assert None not in {row.submitted_at for row in rows.values()}


def test_analytics_that_lag_behind_are_as_none(run_campaign: RunCampaign, control: Control) -> None:
    control.switch(analytics_delay_s=3600)
    campaign = run_campaign(submitted_by=(), units=1)
    hand_in(control, campaign, in_time)
    rows = score(campaign)
    assert {(row.seconds, row.submitted_at) for row in rows.values()} == {(None, None)}


@pytest.mark.parametrize("status", [400, 403, 404, 501])
@pytest.mark.usefixtures("one_attempt")
def test_analytics_that_are_refused_cost_their_own_column_only(
    run_campaign: RunCampaign, control: Control, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    campaign = run_campaign(submitted_by=(), units=1)
    hand_in(control, campaign, in_time)
    control.call("POST", "faults", {"match": "analytics/time-spent", "status": status})
    rows = score(campaign)
    assert control.call("GET", "faults")[0]["matched"] == 1
    assert "does not tell when people worked (time spent)" in caplog.text
    assert len(rows) == 4
    assert set(seconds_of(rows).values()) == {None}
    assert None not in {row.submitted_at for row in rows.values()}


@pytest.mark.usefixtures("one_attempt")
def test_a_pass_without_any_analytics_scores_all_the_same(run_campaign: RunCampaign, control: Control) -> None:
    campaign = run_campaign(submitted_by=(), units=1)
    hand_in(control, campaign, in_time)
    control.call("POST", "faults", {"match": "analytics/", "drop": "before"})
    rows = score(campaign)
    assert {(row.seconds, row.submitted_at) for row in rows.values()} == {(None, None)}
    assert len(rows) == 4


def test_an_answer_that_is_cut_short_is_not_taken_for_the_whole(
    run_campaign: RunCampaign, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    from encord.client import EncordClientProject

    whole = EncordClientProject.get_time_spent

    def cut_short(*arguments: Any, **more: Any) -> Iterator[Any]:
        yield next(iter(whole(*arguments, **more)))
        raise ConnectionError("cut short")

    campaign = run_campaign(submitted_by=(), units=1)
    hand_in(control, campaign, in_time)
    monkeypatch.setattr(EncordClientProject, "get_time_spent", cut_short)
    assert set(seconds_of(score(campaign)).values()) == {None}


def test_a_stage_of_another_title_tells_nothing(hook: EncordHook, run_campaign: RunCampaign) -> None:
    campaign = run_campaign(submitted_by=(), units=1)
    times = hook.times.annotation_times(campaign.project_hash, "no such stage", hook.unit_hashes(campaign.project_hash))
    assert (times.seconds, times.submitted_at) == ({}, {})


def test_work_outside_the_block_is_not_counted(hook: EncordHook, run_campaign: RunCampaign, control: Control) -> None:
    campaign = run_campaign(submitted_by=())
    hand_in(control, campaign, in_time, "CONSENSUS_ANNOTATION", "ANNOTATION")
    everywhere = list(hook.client.get_project(campaign.project_hash).list_time_spent(datetime(2020, 1, 1, tzinfo=UTC)))
    assert 1000 in {one.time_spent_seconds for one in everywhere}
    times = hook.times.annotation_times(campaign.project_hash, SCORED_STAGE, hook.unit_hashes(campaign.project_hash))
    assert sorted(times.seconds.values()) == sorted(value for value in TIMES.values() if value)
    assert times.submitted_at.keys() == times.seconds.keys()


def test_analytics_are_asked_for_once_in_a_pass_that_scores_and_never_in_another(
    run_campaign: RunCampaign, control: Control
) -> None:
    campaign = run_campaign(submitted_by=())
    hand_in(control, campaign, in_time)
    before = last_request(control)
    assert len(score(campaign, batch_size=1)) == 8
    assert asked(control, before) == dict.fromkeys(ANALYTICS, 1)
    before = last_request(control)
    assert score(campaign) == {}
    assert asked(control, before) == {}


def test_later_times_do_not_make_a_submission_another(run_campaign: RunCampaign, control: Control) -> None:
    control.switch(analytics_delay_s=3600)
    campaign = run_campaign(submitted_by=(), units=1)
    hand_in(control, campaign, in_time)
    assert len(score(campaign)) == 4
    control.switch(analytics_delay_s=0)
    assert campaign.list() == []


def test_times_come_with_scored_labels(run_campaign: RunCampaign, control: Control, client: EncordUserClient) -> None:
    campaign = run_campaign(submitted_by=ANNOTATORS[1:], units=1)
    [task] = control.take(PERFECT, campaign.project_hash, "CONSENSUS_ANNOTATION")
    structure = client.get_project(campaign.project_hash).ontology_structure
    drawn = one_car(structure, task["label_row"], left=TRUE_LEFT)
    body = [{"task_uuid": task["task_uuid"], "labels": drawn, "seconds": 33.0}]
    control.call("POST", f"ui/projects/{campaign.project_hash}/submit", body, PERFECT)
    rows = score(campaign)
    assert (rows[PERFECT, FIRST].seconds, rows[PERFECT, FIRST].passed) == (33.0, True)
