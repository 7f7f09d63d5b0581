"""From submissions in Encord to scores, decisions and the scorecard, as the last four tasks of a Dag do it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from encord_provider.exceptions import EncordNotFoundError, EncordOntologyError, EncordWorkflowError
from include.benchmark_qa.submissions import load_batch
from tests.emulator.emulator_support import ANNOTATORS
from tests.unit.encord_provider.provider_support import PRODUCTION_PROJECT, ROADS, annotate, project_maker, run
from tests.unit.encord_provider.scoring_support import (
    BESIDE,
    BLANK,
    PERFECT,
    SHIFTED,
    TRUE_LEFT,
    Campaign,
    RunCampaign,
    stages,
    usual_left,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]


def test_each_submission_is_scored_against_the_ground_truth(run_campaign: RunCampaign) -> None:
    campaign = run_campaign()
    [batch] = campaign.list()
    assert batch["submissions"] == 8
    scored = campaign.score(batch)
    assert {name: scored[name] for name in ("submissions", "not_computed")} == {"submissions": 8, "not_computed": 0}
    rows = campaign.rows(scored)
    assert {(row.annotator_email, row.data_title) for row in rows} == {
        (person, f"benchmark/{number}.jpg") for person in ANNOTATORS for number in range(2)
    }
    by_person = {row.annotator_email: row for row in rows}
    expected = {PERFECT: 1.0, SHIFTED: 2 / 3, BESIDE: 0.0, BLANK: 0.0}
    assert {person: row.score for person, row in by_person.items()} == pytest.approx(expected, abs=1e-6)
    assert {person: row.passed for person, row in by_person.items()} == {one: one == PERFECT for one in ANNOTATORS}
    assert (by_person[BLANK].missing, by_person[BLANK].label_hash) == (1, None)
    assert (by_person[BESIDE].missing, by_person[BESIDE].extra) == (1, 1)
    assert by_person[PERFECT].campaign == "roads"


def test_scoring_again_writes_the_same_files(run_campaign: RunCampaign) -> None:
    campaign = run_campaign()
    batches = campaign.list()
    first = [campaign.score(batch) for batch in batches]
    files = {path: path.read_bytes() for path in campaign.workspace.rglob("*") if path.is_file()}
    assert [campaign.score(batch) for batch in batches] == first
    assert {path: path.read_bytes() for path in campaign.workspace.rglob("*") if path.is_file()} == files
    assert len([path for path in files if path.suffix == ".parquet"]) == 2


def test_a_batch_is_bounded_and_never_tears_a_unit_apart(run_campaign: RunCampaign) -> None:
    campaign = run_campaign(units=3)
    batches = campaign.list(batch_size=5)
    assert [batch["submissions"] for batch in batches] == [8, 4]
    listed = [load_batch((campaign.workspace / batch["batch"]).read_bytes()) for batch in batches]
    units = [{one.data_hash for one in batch} for batch in listed]
    assert not units[0] & units[1]


@pytest.mark.parametrize("consensus_options", ["after_all", "as_submitted"])
@pytest.mark.parametrize("consensus_stage_titles", ["same", "suffixed"])
def test_a_unit_is_scored_once_all_its_annotators_have_submitted(
    run_campaign: RunCampaign,
    client: EncordUserClient,
    control: Control,
    consensus_options: str,
    consensus_stage_titles: str,
) -> None:
    control.switch(consensus_options=consensus_options, consensus_stage_titles=consensus_stage_titles)
    campaign = run_campaign(submitted_by=[PERFECT, SHIFTED])
    assert campaign.list() == []
    structure = client.get_project(campaign.project_hash).ontology_structure
    annotate(control, [BESIDE, BLANK], campaign.project_hash, structure, usual_left)
    assert [batch["submissions"] for batch in campaign.list()] == [8]


def test_a_unit_under_another_data_hash_is_known_by_its_file(run_campaign: RunCampaign) -> None:
    campaign = run_campaign(copied_dataset=True)
    [batch] = campaign.list()
    rows = campaign.rows(campaign.score(batch))
    scores = {row.annotator_email: row.score for row in rows}
    assert scores[PERFECT] == pytest.approx(1.0)
    assert {row.not_computed for row in rows} == {""}


def test_labels_under_two_ontologies_are_not_compared(run_campaign: RunCampaign) -> None:
    campaign = run_campaign(truth_ontology=ROADS | {"title": "Older roads"})
    with pytest.raises(EncordOntologyError, match="labels can only be compared under the same one"):
        campaign.list()


def test_without_a_benchmark_project_there_is_nothing_to_compare_with(run_campaign: RunCampaign) -> None:
    campaign = run_campaign(units=1)
    with pytest.raises(EncordNotFoundError, match="no project is called 'Truth'"):
        campaign.list(benchmark_project_title="Truth")
    with pytest.raises(EncordWorkflowError, match="ConsensusReviewStages with title 'Consensus 2'"):
        campaign.list(scored_stage="Consensus 2")


def test_nothing_submitted_is_nothing_to_score(run_campaign: RunCampaign, control: Control) -> None:
    control.switch(consensus_stage_titles="suffixed")
    campaign = Campaign(Path("/nowhere"), run(project_maker(PRODUCTION_PROJECT, [])))
    assert campaign.list() == []
    assert campaign.decide(None, on_pass="approve") == {"scored": 0, "acted": 0, "pending": 0}
    assert campaign.decide([], on_pass="approve") == {"scored": 0, "acted": 0, "pending": 0}


def first_unit_wrong(person: str, title: str) -> float:
    return 0.6 if person == BESIDE and title == "benchmark/0.jpg" else TRUE_LEFT


@pytest.mark.parametrize(
    ("policy", "acted", "expected"),
    [
        ({"on_pass": "approve", "on_fail": "leave"}, 2, {"annotation": 0, "review": 1, "complete": 2}),
        ({"on_pass": "approve", "on_fail": "reject"}, 3, {"annotation": 1, "review": 0, "complete": 2}),
        ({"on_pass": "leave", "on_fail": "leave"}, 0, {"annotation": 0, "review": 3, "complete": 0}),
    ],
)
def test_a_decision_is_acted_on_once(
    run_campaign: RunCampaign, control: Control, policy: dict[str, str], acted: int, expected: dict[str, int]
) -> None:
    campaign = run_campaign(first_unit_wrong, units=3)
    scores = [campaign.score(batch) for batch in campaign.list()]
    assert campaign.decide(scores, **policy) == {"scored": 3, "acted": acted, "pending": 0}
    assert stages(control) == expected
    assert campaign.decide(scores, **policy) == {"scored": 3, "acted": 0, "pending": 0}
    assert stages(control) == expected


def test_the_scorecard_sums_up_all_batches(run_campaign: RunCampaign) -> None:
    campaign = run_campaign()
    for batch in campaign.list(batch_size=1):
        campaign.score(batch)
    done = campaign.publish()
    assert done == {"scorecard": "scorecard.html", "annotators": 4, "submissions": 8, "not_computed": 0}
    summary = json.loads((campaign.workspace / "scorecard.json").read_bytes())
    assert {one["annotator_email"]: one["mean_score"] for one in summary["annotators"]} == pytest.approx(
        {PERFECT: 1.0, SHIFTED: 2 / 3, BESIDE: 0.0, BLANK: 0.0}, abs=1e-6
    )
    assert {one["units_left"] for one in summary["annotators"]} == {0}
    page = (campaign.workspace / "scorecard.html").read_text()
    assert "Roads of &lt;2026&gt;" in page
    assert "2026-03-01 12:30 UTC" in page
    assert [person for person in ANNOTATORS if person not in page] == []


def test_a_campaign_without_scores_gets_a_page_that_says_so(workspace: Path) -> None:
    done = Campaign(workspace, "none").publish()
    assert done == {"scorecard": "scorecard.html", "annotators": 0, "submissions": 0, "not_computed": 0}
    assert "<html" in (workspace / "scorecard.html").read_text()
