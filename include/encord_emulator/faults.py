"""
Things that go wrong on purpose.

A rule meets the requests that fit its ``match`` and does one or more of: answer with a ``status`` without applying
anything, ``drop`` the connection before or after applying, ``hold`` the client before or after applying, wait
``latency_s``. ``drop: after`` is the valuable one: the change is made and the client is never told.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from include.encord_emulator.errors import invalid
from include.encord_emulator.journal import Entry

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

HOLD_POLL_S = 0.02
_MATCH_KEYS = {"method", "path", "query_type", "query_method"}
_RULE_KEYS = {"match", "status", "retry_after", "drop", "hold", "latency_s", "times"}


@dataclass(slots=True, eq=False)
class Rule:
    """One rule, with how often it met a request and how many clients it is holding now."""

    number: int
    match: dict[str, str]
    status: int | None = None
    retry_after: int | None = None
    drop: str | None = None
    hold: str | None = None
    latency_s: float = 0.0
    times: int | None = None
    matched: int = 0
    holding: int = field(default=0)

    def fits(self, entry: Entry) -> bool:
        """Say whether the rule is for this request and not used up."""
        if self.times is not None and self.matched >= self.times:
            return False
        return all(self._same(name, wanted, getattr(entry, name)) for name, wanted in self.match.items())

    @staticmethod
    def _same(name: str, wanted: str, given: str | None) -> bool:
        if given is None:
            return False
        return re.search(wanted, given) is not None if name == "path" else wanted.lower() == given.lower()

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as the control plane shows it."""
        shown = {name: getattr(self, name) for name in self.__slots__ if name not in {"number", "holding"}}
        return {"id": self.number, **shown, "holding": self.holding > 0}


class Faults:
    """The rules in force, first fitting one wins. They live in memory: a restart forgets them."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._numbers = count(1)

    def add(self, document: Any) -> Rule:
        """Add a rule from its JSON form."""
        if not isinstance(document, dict) or not _RULE_KEYS.issuperset(document):
            raise invalid(f"fault: a JSON object with keys among {sorted(_RULE_KEYS)} is expected")
        match = document.get("match") or {}
        if not _MATCH_KEYS.issuperset(match):
            raise invalid(f"fault: match has keys among {sorted(_MATCH_KEYS)}, not {sorted(match)}")
        for name in ("drop", "hold"):
            if document.get(name) not in {None, "before", "after"}:
                raise invalid(f"fault: {name} is 'before' or 'after', not {document[name]!r}")
        rule = Rule(number=next(self._numbers), **{**document, "match": match})
        self._rules.append(rule)
        return rule

    def remove(self, number: int | None = None) -> None:
        """Remove one rule, or all of them; the clients they hold go on."""
        self._rules = [rule for rule in self._rules if number is not None and rule.number != number]

    def shown(self) -> list[dict[str, Any]]:
        """Return all rules as the control plane shows them."""
        return [rule.to_dict() for rule in self._rules]

    def take(self, entry: Entry) -> Rule | None:
        """Return the rule for a request, counted as met."""
        rule = next((rule for rule in self._rules if rule.fits(entry)), None)
        if rule is not None:
            rule.matched += 1
        return rule

    async def keep_waiting(self, rule: Rule, request: Request) -> bool:
        """Hold a client until its rule is gone; return whether the client is still there."""
        rule.holding += 1
        try:
            while rule in self._rules:
                if await request.is_disconnected():
                    return False
                await asyncio.sleep(HOLD_POLL_S)
        finally:
            rule.holding -= 1
        return not await request.is_disconnected()


class Dropped(Response):
    """No answer at all: the connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # ASGI has no way to cut a connection; uvicorn's `receive` is bound to the object that holds the transport.
        receive.__self__.transport.abort()  # type: ignore[attr-defined]
        while (await receive())["type"] != "http.disconnect":
            pass
