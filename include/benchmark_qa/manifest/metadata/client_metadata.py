"""One unit's client metadata out of several sources, checked for what Encord takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from include.benchmark_qa.manifest.metadata.encord_block import (
    frame_problems,
    merge_blocks,
    settings_block,
    shape_problems,
)
from include.benchmark_qa.manifest.metadata.keys import ENCORD_KEY, metadata_problems
from include.benchmark_qa.manifest.metadata.reader import UnreadableError
from include.benchmark_qa.manifest.metadata.settings import FrameSettings
from include.benchmark_qa.manifest.model import Problem, Unit


@dataclass(frozen=True, slots=True)
class Source:
    """What a file says of a unit, or why it cannot be understood."""

    file: str
    content: Mapping[str, Any] | UnreadableError


def combine(unit: Unit, frames: FrameSettings | None, sources: Sequence[Source]) -> Unit | tuple[Problem, ...]:
    """Return the unit with the metadata of all sources, of which the later wins for a key, or all that is wrong."""
    if frames is None and not any(source.content for source in sources):
        return unit
    metadata, block = dict(unit.client_metadata), settings_block(frames) if frames else {}
    problems: list[Problem] = []
    for source in sources:
        content, its_block, found = _read(source.content)
        if its_block and not found:
            block = merge_blocks(block, its_block)
            found = list(frame_problems(block))
        metadata |= content
        key = str(unit.client_metadata["source_key"])
        problems += [Problem(source.file, key, field, f"{source.file}: {reason}") for field, reason in found]
    if problems:
        return tuple(problems)
    return replace(unit, client_metadata=metadata | ({ENCORD_KEY: block} if block else {}))


def _read(
    content: Mapping[str, Any] | UnreadableError,
) -> tuple[Mapping[str, Any], dict[str, Any], list[tuple[str, str]]]:
    """Return plain metadata, ``$encord`` block, and field and reason of all that is wrong."""
    if isinstance(content, UnreadableError):
        return {}, {}, [("clientMetadata", str(content))]
    problems = list(metadata_problems(content))
    if ENCORD_KEY not in content:
        return content, {}, problems
    plain = {key: value for key, value in content.items() if key != ENCORD_KEY}
    block = content[ENCORD_KEY]
    if isinstance(block, str):  # of a table, whose cells hold no objects
        try:
            block = orjson.loads(block)
        except orjson.JSONDecodeError as error:
            return plain, {}, [*problems, (f"clientMetadata.{ENCORD_KEY}", f"is no JSON: {error}")]
    return plain, block, problems + list(shape_problems(block))
