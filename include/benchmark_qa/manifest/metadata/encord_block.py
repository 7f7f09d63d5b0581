"""
The ``$encord`` block of client metadata: which frames of a video go into Index and Active, and what is known of them.

``{"config": {"sampling_rate": 0, "keyframe_mode": "frame"}, "frames": {"13": {"weather": "rain", "clip": [0.1]}}}``;
both parts may be missing (``encord_formats.md`` section 1.3). Frames are numbered from 0, or are seconds where the mode
is ``seconds``; a list of numbers in a frame's metadata is an embedding.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from include.benchmark_qa.manifest.metadata.keys import ENCORD_KEY, is_number, metadata_problems
from include.benchmark_qa.manifest.metadata.settings import FrameSettings

_PATH = f"clientMetadata.{ENCORD_KEY}"
_FRAME = re.compile(r"0|[1-9][0-9]*")
_SECONDS = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")


def merge_blocks(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return two blocks as one: of ``config`` and of each frame's metadata, the second's value wins."""
    merged: dict[str, Any] = {}
    if config := {**first.get("config", {}), **second.get("config", {})}:
        merged["config"] = config
    frames = {key: dict(values) for key, values in first.get("frames", {}).items()}
    for key, values in second.get("frames", {}).items():
        frames[key] = frames.get(key, {}) | values
    if frames:
        merged["frames"] = frames
    return merged


def settings_block(settings: FrameSettings) -> dict[str, Any]:
    """Return the block that a rule's settings ask for."""
    return {"config": {"sampling_rate": settings.sampling_rate, "keyframe_mode": settings.keyframe_mode}}


def shape_problems(block: object) -> Iterator[tuple[str, str]]:
    """Yield field and reason of each part of a block that Encord would not understand; frame keys are left out."""
    if not isinstance(block, dict):
        yield _PATH, f"is {_named(block)}, not an object with 'config' and 'frames'"
        return
    for name in block.keys() - {"config", "frames"}:
        yield f"{_PATH}.{name}", "is unknown; the block holds 'config' and 'frames'"
    yield from _config_problems(block.get("config", {}))
    frames = block.get("frames", {})
    if not isinstance(frames, dict):
        yield f"{_PATH}.frames", f"is {_named(frames)}, not an object that has a key for each frame"
        return
    for key, values in frames.items():
        where = f"{_PATH}.frames.{key}"
        if isinstance(values, dict):
            yield from metadata_problems(values, where)
        else:
            yield where, f"is {_named(values)}, not an object with the frame's metadata"


def frame_problems(block: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield field and reason of each frame whose key does not fit the block's ``keyframe_mode``."""
    mode = block.get("config", {}).get("keyframe_mode", "frame")
    pattern, wanted = (_SECONDS, "seconds such as 2.5") if mode == "seconds" else (_FRAME, "frame numbers from 0")
    for key in block.get("frames", {}):
        if not pattern.fullmatch(key):
            yield f"{_PATH}.frames.{key}", f"the keys of frames are {wanted}, since keyframe_mode is {mode!r}"


def _config_problems(config: object) -> Iterator[tuple[str, str]]:
    if not isinstance(config, dict):
        yield f"{_PATH}.config", f"is {_named(config)}, not an object with 'sampling_rate' and 'keyframe_mode'"
        return
    for name in config.keys() - {"sampling_rate", "keyframe_mode"}:
        yield f"{_PATH}.config.{name}", "is unknown; it holds 'sampling_rate' and 'keyframe_mode'"
    rate = config.get("sampling_rate", 1.0)
    if not is_number(rate) or not math.isfinite(rate) or rate < 0:
        yield f"{_PATH}.config.sampling_rate", f"{rate!r} is not frames a second, from 0"
    if (mode := config.get("keyframe_mode", "frame")) not in ("frame", "seconds"):
        yield f"{_PATH}.config.keyframe_mode", f"{mode!r} is neither 'frame' nor 'seconds'"


def _named(value: object) -> str:
    return {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}.get(
        type(value), "a number"
    )
