"""JSON read so that every fault of the file is told: where it breaks off, trailing commas, keys written twice."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from include.benchmark_qa.manifest.validate_fields import Finding

_TEXT_OR_TRAILING_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|(,)(?=\s*[}\]])', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class DoubledObject(dict[str, Any]):
    """An object in which a key is there more than once; readers of JSON keep the last, ``pairs`` has them all."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    @property
    def doubled(self) -> list[str]:
        """The keys that are there more than once."""
        return [name for name, count in Counter(name for name, _ in self.pairs).items() if count > 1]


def parse_json(data: bytes) -> tuple[Any, list[Finding]]:
    """
    Return the document and what is wrong with its form.

    Trailing commas are told and passed over, so that the rest can be read. The document is None when it cannot be.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [("", f"is not UTF-8 (byte {error.start}); save it as UTF-8")]
    try:
        return _load(text), []
    except json.JSONDecodeError:
        mended, findings = _without_trailing_commas(text)
    except (ValueError, RecursionError) as error:
        return None, [("", f"is no JSON: {error}")]
    try:
        return _load(mended), findings
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        return None, [*findings, ("", f"is no JSON: {error.msg} at {where}; mend it there, the rest was not read")]
    except (ValueError, RecursionError) as error:
        return None, [*findings, ("", f"is no JSON: {error}")]


def doubled_keys(value: Any, path: str = "") -> Iterator[Finding]:
    """Yield each key that an object within ``value`` holds more than once."""
    if isinstance(value, dict):
        if isinstance(value, DoubledObject):
            for name in value.doubled:
                yield _join(path, name), "is there more than once, and readers of JSON keep only the last; keep one"
        for name, member in value.items():
            yield from doubled_keys(member, _join(path, name))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from doubled_keys(member, f"{path}[{position}]")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _load(text: str) -> Any:
    document = json.loads(text, object_pairs_hook=_to_object, parse_constant=_refuse_constant)
    if _SURROGATE.search(text):
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):04x}"
            raise ValueError(f"{half} is half a character; write the pair, or the character itself") from None
    return document


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    return plain if len(plain) == len(pairs) else DoubledObject(pairs)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON; leave the value out")


def _without_trailing_commas(text: str) -> tuple[str, list[Finding]]:
    commas = [match.start(1) for match in _TEXT_OR_TRAILING_COMMA.finditer(text) if match[1]]
    findings: list[Finding] = []
    line, line_start, seen = 1, 0, 0
    for comma in commas:
        line += text.count("\n", seen, comma)
        line_start, seen = text.rfind("\n", 0, comma) + 1, comma
        where = f"line {line}, column {comma - line_start + 1}"
        findings.append(("", f"is no JSON: there is a comma after the last member at {where}; remove it"))
    pieces = [
        text[start:end] for start, end in zip([0, *[comma + 1 for comma in commas]], [*commas, None], strict=True)
    ]
    return " ".join(pieces), findings
