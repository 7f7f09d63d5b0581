"""
Things that go wrong on purpose.

A rule meets the requests whose line fits its ``match`` (see ``Entry.line``) and does one or more of: wait ``latency``
seconds, answer with a ``status`` without applying anything, ``drop`` the connection before or after applying, ``hold``
the client before or after applying. ``drop: after`` is the valuable one: the change is made and nobody is told.
"""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from include.encord_emulator.journal import Entry
from include.encord_emulator.wire.payload import read

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

HOLD_POLL_S = 0.02
LONGEST_S = 3600
LONGEST_RETRY_S = 10**9


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression ({error})") from None
    return text


class FaultRule(BaseModel):
    """
    What people write: ``{"match": "POST .*/actions", "status": 503}``.

    :param match: regular expression, searched for in the line of a request.
    :param times: how many requests the rule meets; without it all.
    :param probability: the share of the fitting requests that the rule meets, drawn with ``seed``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Annotated[str, AfterValidator(_pattern)] = ""
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    retry_after: Annotated[float, Field(ge=0, le=LONGEST_RETRY_S)] | None = None
    latency: Annotated[float, Field(ge=0, le=LONGEST_S)] | None = None
    drop: Literal["before", "after"] | None = None
    hold: Literal["before", "after"] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    seed: int = 0


@dataclass(slots=True, eq=False)
class Fault:
    """A rule in force: how many requests it met, and how many clients it holds now."""

    number: int
    rule: FaultRule
    chance: random.Random = field(repr=False)
    matched: int = 0
    holding: int = 0

    def meets(self, line: str) -> bool:
        """Say whether the rule is for this request, and count it."""
        if self.rule.times is not None and self.matched >= self.rule.times:
            return False
        if re.search(self.rule.match, line) is None or self.chance.random() >= self.rule.probability:
            return False
        self.matched += 1
        return True

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as the control plane shows it."""
        return {"id": self.number, **self.rule.model_dump(), "matched": self.matched, "holding": self.holding > 0}


class Faults:
    """The rules in force, first fitting one wins. They live in memory: a restart forgets them."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._numbers = count(1)

    def add(self, documents: list[Any]) -> list[Fault]:
        """Add rules from their JSON form; one that is wrong adds none."""
        rules = [read(FaultRule, document, f"body[{index}]") for index, document in enumerate(documents)]
        # Which requests a rule meets must be the same in every run.
        added = [Fault(next(self._numbers), rule, random.Random(rule.seed)) for rule in rules]  # noqa: S311
        self._faults += added
        return added

    def remove(self, number: int | None = None) -> None:
        """Remove one rule, or all of them; the clients they hold go on."""
        self._faults = [fault for fault in self._faults if number is not None and fault.number != number]

    def shown(self) -> list[dict[str, Any]]:
        """Return all rules as the control plane shows them."""
        return [fault.to_dict() for fault in self._faults]

    def take(self, entry: Entry) -> Fault | None:
        """Return the rule for a request, counted as met."""
        return next((fault for fault in self._faults if fault.meets(entry.line)), None)

    async def keep_waiting(self, fault: Fault, request: Request) -> bool:
        """Hold a client until its rule is gone; return whether the client is still there."""
        fault.holding += 1
        try:
            while fault in self._faults:
                if await request.is_disconnected():
                    return False
                await asyncio.sleep(HOLD_POLL_S)
        finally:
            fault.holding -= 1
        return not await request.is_disconnected()


class Dropped(Response):
    """No answer at all: the connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # ASGI has no way to cut a connection; uvicorn's `receive` is bound to the object that holds the transport.
        receive.__self__.transport.abort()  # type: ignore[attr-defined]
        while (await receive())["type"] != "http.disconnect":
            pass
