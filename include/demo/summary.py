"""What came of a demo run: ``summary.json``, and the table at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict

from include.benchmark_qa import paths
from include.benchmark_qa.campaign import Campaign
from include.demo import places
from include.demo.world import World


class AnnotatorSummary(TypedDict):
    """One annotator: scored submissions, how many passed, mean score in [0, 1], decision."""

    email: str
    submissions: int
    passes: int
    mean_score: float | None
    decision: str


class Summary(TypedDict):
    """
    The content of ``summary.json``.

    ``routed`` counts the tasks that ever left the agent stage by each pathway, as the local Encord recorded it;
    ``registered`` the units of each folder; ``encord_requests`` the API requests of this run alone.
    """

    routed: dict[str, int]
    registered: dict[str, int]
    benchmark_project: str
    production_project: str
    annotators: list[AnnotatorSummary]
    not_computed: int
    encord_requests: int


def production_project(state: dict[str, Any], campaign: Campaign) -> dict[str, Any] | None:
    """Return the campaign's production project in a state of the local Encord, or None while there is none."""
    return next((one for one in state["projects"] if one["title"] == campaign.production_project.title), None)


def being_labelled(state: dict[str, Any], campaign: Campaign) -> int:
    """Return how many known units annotators still work on."""
    tasks = (production_project(state, campaign) or {"tasks": {}})["tasks"]
    return sum(count for stage, count in tasks.items() if stage.endswith("(CONSENSUS_ANNOTATION)"))


def make_summary(world: World, campaign: Campaign, requests_before: int) -> Summary:
    """Read the state of the local Encord and the published scores."""
    state = world.encord_state()
    projects = {project["title"]: project for project in state["projects"]}
    folders = {folder["name"]: folder["items"] for folder in state["folders"]}
    production = projects[campaign.production_project.title]
    scores = json.loads(Path(campaign.workspace_uri, paths.SUMMARY).read_text(encoding="utf-8"))
    return {
        "routed": production["routed"][campaign.workflow.agent_stage],
        "registered": {
            "benchmark": folders[campaign.benchmark_project.folder],
            "production": folders[campaign.production_project.folder],
        },
        "benchmark_project": projects[campaign.benchmark_project.title]["project_hash"],
        "production_project": production["project_hash"],
        "annotators": [
            {
                "email": annotator["annotator_email"],
                "submissions": annotator["submissions"],
                "passes": annotator["passes"],
                "mean_score": annotator["mean_score"],
                "decision": annotator["decision"],
            }
            for annotator in scores["annotators"]
        ],
        "not_computed": len(scores["not_computed"]),
        "encord_requests": int(state["requests"]) - requests_before,
    }


def write_summary(summary: Summary) -> None:
    """Write ``summary.json``."""
    places.SUMMARY.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def what_is_new(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Say in a sentence what a run made in Encord."""
    counts = {noun: _count(after, noun) - _count(before, noun) for noun in ("folders", "units", "datasets", "projects")}
    made = ", ".join(f"{count} {noun}" for noun, count in counts.items() if count)
    return f"New in Encord: {made}." if made else "Nothing new was made in Encord: all of it was there already."


def _count(state: dict[str, Any], noun: str) -> int:
    return sum(folder["items"] for folder in state["folders"]) if noun == "units" else len(state[noun])
