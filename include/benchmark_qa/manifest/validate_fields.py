"""What a URL, a title and a file's format must be like, whoever wrote the manifest. Source: Encord's documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from include.benchmark_qa.manifest.extensions import allowed, is_supported
from include.benchmark_qa.manifest.model import Problem, Unit, UnitType
from include.benchmark_qa.manifest.validation import MAX_TITLE_CHARACTERS, MAX_URL_BYTES

# What is wrong with a field of one entry, and what to do: (field, reason).
Finding: TypeAlias = tuple[str, str]

_WHITESPACE = re.compile(r"\s")
_JSON_TYPES = ((dict, "an object"), (list, "an array"), (str, "text"))
_SCHEMES = ("https://", "http://", "s3://", "gs://", "arn:")


@dataclass(slots=True)
class ReadManifest:
    """
    The units of a manifest file by their address in it (``images[3]``, ``line 7``), and what is wrong with the file.

    A file that somebody else wrote does not say the keys of its objects: such units have their URLs for source keys,
    the client metadata that the file gives them and no other, and the title that Encord would give them.
    """

    file: str
    units: dict[str, Unit] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, key: str, findings: Iterator[Finding] | list[Finding]) -> None:
        """Note what is wrong with the entry of this address."""
        self.problems += [Problem(self.file, key, name, reason) for name, reason in findings]


def url_findings(name: str, url: Any, unit_type: UnitType) -> Iterator[Finding]:
    """Yield what is wrong with a URL and with the format that its ending promises."""
    if not isinstance(url, str):
        yield name, f"is {json_type(url)}; write the object's URL as text"
    elif not url:
        yield name, "is empty; write the object's URL"
    elif _WHITESPACE.search(url):
        yield name, f"{url[:200]!r} holds whitespace, which Encord refuses; write a space as %20"
    elif (size := len(url.encode("utf-8", "surrogatepass"))) > MAX_URL_BYTES:
        yield name, f"has {size} bytes; Encord takes {MAX_URL_BYTES}"
    elif not url.lower().startswith(_SCHEMES):
        yield name, f"{url[:200]!r} is no URL; it begins with https://, or is an access point's ARN"
    elif not is_supported(unit_type, (file := _path(url).rpartition("/")[2])):
        takes = ", ".join(allowed(unit_type) or ("any ending but those of other types",))
        yield (
            name,
            f"ends in .{file.rpartition('.')[2]}, which is no {describe(unit_type)} for Encord; it takes {takes}",
        )


def title_findings(title: Any) -> Iterator[Finding]:
    """Yield what is wrong with a title that is given."""
    if not isinstance(title, str):
        yield "title", f"is {json_type(title)}; a title is text"
    elif not title.strip():
        yield "title", "is blank; write a title"
    elif len(title) > MAX_TITLE_CHARACTERS:
        yield "title", f"has {len(title)} characters; Encord takes {MAX_TITLE_CHARACTERS}: shorten it"


def group_findings(unit_type: UnitType, urls: tuple[str, ...], name: str) -> Iterator[Finding]:
    """Yield what is wrong with the files of a group, a sequence or a series, taken together."""
    if len(urls) == 1 and unit_type is not UnitType.DICOM_SERIES:
        yield name, f"is the only file of this {describe(unit_type)}; register it as an image, or add the others"
    if doubled := sorted({url for url in urls if urls.count(url) > 1}) if len(set(urls)) < len(urls) else []:
        yield name, f"{doubled[0]!r} is there {urls.count(doubled[0])} times in one {describe(unit_type)}; remove it"


def describe(unit_type: UnitType) -> str:
    """Return the type in words, as in messages."""
    return unit_type.value.replace("_", " ").replace("dicom", "DICOM").replace("nifti", "NIfTI").replace("pdf", "PDF")


def with_article(unit_type: UnitType) -> str:
    """Return the type in words, with its article."""
    words = describe(unit_type)
    return f"an {words}" if words[0] in "ia" else f"a {words}"


def file_name(url: str) -> str:
    """Return the name of the file behind a URL, which is Encord's title for a row of a CSV that has none."""
    return unquote(_path(url).rpartition("/")[2])


def default_title(url: str) -> str:
    """
    Return the title that Encord gives to an entry of a JSON manifest that has none.

    >>> default_title("https://b.s3.eu-west-2.amazonaws.com/path/video%2023.mp4")
    '/path/video 23.mp4'
    """
    return unquote(urlsplit(url).path)


def json_type(value: Any) -> str:
    """Return what JSON calls a value's type."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return next((name for kind, name in _JSON_TYPES if isinstance(value, kind)), "a number")


def _path(url: str) -> str:
    return urlsplit(url).path if "?" in url or "#" in url else url
