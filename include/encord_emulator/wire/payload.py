"""What a request may carry: pydantic models, the types they share, and one clear refusal of whatever does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_origin
from uuid import UUID

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from include.encord_emulator import clock
from include.encord_emulator.errors import ApiError

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

PROBLEMS_SHOWN = 3
LEVELS_AROUND = 50
"""How deep in an answer a client's own document may stand."""
P = TypeVar("P", bound=BaseModel)
D = TypeVar("D")


class Payload(BaseModel):
    """A body or a query string; v2 spells its names in camelCase, the legacy protocol as they are here."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


def _uuid(text: str) -> str:
    return str(UUID(text))


Uuid = Annotated[str, AfterValidator(_uuid)]
"""A uuid in its usual spelling, kept as text."""
Moment = Annotated[str, AfterValidator(clock.parse)]
"""A moment in ISO 8601, kept as ``clock`` writes it."""
Name = Annotated[str, Field(min_length=1)]
"""A text that is not empty."""


def storable(document: D) -> D:
    """Return a document if it can be written back as JSON, also as a part of a larger answer."""
    inside: Any = document
    for _ in range(LEVELS_AROUND):
        inside = [inside]
    try:
        orjson.dumps(inside)
    except TypeError as error:  # orjson reads 1,024 levels, but writes only 254
        raise ValueError(str(error)) from None
    return document


JsonObject = Annotated[dict[str, Any], AfterValidator(storable)]
"""A JSON object of any content that can be written back."""


def read(model: type[P], document: Any, where: str) -> P:
    """
    Return a document as its model.

    :param where: what the document is, for the message.
    :raises ApiError: 422 with the path of each field that does not fit.
    """
    try:
        return model.model_validate({} if document is None else document)
    except ValidationError as error:
        raise ApiError(422, problems(error, where)) from None


def problems(error: ValidationError, where: str) -> str:
    """Return the first few problems of a document in one line, each with the path of its field."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [
        f"{where}{field_path(one['loc'])}: {one['msg'].removeprefix('Value error, ')}" for one in found[:PROBLEMS_SHOWN]
    ]
    left = len(found) - len(shown)
    return "; ".join(shown) + (f"; and {left} more" if left else "")


def field_path(place: Iterable[int | str]) -> str:
    """Return pydantic's place of an error as people write it: ``.stages[2].to``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)


def query_document(model: type[BaseModel], query: QueryParams) -> Mapping[str, Any]:
    """Return a query string as a document for ``model``: repeated names become lists where several are allowed."""
    lists = {
        spelling
        for name, field in model.model_fields.items()
        if get_origin(field.annotation) in {list, tuple}
        for spelling in (name, field.alias or name)
    }
    return {name: query.getlist(name) if name in lists else query[name] for name in query}
