"""The way of an API request: fault rules, signature, one transaction, journal, envelope."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from include.encord_emulator import auth, clock, journal, limits
from include.encord_emulator.call import Call, Handler, NotYet
from include.encord_emulator.errors import ApiError
from include.encord_emulator.faults import Dropped, Fault
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

    async def body(self, request: Request, entry: Entry) -> bytes | Response:
        """Return the body of a request, or the refusal of one that is too large."""
        try:
            return await limits.read_body(request, int(self._world.switches["max_body_mb"] * 1_000_000))
        except ApiError as error:
            return self.refuse(entry, error)
        except ClientDisconnect:
            return Dropped()

    async def serve(self, request: Request, body: bytes, entry: Entry, prepare: Prepare) -> Response:
        """Answer one request, fault rules included."""
        fault = self._world.faults.take(entry)
        if fault is not None and (early := await self._before(fault, request, entry)) is not None:
            return early
        response = await self._answer(request, body, entry, prepare)
        return response if fault is None else await self._after(fault, request, response)

    async def _before(self, fault: Fault, request: Request, entry: Entry) -> Response | None:
        rule = fault.rule
        await asyncio.sleep(rule.latency or 0)
        gone = rule.hold == "before" and not await self._world.faults.keep_waiting(fault, request)
        if gone or rule.drop == "before":
            self._record(entry)
            return Dropped()
        if rule.status is None:
            return None
        return self.refuse(entry, ApiError(rule.status, f"fault rule {fault.number}", retry_after=rule.retry_after))

    async def _after(self, fault: Fault, request: Request, response: Response) -> Response:
        if fault.rule.hold == "after" and not await self._world.faults.keep_waiting(fault, request):
            return Dropped()
        return Dropped() if fault.rule.drop == "after" else response

    async def _answer(self, request: Request, body: bytes, entry: Entry, prepare: Prepare) -> Response:
        started = time.monotonic()
        try:
            result = self._apply(request, body, entry, prepare, 0.0)
            while isinstance(result, NotYet):
                await asyncio.sleep(result.seconds)
                result = self._apply(request, body, entry, prepare, time.monotonic() - started)
            return json_response({"status": 200, "response": result} if self._protocol == "legacy" else result)
        except ApiError as error:
            return self.refuse(entry, error)
        except Exception:  # a fault of ours must reach the client as a 500, and the journal
            log.exception("%s %s failed", entry.method, entry.path)
            return self.refuse(entry, ApiError(500, "The emulator failed; see its log."))

    def _apply(self, request: Request, body: bytes, entry: Entry, prepare: Prepare, waited: float) -> Any:
        switches = self._world.switches
        with self._world.transaction() as connection:
            signed = auth.SignedRequest(request.method, entry.target, request.headers, body)
            caller = auth.authenticate(connection, signed, self._protocol, switches)
            entry.user, entry.signature = caller.email, caller.signature
            if not waited:
                self._world.rate.check(caller.email, switches)
            base_url = str(request.base_url).rstrip("/")
            call = Call(connection, caller.email, clock.now(), switches, waited=waited, base_url=base_url)
            handler = prepare(call)
            settle_due_jobs(call)
            result = handler(call)
            if not isinstance(result, NotYet):
                entry.status = 200
                journal.write(connection, entry)
            return result

    def refuse(self, entry: Entry, error: ApiError) -> Response:
        """Return the answer to a request that is not applied, and write it down."""
        entry.status = error.status
        self._record(entry)
        response = json_response(error.envelope(self._protocol), error.status)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(math.ceil(error.retry_after))  # HTTP knows whole seconds only
        return response

    def _record(self, entry: Entry) -> None:
        with self._world.transaction() as connection:
            journal.write(connection, entry)


def raw_target(request: Request) -> str:
    """Return path and query exactly as sent, which is what the v2 signature covers."""
    path = request.scope["raw_path"].decode("ascii", "replace")
    query = request.scope["query_string"].decode("ascii", "replace")
    return f"{path}?{query}" if query else path


def body_json(body: bytes) -> Any:
    """Return the JSON of a body, ``None`` for an empty one."""
    if not body:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, f"body: not JSON ({error})") from error
