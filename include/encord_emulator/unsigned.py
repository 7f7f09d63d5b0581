"""
The planes that nobody signs for: control, the web app's side, and the page of a project.

They are for the machine that the emulator runs on, so they answer only to a Host that names it: a page of the Internet
that is open in a browser there can reach the port, but not under such a name.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml
from starlette.responses import Response
from starlette.routing import Route

from include.encord_emulator import clock, ui
from include.encord_emulator.call import Call, Handler
from include.encord_emulator.control import CONTROLS, Ask
from include.encord_emulator.dispatch import body_json, json_response
from include.encord_emulator.errors import ApiError, forbidden, invalid
from include.encord_emulator.limits import read_body
from include.encord_emulator.pages import (
    DATASET_PATH,
    FOLDER_PATH,
    PROJECT_PATH,
    dataset_page,
    folder_page,
    project_page,
)
from include.encord_emulator.store.uploads import settle_due_jobs
from include.encord_emulator.world import World

if TYPE_CHECKING:
    from starlette.requests import Request

log = logging.getLogger(__name__)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
MAX_BODY = 1_000_000_000
Endpoint = Callable[["Request"], Awaitable[Response]]
Act = Callable[["Request", bytes], Any]


def control_routes(world: World) -> list[Route]:
    """Return the routes of the control plane and of the pages."""

    def act(control: Callable[[Ask], Any]) -> Act:
        return lambda request, body: control(Ask(world, request.query_params, _document(request, body)))

    routes = [
        Route(f"/_emulator/{name}", _endpoint(world, act(control)), methods=[method])
        for (method, name), control in CONTROLS.items()
    ]
    # Left to Starlette, an unknown path would be answered under any Host.
    unknown = Route("/_emulator{rest:path}", _endpoint(world, _unknown), methods=METHODS)
    return [*routes, unknown, *_page_routes(world)]


def _page_routes(world: World) -> list[Route]:
    project = _endpoint(world, lambda request, _: project_page(world, request.path_params["project_hash"]))
    folder = _endpoint(world, lambda request, _: folder_page(world, request.path_params["uuid"]))
    dataset = _endpoint(world, lambda request, _: dataset_page(world, request.path_params["dataset_hash"]))
    pages = {PROJECT_PATH: project, FOLDER_PATH: folder, DATASET_PATH: dataset}
    return [Route(path, page, methods=["GET"]) for path, page in pages.items()]


def _unknown(request: Request, _body: bytes) -> Any:
    raise ApiError(404, f"The control plane has no {request.method} {request.url.path}")


def ui_routes(world: World) -> list[Route]:
    """Return the routes of the web app's side; the header ``X-Emulator-User`` says who clicks."""

    def act(handler: Handler) -> Act:
        def handle(request: Request, body: bytes) -> Any:
            user = request.headers.get("x-emulator-user")
            if not user:
                raise forbidden("The header X-Emulator-User is missing")
            with world.transaction() as connection:
                call = Call(connection, user, clock.now(), world.switches, request.path_params, request.query_params)
                call.body = body_json(body)
                settle_due_jobs(call)
                return handler(call)

        return handle

    return [
        Route(f"/_emulator/ui/{path}", _endpoint(world, act(handler)), methods=[method])
        for method, path, handler in ui.ROUTES
    ]


def _document(request: Request, body: bytes) -> Any:
    if "yaml" not in request.headers.get("content-type", ""):
        return body_json(body)
    try:
        return yaml.safe_load(body)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(f"body: not YAML ({error})") from None


def _endpoint(world: World, act: Act) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            _refuse_strangers(request, world.hosts)
            result = act(request, await read_body(request, MAX_BODY))
        except ApiError as error:
            return json_response(error.envelope("v2"), error.status)
        except Exception:  # a fault of ours must reach the caller as a message, not as a bare 500
            log.exception("%s %s failed", request.method, request.url.path)
            return json_response({"message": "The emulator failed; see its log."}, 500)
        return result if isinstance(result, Response) else json_response(result)

    return endpoint


def _refuse_strangers(request: Request, hosts: frozenset[str]) -> None:
    """Refuse a request whose Host, or whose page in a browser, is not this machine."""
    names = [f"//{request.headers.get('host', '')}"]
    if (origin := request.headers.get("origin")) is not None:
        names.append(origin)
    for name in names:
        try:
            host = urlsplit(name).hostname
        except ValueError:
            host = None
        if host not in hosts:
            raise forbidden(f"The control plane answers to {', '.join(sorted(hosts))}, not to {name.lstrip('/')!r}.")
