"""A campaign: one Benchmark QA undertaking, written as one YAML file in ``include/campaigns``."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from croniter import croniter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.manifest.model import UnitType
from include.benchmark_qa.manifest.rules import ManifestRules
from include.benchmark_qa.ontology import OntologySettings
from include.benchmark_qa.prefixes import check_prefixes
from include.benchmark_qa.scoring.settings import DecisionSettings, PolicySettings, ScoringSettings

PROJECT_ROOT = Path(__file__).resolve().parents[2]
CAMPAIGNS_VARIABLE = "BENCHMARK_QA_CAMPAIGNS"
HOME_VARIABLE = "BENCHMARK_QA_HOME"

# What a cloud-synced folder takes (Encord's page on them).
SYNCED_TYPES = frozenset({UnitType.IMAGE, UnitType.VIDEO, UnitType.AUDIO, UnitType.TEXT, UnitType.PDF})

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"


def _is_filled_in(text: str) -> str:
    """Refuse what the template of a new campaign has in place of a value."""
    if text.startswith("<") and text.endswith(">"):
        raise ValueError(f"still to be filled in: {text}")
    return text


Text = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_is_filled_in)]


Share = Annotated[float, Field(gt=0, le=1)]
BenchmarkMix = Literal["interleave", "first", "none"]

# Options of buckets that would let anybody in who reads the campaign's file.
SECRET_OPTIONS = frozenset(
    {"access_key_id", "secret_access_key", "session_token", "service_account_json"}
    | {"account_key", "sas_token", "connection_string"}
)


class CampaignError(ValueError):
    """A campaign file is missing, is no YAML, or has a field that is wrong; the message names file and field."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def is_address(place: str) -> bool:
    """Tell a bucket's address from the path of a folder."""
    return re.match(r"arn:|[a-z0-9+]+://", place, re.IGNORECASE) is not None


class BucketSettings(_Settings):
    """
    Where the files are.

    ``uri`` is what ``include.object_storage.open_bucket`` takes, and ``options`` are handed to it; they never hold a
    secret. Credentials come from the Airflow connection ``connection``, else from the cloud's default chain.
    ``filters`` say which files there are for the campaign at all.
    """

    uri: Text
    benchmark_prefix: str = "benchmark/"
    production_prefix: str = "production/"
    options: dict[str, str | bool] = Field(default_factory=dict)
    connection: Text | None = None
    filters: ListingFilters = ListingFilters()

    @property
    def is_local(self) -> bool:
        """Whether files are uploaded from a folder, and Encord is not told web addresses of them."""
        is_folder = self.uri.startswith("file://") or not is_address(self.uri)
        return is_folder and "object_url_base" not in self.options

    @field_validator("options")
    @classmethod
    def _options_hold_no_secret(cls, options: dict[str, str | bool]) -> dict[str, str | bool]:
        if secret := sorted(SECRET_OPTIONS & set(options)):
            raise ValueError(
                f"{', '.join(secret)}: keep it in an Airflow connection, and name that in bucket.connection"
            )
        return options

    @model_validator(mode="after")
    def _prefixes_are_apart(self) -> BucketSettings:
        check_prefixes(self.benchmark_prefix, self.production_prefix)
        return self


class ImportSettings(_Settings):
    """
    How files come to Encord; the word ``cloud_synced`` alone stands for ``{mode: cloud_synced}``.

    ``mode`` ``manifest`` registers what the manifest names (files of a local folder are uploaded); ``cloud_synced``
    lets Encord mirror the bucket's prefixes, for files that stand alone. ``concurrency`` upload jobs are in flight,
    ``upload_workers`` local files are uploaded at once, ``max_failed`` units may be refused, and jobs are looked at
    every ``poll_interval`` seconds.
    """

    mode: Literal["manifest", "cloud_synced"] = "manifest"
    concurrency: Annotated[int, Field(ge=1, le=20)] = 2
    upload_workers: Annotated[int, Field(ge=1, le=64)] = 4
    max_failed: Annotated[int, Field(ge=0)] = 0
    poll_interval: Annotated[float, Field(gt=0)] = 10.0

    @model_validator(mode="before")
    @classmethod
    def _a_word_is_the_mode(cls, given: Any) -> Any:
        return {"mode": given} if isinstance(given, str) else given


class PersonSettings(_Settings):
    """Somebody who gets a role in a project; ``role`` in Encord's words."""

    email: Text
    role: Literal["ANNOTATOR", "REVIEWER", "ANNOTATOR_REVIEWER", "TEAM_MANAGER", "ADMIN", "VIEWER"]


class GroupSettings(_Settings):
    """A user group of the Encord organisation that gets a role in a project."""

    group_hash: Text
    role: Literal["ANNOTATOR", "REVIEWER", "ANNOTATOR_REVIEWER", "TEAM_MANAGER", "ADMIN", "VIEWER"]


class ProjectSettings(_Settings):
    """
    An Encord project, with the folder and the dataset whose units it works on.

    ``workflow_template`` is the template's hash: templates are made in Encord's web app and no API lists them.
    """

    title: Text
    folder: Text
    dataset: Text
    workflow_template: Text
    description: str = ""
    tags: list[Text] = Field(default_factory=list)
    users: list[PersonSettings] = Field(default_factory=list)
    groups: list[GroupSettings] = Field(default_factory=list)


class StageRequirement(_Settings):
    """All units are in the stage of this title, or in the final one."""

    stage: Text


class GroundTruthSettings(_Settings):
    """
    When ground truth counts as made, and how long it is waited for.

    ``require`` is ``all`` (every unit of the benchmark project is in ``complete_stage``), a share of them in (0, 1],
    or ``{stage: title}``.
    """

    complete_stage: Text = "Complete"
    require: Literal["all"] | Share | StageRequirement = "all"
    poke_interval: Annotated[float, Field(gt=0)] = 60.0
    timeout_hours: Annotated[float, Field(gt=0)] = 24.0 * 14

    @property
    def timeout_seconds(self) -> float:
        """How long ground truth is waited for at most."""
        return self.timeout_hours * 3600.0

    @field_validator("require", mode="before")
    @classmethod
    def _require_is_one_of_three(cls, given: Any) -> Any:
        is_share = isinstance(given, (int, float)) and not isinstance(given, bool) and 0 < given <= 1
        is_stage = isinstance(given, dict) and set(given) == {"stage"} and isinstance(given["stage"], str)
        if not (given == "all" or is_share or is_stage):
            # One line: the union would say of each of the three why it is not that one.
            raise ValueError(f"{given!r} is none of these: all, a share above 0 and up to 1, {{stage: title}}")
        return given


class WorkflowSettings(_Settings):
    """The titles that the production project's workflow template gave to its stages and pathways."""

    agent_stage: Text = "Benchmark Task?"
    benchmark_pathway: Text = "YES"
    production_pathway: Text = "NO"
    scored_stage: Text = "Consensus 1"


class ScheduleSettings(_Settings):
    """
    When things run by themselves: five-field cron expressions in UTC, or null.

    ``campaign`` looks for new files (each run covers the objects modified since the last); ``loop`` routes and scores.
    ``queue`` is the URL of an SQS queue whose messages, such as a bucket's notifications, start a run of the campaign;
    ``queue_connection`` the Airflow connection for it, else the default chain's credentials. ``paused``: the Dags are
    not turned on before a person does it, whatever Airflow is set to do with new ones.
    """

    paused: bool = True
    campaign: str | None = None
    queue: Annotated[str, Field(pattern=r"^https?://")] | None = None
    queue_connection: Text | None = None
    loop: str | None = "*/10 * * * *"

    @field_validator("campaign", "loop")
    @classmethod
    def _cron_expressions_are_such(cls, cron: str | None) -> str | None:
        if cron is not None and (len(cron.split()) != 5 or not croniter.is_valid(cron)):
            raise ValueError(f"{cron!r} is no cron expression of five fields, such as '*/10 * * * *'")
        return cron


class Campaign(_Settings):
    """
    All settings of one campaign; unknown fields are refused.

    ``approval``: a person approves the ground truth before the production project is made. ``benchmark_mix``: how
    known units lie among the real work that annotators are given.
    """

    name: Annotated[str, Field(pattern=NAME_PATTERN, max_length=60)]
    title: Text
    summary: str = ""
    owner: str = "data-operations"
    encord_connection: Text = "encord_default"
    integration: Text | None = None
    workspace: Text
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
        """The workspace as a URI; a relative path is below ``$BENCHMARK_QA_HOME``, else the project's root."""
        if is_address(self.workspace):
            return self.workspace
        return str(Path(os.environ.get(HOME_VARIABLE, PROJECT_ROOT)) / self.workspace)


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
