from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.benchmark_qa.labels.ontology import index_ontology
from include.benchmark_qa.results.rows import SubmissionKey
from include.benchmark_qa.results.tables import ScoreTables, score_tables
from include.benchmark_qa.scoring.scored import score_labels
from include.benchmark_qa.scoring.settings import ScoringSettings
from tests.unit.benchmark_qa.scoring_samples import ontology, pixel_box, row

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TRUTH = row(pixel_box("a", 0, 0, 40, 40), pixel_box("b", 100, 0, 40, 40))
GOOD = row(pixel_box("p", 0, 0, 40, 40), pixel_box("q", 100, 0, 40, 38))
POOR = row(pixel_box("p", 0, 0, 40, 40), pixel_box("q", 100, 0, 40, 40, feature_hash="bus00001"))
EMPTY = row()


@dataclass(frozen=True)
class Scored:
    """One submission to be scored: of whom, of which unit, with what labels."""

    email: str
    unit: int | str
    labels: Any
    truth: Any = None
    version: str = "v1"
    seconds: float | None = None
    submitted_at: datetime | None = None
    campaign: str = "demo"
    title: str = ""
    branch: str = ""

    @property
    def key(self) -> SubmissionKey:
        return SubmissionKey(
            campaign=self.campaign,
            project_hash="project",
            data_hash=f"data-{self.unit}",
            data_title=self.title or f"street {self.unit}.jpg",
            annotator_email=self.email,
            label_branch_name=self.branch or f"encord-{self.email}",
            label_hash="l",
            task_uuid="t",
            ground_truth_version="g",
            submission_version=self.version,
            settings_version="s",
            submitted_at=self.submitted_at,
            seconds=self.seconds,
        )


def tables_of(*submissions: Scored, at: datetime = NOON, structure: Any = None) -> ScoreTables:
    """Score and return the tables; a ``truth`` of ``None`` is the usual one, ``False`` is none at all."""
    index = index_ontology(structure or ontology())
    truths = [None if one.truth is False else one.truth or TRUTH for one in submissions]
    places = list(range(len(submissions)))
    scored = score_labels(index, truths, [one.labels for one in submissions], places, ScoringSettings())
    return score_tables([one.key for one in submissions], scored, index, at)
