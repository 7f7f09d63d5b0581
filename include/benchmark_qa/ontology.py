"""An ontology as a campaign writes it: by hash, by title, or in full."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(min_length=1, max_length=300)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OptionSettings(_Settings):
    """An answer that can be chosen; a radio option may open further questions."""

    name: Name
    attributes: list[AttributeSettings] = Field(default_factory=list)


class AttributeSettings(_Settings):
    """A question: radio (one of ``options``), checklist (any of ``options``) or text."""

    name: Name
    type: Literal["radio", "checklist", "text"]
    required: bool = False
    options: list[OptionSettings] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _options_may_be_plain_names(cls, fields: object) -> object:
        if isinstance(fields, dict) and isinstance(fields.get("options"), list):
            options = [{"name": option} if isinstance(option, str) else option for option in fields["options"]]
            return {**fields, "options": options}
        return fields

    @model_validator(mode="after")
    def _options_fit_the_type(self) -> AttributeSettings:
        if (self.type == "text") == bool(self.options):
            raise ValueError(
                f"{self.name}: a {self.type} attribute has {'no' if self.type == 'text' else 'its'} options"
            )
        if self.type == "checklist" and any(option.attributes for option in self.options):
            raise ValueError(f"{self.name}: only radio options can open further attributes")
        return self


class ObjectSettings(_Settings):
    """A class of objects that are drawn; ``shape`` in the SDK's words."""

    name: Name
    shape: Literal[
        "bounding_box",
        "rotatable_bounding_box",
        "polygon",
        "polyline",
        "point",
        "bitmask",
        "ellipse",
        "circle",
        "audio",
        "text",
    ]
    attributes: list[AttributeSettings] = Field(default_factory=list)


class OntologySettings(_Settings):
    """
    The ontology of both projects.

    Either ``hash``, or ``title`` alone (an ontology that exists), or ``title`` with ``objects`` and
    ``classifications`` (created once under that title, then found).
    """

    hash: str | None = None
    title: Name | None = None
    objects: list[ObjectSettings] = Field(default_factory=list)
    classifications: list[AttributeSettings] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_one_ontology(self) -> OntologySettings:
        if (self.hash is None) == (self.title is None):
            raise ValueError("name the ontology by hash or by title, one of them")
        if self.hash is not None and self.is_written_out:
            raise ValueError("an ontology named by hash exists already: leave objects and classifications out")
        return self

    @property
    def is_written_out(self) -> bool:
        """Whether the campaign writes the ontology's classes out."""
        return bool(self.objects or self.classifications)
