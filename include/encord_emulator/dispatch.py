"""The way of an API request: fault rules, signature, one transaction, journal, envelope."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response

from include.encord_emulator import auth, clock, journal
from include.encord_emulator.call import Call, Handler, NotYet
from include.encord_emulator.errors import ApiError
from include.encord_emulator.faults import Dropped, Rule
from include.encord_emulator.journal import Entry
from include.encord_emulator.store.uploads import settle_due_jobs
from include.encord_emulator.world import World

if TYPE_CHECKING:
    from starlette.requests import Request

log = logging.getLogger(__name__)
Prepare = Callable[[Call], Handler]
"""Fills a call from the request's own form and finds who handles it; may refuse."""


def json_response(content: Any, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(orjson.dumps(content), status, media_type="application/json")


class Dispatcher:
    """Serves the requests of one protocol."""

    def __init__(self, world: World, protocol: str) -> None:
        self._world = world
        self._protocol = protocol

    async def serve(self, request: Request, body: bytes, entry: Entry, prepare: Prepare) -> Response:
        """Answer one request, fault rules included."""
        rule = self._world.faults.take(entry)
        if rule is not None and (early := await self._before(rule, request, entry)) is not None:
            return early
        response = await self._answer(request, body, entry, prepare)
        if rule is not None and rule.hold == "after" and not await self._world.faults.keep_waiting(rule, request):
            return Dropped()
        return Dropped() if rule is not None and rule.drop == "after" else response

    async def _before(self, rule: Rule, request: Request, entry: Entry) -> Response | None:
        if rule.latency_s:
            await asyncio.sleep(rule.latency_s)
        gone = rule.hold == "before" and not await self._world.faults.keep_waiting(rule, request)
        if gone or rule.drop == "before":
            self._record(entry)
            return Dropped()
        if rule.status is None:
            return None
        response = self._refuse(entry, ApiError(rule.status, f"fault rule {rule.number}"))
        if rule.retry_after is not None:
            response.headers["Retry-After"] = str(rule.retry_after)
        return response

    async def _answer(self, request: Request, body: bytes, entry: Entry, prepare: Prepare) -> Response:
        started = time.monotonic()
        try:
            result = self._apply(request, body, entry, prepare, 0.0)
            while isinstance(result, NotYet):
                await asyncio.sleep(result.seconds)
                result = self._apply(request, body, entry, prepare, time.monotonic() - started)
        except ApiError as error:
            return self._refuse(entry, error)
        except Exception:  # a fault of ours must reach the client as a 500, and the journal
            log.exception("%s %s failed", entry.method, entry.path)
            return self._refuse(entry, ApiError(500, "The emulator failed; see its log."))
        return json_response({"status": 200, "response": result} if self._protocol == "legacy" else result)

    def _apply(self, request: Request, body: bytes, entry: Entry, prepare: Prepare, waited: float) -> Any:
        with self._world.transaction() as connection:
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            signed = auth.SignedRequest(request.method, raw_target(request) or target, request.headers, body)
            caller = auth.authenticate(connection, signed, self._protocol)
            entry.user, entry.signature, entry.status = caller.email, caller.signature, 200
            call = Call(connection, caller.email, clock.now(), self._world.switches, waited=waited)
            handler = prepare(call)
            settle_due_jobs(call)
            result = handler(call)
            if not isinstance(result, NotYet):
                journal.write(connection, entry)
            return result

    def _refuse(self, entry: Entry, error: ApiError) -> Response:
        entry.status = error.status
        self._record(entry)
        return json_response(error.envelope(self._protocol), error.status)

    def _record(self, entry: Entry) -> None:
        with self._world.transaction() as connection:
            journal.write(connection, entry)


def raw_target(request: Request) -> str:
    """Return path and query exactly as sent, which is what the v2 signature covers."""
    path = request.scope["raw_path"].decode("ascii")
    query = request.scope["query_string"].decode("ascii")
    return f"{path}?{query}" if query else path


def body_json(body: bytes) -> Any:
    """Return the JSON of a body, ``None`` for an empty one."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, f"body: not JSON ({error})") from error
