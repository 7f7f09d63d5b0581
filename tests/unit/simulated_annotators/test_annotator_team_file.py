from __future__ import annotations

from pathlib import Path

import pytest

from include.simulated_annotators.settings import Role, load_team
from include.simulated_annotators.skill import EXACT, SKILLS

TEAM = """
seed: 7
max_ordinary_tasks: 25
members:
  - {email: truth@demo.test, role: ground_truth, projects: ground truth}
  - {email: careful@demo.test, role: annotator, skill: careful}
"""


def test_a_team_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_text(TEAM)
    team = load_team(tmp_path / "team.yaml")
    truth, careful = team.members
    assert (team.seed, team.max_ordinary_tasks, truth.role) == (7, 25, Role.GROUND_TRUTH)
    assert truth.hand is EXACT
    assert careful.hand is SKILLS["careful"]
    assert truth.works_in("Demo Ground Truth project")
    assert not truth.works_in("Demo production")
    assert careful.works_in("Demo production")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("skill: careful", "skill: brilliant", "members.1.skill: .*no skill is called 'brilliant'"),
        (", skill: careful", "", "careful@demo.test: annotators need a skill"),
        ("role: ground_truth", "role: ground_truth, skill: hasty", "truth@demo.test: annotators need a skill"),
        ("seed: 7", "sead: 7", "sead: Extra inputs are not permitted"),
        ("email: careful@", "email: truth@", "named more than once: truth@demo.test"),
        ("role: annotator", "role: manager", "members.1.role: "),
        (TEAM, "members: []", "members: "),
        (TEAM, "members: [", "cannot be read"),
        (TEAM, "", "file: "),
    ],
)
def test_a_wrong_team_file_names_the_file_and_the_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "team.yaml").write_text(TEAM.replace(old, new))
    with pytest.raises(ValueError, match=rf"team file \S+team.yaml.*{message}"):
        load_team(tmp_path / "team.yaml")


def test_a_missing_team_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"team file \S+none.yaml cannot be read"):
        load_team(tmp_path / "none.yaml")
