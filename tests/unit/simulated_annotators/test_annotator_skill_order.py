from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from statistics import fmean
from typing import Any

import pytest

from include.benchmark_qa.labels.blob import Edit
from include.benchmark_qa.scoring.submission import SubmissionScore, score_submission
from include.simulated_annotators.draw import draw_labels
from include.simulated_annotators.scene import Unit
from include.simulated_annotators.skill import EXACT, SKILLS, Skill

EDIT = Edit(by=None, at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
UNITS = [
    *(Unit(f"{n:02}.jpg", "image") for n in range(54)),
    *(Unit(f"{n:02}", "img_group", 3) for n in range(3)),
    *(Unit(f"{n:02}.mp4", "video", 100) for n in range(3)),
]


def draw(row: dict[str, Any], unit: Unit, ontology: dict[str, Any], skill: Skill, seed: str) -> dict[str, Any]:
    return {**row, "label_hash": seed, **draw_labels(row, unit, ontology, skill, Random(seed), EDIT)}


def score(unit: Unit, empty_rows: dict[str, Any], ontology: dict[str, Any], skill: Skill, seed: str) -> SubmissionScore:
    row = empty_rows[unit.data_type]
    truth = draw(row, unit, ontology, EXACT, "truth")
    return score_submission(ontology, truth, draw(row, unit, ontology, skill, f"{seed}|{unit.title}"))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_four_skills_come_out_in_their_order_well_apart(
    seed: int, empty_rows: dict[str, Any], ontology: dict[str, Any]
) -> None:
    scores = {
        name: [score(unit, empty_rows, ontology, skill, f"{seed}|{name}") for unit in UNITS]
        for name, skill in SKILLS.items()
    }
    assert not any(one.not_computed for of_skill in scores.values() for one in of_skill)
    means = [fmean(one.score or 0.0 for one in of_skill) for of_skill in scores.values()]
    passes = [sum(bool(one.passed) for one in of_skill) for of_skill in scores.values()]
    # Over 60 seeds the ranges of the means were 0.963-0.985, 0.874-0.935, 0.734-0.802 and 0.481-0.568.
    assert all(better - worse > 0.025 for better, worse in pairwise(means)), means
    # Of 60, 55 are the fewest passes whose Wilson interval lies above 0.8, and 41 the most whose lies below it.
    assert passes[0] >= 55
    assert passes[2] <= 41
    assert passes[3] < 10


@pytest.mark.parametrize("unit", [UNITS[0], UNITS[-4], UNITS[-1]])
def test_whoever_draws_exactly_scores_one(unit: Unit, empty_rows: dict[str, Any], ontology: dict[str, Any]) -> None:
    assert score(unit, empty_rows, ontology, EXACT, "again").score == pytest.approx(1.0)
