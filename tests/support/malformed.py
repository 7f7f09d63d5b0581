"""Requests that are wrong in every way we could think of, made from routes and from requests that were right."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from tests.support.raw_http import Answer, RawClient, Sent

ABSENT = object()
NOBODYS = str(UUID(int=7))
SHOWN = 200
DEEP = 900
"""Below what the JSON parser refuses, and near Python's own limit of recursion."""

ODD_BODIES = (
    b"", b"{", b"nonsense", b"\xff\xfe\x00", b"\x00" * 8, b"null", b"true", b"0", b'"text"', b"[]", b"{}", b"[null]",
    b"[[]]", b'[{"a":1}]', b'{"a":1}', b'{"":null}', b'{"\\u0000":"\\u0000"}', b"1e999", b"-1e999", b"NaN",
    b"[" * DEEP + b"]" * DEEP, b"[" * 100_000, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b'"\\ud800"',
    b"18446744073709551615",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    ABSENT, None, True, 0, -1, 2**63, 2**64 - 1, 1e300, 0.5, "", " ", "\x00", "a\x00b", "\u202e'\"%;--", "x" * 100_000,
    NOBODYS, [], [None], [[]], {}, {"a": None}, {"": []}, [NOBODYS] * 3,
)  # fmt: skip
ODD_SEGMENTS = (
    NOBODYS, "not-a-uuid", "0", "-1", "..", "%2e%2e", "%2e%2e%2f%2e%2e", "%00", "%ff", "%", "%zz", "a%2fb", "'", "%0a",
    "{}", "x" * 8_000, "urn:uuid:" + NOBODYS, "%E2%80%AE",
)  # fmt: skip
ODD_QUERIES = (
    "a=1", "=", "&&&", "%00=%00", "a=%ff", "pageToken=nonsense", "pageToken=", "pageToken=%00",
    "pageToken=1&pageToken=2",
    "pageToken=99999999999999999999999", "pageToken=-1", "pageSize=0", "pageSize=-1", "pageSize=x",
    "pageSize=99999999999999999999999", "after=x", "before=9999-99-99", "after=-1&before=-1", "startTime=&endTime=",
    "titleLike=%25%00", "dataHashes=x", "dataHashes=" + NOBODYS, "statuses=NONE", "timeoutSeconds=x",
    "timeoutSeconds=1e999", "timeoutSeconds=-1", "count=-1", "count=99999999999", "desc=maybe", "order=none",
    "uuids=%00",
)  # fmt: skip


def odd_bodies(method: str, target: str) -> Iterator[Sent]:
    """Yield a route's request with each odd body."""
    for body in ODD_BODIES:
        yield Sent(method, target, body)


def odd_targets(method: str, path: str, known: Mapping[str, str], *, queries: bool) -> Iterator[Sent]:
    """Yield a route's request with each odd value in the place of each variable, and perhaps with each odd query."""
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    for name in names:
        for segment in ODD_SEGMENTS:
            yield Sent(method, filled(path, {**known, name: segment}))
    for query in ODD_QUERIES if queries else ():
        yield Sent(method, f"{filled(path, known)}?{query}")


def filled(path: str, known: Mapping[str, str]) -> str:
    """Return a route's path as a request has it; a variable that nobody knows is an id of nothing."""
    parts = [known.get(part[1:-1], NOBODYS) if part.startswith("{") else part for part in path.split("/")]
    return "/" + "/".join(parts)


def mutations(sent: Sent) -> Iterator[Sent]:
    """Yield a right request with each of its fields replaced by each odd value, one at a time."""
    document = json.loads(sent.body)
    for place in _places(document):
        for value in ODD_VALUES:
            changed = _replaced(document, place, value)
            yield Sent(sent.method, sent.target, json.dumps(changed).encode(), sent.headers)


def _places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value; of a list only the first item, for the others are like it."""
    if path:
        yield path
    items = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document[:1] if isinstance(document, list) else [])
    )
    for key, value in items:
        yield from _places(value, (*path, key))


def _replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    if value is ABSENT:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


def complaint(answer: Answer) -> str | None:
    """Return what is wrong with an answer to a malformed request; to be told so, in JSON, is right."""
    if b"Traceback" in answer.body:
        return "a traceback"
    if answer.status >= 500 and answer.status != 501:
        return f"{answer.status} {answer.body[:200]!r}"
    try:
        json.loads(answer.body)
    except ValueError:
        return None if answer.status == 204 else f"{answer.status}, and no JSON: {answer.body[:80]!r}"
    return None


def survive(raw: RawClient, wrong: Iterable[Sent], *, at_least: int = 200) -> None:
    """Send requests, and fail with each that was not answered well."""
    found, count = [], 0
    for sent in wrong:
        count += 1
        if why := complaint(raw.send(sent)):
            found.append(f"{sent}\n    -> {why}")
    if found:
        raise AssertionError(f"{len(found)} of {count} requests:\n" + "\n".join(found[:SHOWN]))
    assert count >= at_least
