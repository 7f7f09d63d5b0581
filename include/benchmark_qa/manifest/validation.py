"""What Encord would refuse, said before anything is sent: all that is wrong with a unit, never only the first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from include.benchmark_qa.manifest.extensions import allowed, is_supported
from include.benchmark_qa.manifest.metadata.keys import ENCORD_KEY, key_problem
from include.benchmark_qa.manifest.model import Unit, UnitType
from include.benchmark_qa.manifest.quarantine import Fault, Reason

# Encord's limits.
MAX_TITLE_CHARACTERS = 300
MAX_URL_BYTES = 16 * 1024

_WHITESPACE = re.compile(r"\s")
_key_problem = lru_cache(1024)(key_problem)  # the same few keys on every unit

# Empty objects by which some tools mark a directory; keys that end in a slash are the others.
_HADOOP_MARKER = "_$folder$"
_IMAGES_OF_GROUPS = frozenset({UnitType.IMAGE_GROUP, UnitType.IMAGE_SEQUENCE})


def key_fault(key: str, relative_key: str) -> Fault | None:
    """Return why no rule is even asked about a key, or None; ``relative_key`` is what follows the listed prefix."""
    if not relative_key or relative_key.endswith(("/", _HADOOP_MARKER)):
        return Fault(Reason.MARKER, "key", "marks a directory and is no file")
    segments = key.split("/")
    if "." in segments or ".." in segments:
        return Fault(Reason.KEY, "key", "has a segment '.' or '..', which clients resolve away; rename the object")
    if any(segment.startswith(".") for segment in relative_key.split("/")):
        return Fault(Reason.HIDDEN, "key", "is hidden: its name, or that of a directory, begins with a dot")
    return None


def unit_faults(unit: Unit, sizes: Sequence[int]) -> Iterator[Fault]:
    """Yield all that is wrong with a unit; ``sizes`` are those of its objects in bytes."""
    yield from _content_faults(unit, sizes)
    yield from _url_faults(unit)
    yield from _title_faults(unit.title)
    for key in unit.client_metadata:
        if key != ENCORD_KEY and (problem := _key_problem(key)):
            yield Fault(Reason.METADATA, f"clientMetadata.{key}", problem)
    if unit.type in _IMAGES_OF_GROUPS:
        yield from _image_group_faults(unit)


def _content_faults(unit: Unit, sizes: Sequence[int]) -> Iterator[Fault]:
    of_type = f"of {unit.type.value} {unit.title!r} " if unit.type.is_group else ""
    for key, size in zip(unit.source_keys, sizes, strict=True):
        if size == 0:
            yield Fault(Reason.EMPTY, "size", f"object {key!r} {of_type}is empty; write it again or remove it")
        if not is_supported(unit.type, key.rpartition("/")[2]):
            takes = ", ".join(allowed(unit.type) or ("any extension but those of other types",))
            reason = f"object {key!r} {of_type}has an extension that {unit.type.value} cannot have; it takes {takes}"
            yield Fault(Reason.UNSUPPORTED, "objectUrl", reason)


def _url_faults(unit: Unit) -> Iterator[Fault]:
    for url in unit.object_urls:
        if _WHITESPACE.search(url):
            yield Fault(Reason.URL, "objectUrl", f"URL {url!r} holds whitespace, which Encord refuses; escape it")
        if (size := len(url.encode())) > MAX_URL_BYTES:
            reason = f"URL {url[:100]}... has {size} bytes; Encord takes {MAX_URL_BYTES}: shorten the key"
            yield Fault(Reason.URL, "objectUrl", reason)


def _title_faults(title: str) -> Iterator[Fault]:
    if not title.strip():
        yield Fault(Reason.TITLE, "title", "the title is empty; correct the template of its rule")
    if len(title) > MAX_TITLE_CHARACTERS:
        reason = (
            f"the title has {len(title)} characters; Encord takes {MAX_TITLE_CHARACTERS}: set a shorter one in the "
            "rule, such as '{name}'"
        )
        yield Fault(Reason.TITLE, "title", reason)


def _image_group_faults(unit: Unit) -> Iterator[Fault]:
    kind = "sequence" if unit.type is UnitType.IMAGE_SEQUENCE else "group"
    if len(unit.object_urls) < 2:
        reason = f"{kind} {unit.title!r} has one image; a {kind} needs two: register it as an image, or add the others"
        yield Fault(Reason.GROUP, "objectUrl_1", reason)
    sizes = sorted({(int(media["width"]), int(media["height"])) for media in unit.media if "width" in media})
    if unit.type is UnitType.IMAGE_SEQUENCE and len(sizes) > 1:
        found = ", ".join(f"{width}x{height}" for width, height in sizes)
        reason = f"sequence {unit.title!r} mixes the sizes {found}; make them equal, or register an image_group"
        yield Fault(Reason.GROUP, "imageMetadata", reason)
