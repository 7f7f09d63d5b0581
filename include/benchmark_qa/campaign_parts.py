"""The parts of a campaign: where files are, the projects, waiting, the workflow's titles, when things run."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from croniter import croniter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from include.benchmark_qa.listing.filters import ListingFilters
from include.benchmark_qa.prefixes import check_prefixes


def _is_filled_in(text: str) -> str:
    """Refuse what the template of a new campaign has in place of a value."""
    if text.startswith("<") and text.endswith(">"):
        raise ValueError(f"still to be filled in: {text}")
    return text


Text = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_is_filled_in)]
# Of something in Airflow, whose own limit is 250 characters; a pool's name has a few more than its connection's.
AirflowName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_is_filled_in)]
Share = Annotated[float, Field(gt=0, le=1)]
BenchmarkMix = Literal["interleave", "first", "none"]

# Options of buckets that would let anybody in who reads the campaign's file.
SECRET_OPTIONS = frozenset(
    {"access_key_id", "secret_access_key", "session_token", "service_account_json"}
    | {"account_key", "sas_token", "connection_string"}
)


class Settings(BaseModel):
    """What all parts share: unknown fields are refused, and nothing is changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def is_address(place: str) -> bool:
    """Tell a bucket's address from the path of a folder."""
    return re.match(r"arn:|[a-z0-9+]+://", place, re.IGNORECASE) is not None


class BucketSettings(Settings):
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


class ImportSettings(Settings):
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


class PersonSettings(Settings):
    """Somebody who gets a role in a project; ``role`` in Encord's words."""

    email: Text
    role: Literal["ANNOTATOR", "REVIEWER", "ANNOTATOR_REVIEWER", "TEAM_MANAGER", "ADMIN", "VIEWER"]


class GroupSettings(Settings):
    """A user group of the Encord organisation that gets a role in a project."""

    group_hash: Text
    role: Literal["ANNOTATOR", "REVIEWER", "ANNOTATOR_REVIEWER", "TEAM_MANAGER", "ADMIN", "VIEWER"]


class ProjectSettings(Settings):
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


class StageRequirement(Settings):
    """All units are in the stage of this title, or in the final one."""

    stage: Text


class BatchSettings(Settings):
    """How much one mapped scoring task takes at most: less spreads a pass over more workers, and costs more tasks."""

    submissions: Annotated[int, Field(ge=1)] = 2000
    frames: Annotated[int, Field(ge=1)] = 30_000


class GroundTruthSettings(Settings):
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


class WorkflowSettings(Settings):
    """The titles that the production project's workflow template gave to its stages and pathways."""

    agent_stage: Text = "Benchmark Task?"
    benchmark_pathway: Text = "YES"
    production_pathway: Text = "NO"
    scored_stage: Text = "Consensus 1"


class ScheduleSettings(Settings):
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
