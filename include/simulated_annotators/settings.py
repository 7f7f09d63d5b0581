"""The people of a demo: who they are, as a team file says it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from include.simulated_annotators.skill import EXACT, Skill, skill_named


class Role(StrEnum):
    """What a member does in the projects where he is one."""

    GROUND_TRUTH = "ground_truth"
    ANNOTATOR = "annotator"
    REVIEWER = "reviewer"


class Member(BaseModel):
    """
    One person.

    :param email: who clicks; must be a user of the projects.
    :param skill: name of a profile in `skill.SKILLS`, for annotators; ground truth is always drawn exactly.
    :param projects: only projects whose title contains this text, upper or lower case; all if left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    role: Role
    skill: str | None = None
    projects: str | None = None

    @field_validator("skill")
    @classmethod
    def _skill_exists(cls, skill: str | None) -> str | None:
        if skill is not None:
            skill_named(skill)
        return skill

    @model_validator(mode="after")
    def _only_annotators_have_a_skill(self) -> Self:
        if (self.role is Role.ANNOTATOR) != (self.skill is not None):
            raise ValueError(f"{self.email}: annotators need a skill, and nobody else has one")
        return self

    @property
    def hand(self) -> Skill:
        """How this person draws."""
        return EXACT if self.skill is None else skill_named(self.skill)

    def works_in(self, project_title: str) -> bool:
        """Whether the member looks into a project of that title."""
        return self.projects is None or self.projects.casefold() in project_title.casefold()


class TeamSettings(BaseModel):
    """
    Everybody who works beside a demo.

    :param seed: chooses all the mistakes; the same seed on the same tasks makes the same ones.
    :param max_ordinary_tasks: how many ordinary annotation tasks an annotator does at most while the program
        runs; None for all. Consensus tasks and ground truth are always done.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    members: Annotated[tuple[Member, ...], Field(min_length=1)]
    seed: int = 0
    max_ordinary_tasks: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _nobody_is_named_twice(self) -> Self:
        emails = [member.email for member in self.members]
        if twice := sorted({email for email in emails if emails.count(email) > 1}):
            raise ValueError(f"members named more than once: {', '.join(twice)}")
        return self


def load_team(path: Path) -> TeamSettings:
    """
    Read a team file.

    :raises ValueError: it cannot be read, or a field of it is wrong; the message names file and field.
    """
    try:
        return TeamSettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg']}" for problem in error.errors()
        )
        raise ValueError(f"team file {path}: {wrong}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"team file {path} cannot be read: {error}") from error
