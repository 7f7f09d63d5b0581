"""From a campaign to the fields of a form, and from a filled form to the campaign as it is for one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from typing import Annotated, Any

from airflow.sdk import DAG, Param
from pydantic import BaseModel, TypeAdapter, ValidationError

from benchmark_qa_wiring.form_fields import CAMPAIGN_FORM, FormField
from benchmark_qa_wiring.places import check_places
from include.benchmark_qa.campaign import Campaign, CampaignError, describe_problems

_TARGETED_STEPS = ("move", "proceed")


def add_form(dag: DAG, campaign: Campaign, fields: Mapping[str, FormField]) -> None:
    """
    Give the Dag a form, filled with the campaign's values; types and limits are those of its models.

    To be called when all tasks are there: into each that comes later Airflow copies the whole form.
    """
    values = _form_values(campaign)
    dag.params.update({name: _param(one, values[name]) for name, one in fields.items()})


def campaign_of_run(campaign: Campaign, params: Mapping[str, Any]) -> Campaign:
    """
    Return the campaign with what the form of a run says instead.

    :raises CampaignError: a value is wrong, by itself or beside the others
    """
    fields = campaign.model_dump(by_alias=True)
    # A form that asks for less leaves the rest as the campaign has it.
    for path, value in _campaign_values(_form_values(campaign) | dict(params)).items():
        *rooms, last = path.split(".")
        reduce(lambda room, part: room[part], rooms, fields)[last] = value
    try:
        changed = Campaign.model_validate(fields)
        check_places(changed)
    except ValidationError as error:
        raise CampaignError(f"this run's form: {describe_problems(error)}") from None
    except CampaignError as error:
        raise CampaignError(f"this run's form: {error}") from None
    return changed


def for_run(campaign: Campaign, *fields: str) -> Any:
    """
    Return an argument for a templated field of an operator: a field of the campaign as the form leaves it.

    Airflow calls it when it renders the argument, so the value keeps its type, and no static type fits.

    :param fields: dotted name of a field, or of a whole part, which becomes a dict; several become ``{name: value}``
    """
    return _ForRun(campaign, fields)


@dataclass(frozen=True, repr=False)
class _ForRun:
    campaign: Campaign
    fields: tuple[str, ...]

    def __call__(self, context: Mapping[str, Any], jinja_env: object) -> Any:
        """
        Return the value, or the values, for one run.

        :raises CampaignError: the form is wrong, in whatever field; so the first task fails, not one hours later
        """
        params = context["params"]
        if unknown := sorted(set(params) - set(context["dag"].params)):
            raise CampaignError(f"this run's form: {', '.join(unknown)}: no such field; docs/campaign.md lists them")
        campaign = campaign_of_run(self.campaign, params)
        values = {field: _plain(_look_up(campaign, field)) for field in self.fields}
        return values if len(values) > 1 else values[self.fields[0]]

    def serialize(self) -> str:
        """Return what Airflow shows before there is a run."""
        return f"<{', '.join(self.fields)} of the form>"

    __repr__ = serialize  # a campaign is too much for a line of a log


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value


def _look_up(campaign: Campaign, path: str) -> Any:
    return reduce(lambda room, part: getattr(room, _attribute(part)), path.split("."), campaign)


def _attribute(part: str) -> str:
    return "import_" if part == "import" else part  # a word of Python's own


def _form_values(campaign: Campaign) -> dict[str, Any]:
    """Return the value of every field of the form; a value of several forms becomes several fields."""
    values = {name: _look_up(campaign, one.path) for name, one in CAMPAIGN_FORM.items()}
    for name in ("on_pass", "on_fail"):
        step = values[name]
        values[name], values[f"{name}_target"] = (step, None) if isinstance(step, str) else next(iter(step.items()))
    require = values["require"]
    values |= {"require_share": None, "require_stage": None}
    if isinstance(require, float):
        values |= {"require": "share", "require_share": require}
    elif not isinstance(require, str):
        values |= {"require": "stage", "require_stage": require.stage}
    return values


def _campaign_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the campaign's fields, by their dotted names, of the form's."""
    joined = {one.path: values[name] for name, one in CAMPAIGN_FORM.items()}
    joined["ground_truth.require"] = values["require"]
    if values["require"] == "share":
        joined["ground_truth.require"] = _given(values, "require_share")
    if values["require"] == "stage":
        joined["ground_truth.require"] = {"stage": _given(values, "require_stage")}
    for name in ("on_pass", "on_fail"):
        step = values[name]
        joined[f"policy.{name}"] = {step: _given(values, f"{name}_target")} if step in _TARGETED_STEPS else step
    return joined


def _given(values: Mapping[str, Any], name: str) -> Any:
    """Return the value of a field that another field's choice calls for."""
    if values[name] in (None, ""):
        other = name.rpartition("_")[0]
        raise CampaignError(f"this run's form: {name} is empty, and {other} is {values[other]!r}: fill it in")
    return values[name]


def _param(one: FormField, value: Any) -> Param:
    schema: dict[str, Any] = dict(one.limits) if "type" in one.limits else _schema(one.path) | dict(one.limits)
    if one.choices is not None:
        schema = {"type": "string", "enum": list(one.choices), "values_display": dict(one.choices)}
    if one.path == "integration" and value is not None:
        schema["type"] = "string"  # a bucket that needs one today is not imported without
    return Param(value, description=one.help, source="dag", title=one.title, section=one.section, **schema)


@cache
def _schema(path: str) -> dict[str, Any]:
    """Return type and limits of a campaign's field as JSON schema of one level, as Airflow's form reads it."""
    model: Any = Campaign
    *rooms, last = path.split(".")
    for room in rooms:
        model = model.model_fields[_attribute(room)].annotation
    field = model.model_fields[last]
    constrained: Any = Annotated[field.annotation, field]
    schema = TypeAdapter(constrained).json_schema()
    kinds = schema.pop("anyOf", [])
    for kind in kinds:
        schema |= kind
    if {"type": "null"} in kinds:
        schema["type"] = ["null", *(kind["type"] for kind in kinds if kind["type"] != "null")]
    schema.pop("default", None)
    return schema
