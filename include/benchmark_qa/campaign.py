"""A campaign: one Benchmark QA undertaking, written as one YAML file in ``include/campaigns``."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, model_validator

from include.benchmark_qa.campaign_parts import (
    AirflowName,
    BatchSettings,
    BenchmarkMix,
    BucketSettings,
    GroundTruthSettings,
    ImportSettings,
    ProjectSettings,
    ScheduleSettings,
    Settings,
    Text,
    WorkflowSettings,
    is_address,
)
from include.benchmark_qa.manifest.model import UnitType
from include.benchmark_qa.manifest.rules import ManifestRules
from include.benchmark_qa.ontology import OntologySettings
from include.benchmark_qa.scoring.settings import DecisionSettings, PolicySettings, ScoringSettings

PROJECT_ROOT = Path(__file__).resolve().parents[2]
CAMPAIGNS_VARIABLE = "BENCHMARK_QA_CAMPAIGNS"
HOME_VARIABLE = "BENCHMARK_QA_HOME"
WORKSPACES_VARIABLE = "BENCHMARK_QA_WORKSPACES"

# What a cloud-synced folder takes (Encord's page on them).
SYNCED_TYPES = frozenset({UnitType.IMAGE, UnitType.VIDEO, UnitType.AUDIO, UnitType.TEXT, UnitType.PDF})

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"


class CampaignError(ValueError):
    """A campaign file is missing, is no YAML, or has a field that is wrong; the message names file and field."""


class Campaign(Settings):
    """
    All settings of one campaign; unknown fields are refused.

    ``queue``: the workers that run the tasks; ``scoring_queue``: those that score instead, which takes processors where
    other tasks wait for answers. ``approval``: a person approves the ground truth before the production project is
    made. ``benchmark_mix``: how known units lie among the real work that annotators are given.
    """

    name: Annotated[str, Field(pattern=NAME_PATTERN, max_length=60)]
    title: Text
    summary: str = ""
    owner: str = "data-operations"
    encord_connection: AirflowName = "encord_default"
    integration: Text | None = None
    workspace: Text
    queue: AirflowName | None = None
    scoring_queue: AirflowName | None = None
    approval: bool = False
    benchmark_mix: BenchmarkMix = "interleave"
    bucket: BucketSettings
    manifest: ManifestRules = Field(default_factory=ManifestRules)
    import_: ImportSettings = Field(default_factory=ImportSettings, alias="import")
    ontology: OntologySettings
    benchmark_project: ProjectSettings
    production_project: ProjectSettings
    ground_truth: GroundTruthSettings = Field(default_factory=GroundTruthSettings)
    workflow: WorkflowSettings = Field(default_factory=WorkflowSettings)
    scoring: ScoringSettings = Field(default_factory=ScoringSettings)
    batches: BatchSettings = Field(default_factory=BatchSettings)
    decision: DecisionSettings = Field(default_factory=DecisionSettings)
    policy: PolicySettings = Field(default_factory=PolicySettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)

    @model_validator(mode="after")
    def _projects_are_apart(self) -> Campaign:
        for field in ("title", "folder", "dataset"):
            if getattr(self.benchmark_project, field) == getattr(self.production_project, field):
                msg = f"benchmark_project.{field} and production_project.{field} must differ"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _files_can_reach_encord(self) -> Campaign:
        if self.integration is None and not self.bucket.is_local:
            raise ValueError(f"integration: name Encord's cloud integration that can read {self.bucket.uri}")
        if self.import_.mode == "cloud_synced":
            self._check_synced()
        return self

    def _check_synced(self) -> None:
        if self.bucket.is_local:
            raise ValueError("import.mode: Encord cannot mirror a local folder; leave cloud_synced out")
        if unfit := {rule.type.value for rule in self.manifest.rules if rule.type not in SYNCED_TYPES}:
            raise ValueError(
                f"manifest.rules: cloud_synced folders take no {', '.join(sorted(unfit))}; name rules for "
                f"{', '.join(sorted(SYNCED_TYPES))} only, or import by manifest"
            )
        if rough := [one for one in (self.bucket.benchmark_prefix, self.bucket.production_prefix) if one[-1:] != "/"]:
            raise ValueError(f"bucket: prefix {rough[0]!r} must end in a slash for cloud_synced folders")

    @property
    def workspace_uri(self) -> str:
        """
        The workspace as a URI; a relative one is below the place of all workspaces.

        That is ``$BENCHMARK_QA_WORKSPACES``, a folder or a bucket's address, else ``$BENCHMARK_QA_HOME``, else the
        project's root.

        :raises CampaignError: it would leave that bucket
        """
        home = os.environ.get(HOME_VARIABLE) or PROJECT_ROOT
        place = os.environ.get(WORKSPACES_VARIABLE, "")
        if is_address(self.workspace):
            return self.workspace
        if not is_address(place) or posixpath.isabs(self.workspace):
            return str(Path(home, place, self.workspace))
        below = posixpath.normpath(self.workspace)
        if below.split("/")[0] == "..":
            raise CampaignError(
                f"campaign {self.name!r}, field workspace: {self.workspace} leads out of ${WORKSPACES_VARIABLE}, "
                f"{place}; leave the '..' out, or write a bucket's address"
            )
        return f"{place.rstrip('/')}/{below}"


def campaigns_folder() -> Path:
    """Return the folder of campaign files: ``$BENCHMARK_QA_CAMPAIGNS``, else ``include/campaigns``."""
    return Path(os.environ.get(CAMPAIGNS_VARIABLE, PROJECT_ROOT / "include" / "campaigns"))


def load_campaign(name: str) -> Campaign:
    """
    Read ``<campaigns folder>/<name>.yaml``.

    :raises CampaignError: the file is missing, is no YAML mapping, or a field is wrong: all wrong fields, by name.
    """
    path = campaigns_folder() / f"{name}.yaml"
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CampaignError(f"{path}: there is no such campaign file") from None
    except yaml.YAMLError as error:
        raise CampaignError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(fields, dict):
        raise CampaignError(f"{path}: a campaign is a mapping of fields, not {type(fields).__name__}")
    if fields.setdefault("name", name) != name:
        raise CampaignError(f"{path}: name is {fields['name']!r} but the file is called {name}.yaml")
    try:
        return Campaign.model_validate(fields)
    except ValidationError as error:
        raise CampaignError(f"{path}: {describe_problems(error)}") from None


def describe_problems(error: ValidationError) -> str:
    """Say every wrong field of a validation error in one line, by its dotted name, without quoting its value."""
    problems = error.errors(include_url=False)
    fields = {problem["loc"] for problem in problems}
    # A list whose entries are all wrong is "too short" beside, which helps nobody.
    said = [one for one in problems if one["type"] != "too_short" or not _is_above(one["loc"], fields)]
    return "; ".join(map(_describe, said))


def _is_above(field: tuple[int | str, ...], fields: Collection[tuple[int | str, ...]]) -> bool:
    return any(other[: len(field)] == field and other != field for other in fields)


def _describe(problem: Any) -> str:
    field = ".".join(str(part) for part in problem["loc"]) or "campaign"
    if problem["type"] == "extra_forbidden":
        return f"{field}: no such field"
    return f"{field}: {problem['msg'].removeprefix('Value error, ')}"
