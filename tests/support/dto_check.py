"""
Whether the emulator's v2 answers are exactly what the SDK's own data classes declare.

The SDK ignores keys that it does not know and fills in defaults for missing ones, so an invented or a forgotten key
passes unseen. Here each answer is compared with its class, nested classes too, before the SDK parses it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Union, get_args, get_origin
from unittest.mock import patch
from urllib.parse import urlsplit

from encord.http.v2.api_client import ApiClient
from encord.orm.base_dto import BaseDTOInterface
from pydantic import BaseModel, RootModel

MAY_BE_ABSENT: Mapping[tuple[str, str], str] = {}
"""Fields that an answer may lack: (class, key) and why."""


@contextmanager
def watched_answers() -> Iterator[list[str]]:
    """Yield a list that gets a line for each key which an answer has too many or too few."""
    found: list[str] = []
    original = ApiClient._request

    def watched(self: ApiClient, request: Any, *, result_type: Any, **options: Any) -> Any:
        where = f"{request.method} {urlsplit(request.url).path}"
        return original(self, request, result_type=_checking(result_type, where, found.append), **options)

    with patch.object(ApiClient, "_request", watched):
        yield found


def _checking(result_type: Any, where: str, report: Callable[[str], None]) -> Any:
    """Return a class that stands in for ``result_type`` where the SDK turns JSON into it."""
    if not (isinstance(result_type, type) and issubclass(result_type, BaseModel)):
        return result_type

    class Checking(BaseDTOInterface):
        @classmethod
        def from_dict(cls, d: Any) -> Any:
            for problem in problems(result_type, d):
                report(f"{where}: {problem}")
            is_dto = issubclass(result_type, BaseDTOInterface)
            return result_type.from_dict(d) if is_dto else result_type.model_validate(d)

        def to_dict(self, by_alias: bool = True, exclude_none: bool = True) -> dict[str, Any]:
            raise NotImplementedError

    return Checking


def problems(annotation: Any, value: Any, path: str = "") -> list[str]:
    """Return what ``value`` has too many or too few for a type; what has the wrong type is the SDK's to refuse."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if value is None:
        return []
    if origin is Annotated:
        return problems(arguments[0], value, path)
    if origin in {Union, types.UnionType}:
        # Which member was meant is not told; the one that fits best is the one to be judged by.
        return min((problems(member, value, path) for member in arguments if member is not type(None)), key=len)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _model_problems(annotation, value, path)
    if isinstance(value, list) and arguments:
        return [line for item in value for line in problems(arguments[0], item, f"{path}[]")]
    if isinstance(value, dict) and len(arguments) == 2:
        return [line for key, item in value.items() for line in problems(arguments[1], item, f"{path}.{key}")]
    return []


def _model_problems(model: type[BaseModel], value: Any, path: str) -> list[str]:
    if issubclass(model, RootModel):
        return problems(model.model_fields["root"].annotation, value, path)
    name = f"{path or 'the answer'} ({model.__name__})"
    if not isinstance(value, dict):
        return [f"{name} is no object"]
    fields = {field.alias or key: field for key, field in model.model_fields.items()}
    found = [] if model.model_config.get("extra") == "allow" else [f"{name} has {key}" for key in value.keys() - fields]
    for key, field in fields.items():
        if key in value:
            found += problems(field.annotation, value[key], f"{path}.{key}")
        elif (model.__name__, key) not in MAY_BE_ABSENT:
            found.append(f"{name} lacks {key}")
    return sorted(found)
