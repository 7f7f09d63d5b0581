"""The Starlette application: which path goes to which handler."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from include.encord_emulator import clock, ui
from include.encord_emulator.call import Call, Handler
from include.encord_emulator.control import CONTROLS, Ask
from include.encord_emulator.dispatch import Dispatcher, body_json, json_response
from include.encord_emulator.errors import ApiError, forbidden
from include.encord_emulator.journal import Entry
from include.encord_emulator.project_page import project_route
from include.encord_emulator.routes import (
    analytics,
    datasets,
    items,
    label_metadata,
    labels,
    members,
    ontologies,
    organisation,
    projects,
    storage,
    workflow,
)
from include.encord_emulator.store.uploads import settle_due_jobs
from include.encord_emulator.world import World

log = logging.getLogger(__name__)
RESOURCES = (
    organisation, storage, items, datasets, ontologies, projects, members, workflow, labels, label_metadata, analytics,
)  # fmt: skip
Endpoint = Callable[[Request], Awaitable[Response]]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(world: World) -> Starlette:
    """Return the application over a world."""
    v2, legacy = Dispatcher(world, "v2"), Dispatcher(world, "legacy")
    queries = {key: handler for resource in RESOURCES for key, handler in resource.routes.legacy.items()}
    paths = [entry for resource in RESOURCES for entry in resource.routes.v2]
    routes = [
        *(Route(f"/v2/public/{path}", _v2_endpoint(v2, handler), methods=[method]) for method, path, handler in paths),
        Route("/v2/public/{rest:path}", _v2_endpoint(v2, _not_emulated), methods=METHODS),
        Route("/public", _legacy_endpoint(legacy, queries), methods=["POST"]),
        Route("/public/user", _legacy_endpoint(legacy, queries), methods=["POST"]),
        *(
            Route(f"/_emulator/ui/{path}", _ui_endpoint(world, handler), methods=[method])
            for method, path, handler in ui.routes.v2
        ),
        *(
            Route(f"/_emulator/{name}", _control_endpoint(world, control), methods=[method])
            for (method, name), control in CONTROLS.items()
        ),
        project_route(world),
    ]
    return Starlette(routes=routes)


def _not_emulated(call: Call) -> Any:
    raise ApiError(501, f"The emulator does not know this call: {call.path['rest']}")


def _v2_endpoint(dispatcher: Dispatcher, handler: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        entry = Entry(request.method, request.url.path, clock.now())

        def prepare(call: Call) -> Handler:
            call.path, call.query, call.body = request.path_params, request.query_params, body_json(body)
            return handler

        return await dispatcher.serve(request, body, entry, prepare)

    return endpoint


def _legacy_endpoint(dispatcher: Dispatcher, queries: dict[tuple[str, str], Handler]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        entry = Entry(request.method, request.url.path, clock.now())
        try:
            document = body_json(body)
            entry.query_type, entry.query_method = document["query_type"], document["query_method"]
            values = document["values"]
        except (ApiError, KeyError, TypeError):
            return json_response(ApiError(400, "not a legacy query").envelope("legacy"), 400)

        def prepare(call: Call) -> Handler:
            call.resource_id = request.headers.get("resourceid", "")
            call.uid, call.body = values.get("uid"), values.get("payload")
            return _legacy_handler(queries, entry)

        return await dispatcher.serve(request, body, entry, prepare)

    return endpoint


def _legacy_handler(queries: dict[tuple[str, str], Handler], entry: Entry) -> Handler:
    handler = queries.get((entry.query_type or "", entry.query_method or ""))
    if handler is None:
        raise ApiError(501, f"The emulator does not know this call: {entry.query_method} {entry.query_type}")
    return handler


def _ui_endpoint(world: World, handler: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        user = request.headers.get("x-emulator-user")

        def act() -> Any:
            if not user:
                raise forbidden("The header X-Emulator-User is missing")
            with world.transaction() as connection:
                call = Call(connection, user, clock.now(), world.switches, request.path_params, request.query_params)
                call.body = body_json(body)
                settle_due_jobs(call)
                return handler(call)

        return _unsigned(act)

    return endpoint


def _control_endpoint(world: World, control: Callable[[Ask], Any]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        is_yaml = "yaml" in request.headers.get("content-type", "")

        def act() -> Any:
            document = yaml.safe_load(body) if is_yaml else body_json(body)
            return control(Ask(world, request.query_params, document))

        return _unsigned(act)

    return endpoint


def _unsigned(act: Callable[[], Any]) -> Response:
    try:
        result = act()
    except ApiError as error:
        return json_response(error.envelope("v2"), error.status)
    except Exception as error:  # a wrong body must reach the caller as a message, not as a bare 500
        log.exception("a request to the control plane failed")
        return json_response({"message": f"the emulator failed: {error!r}"}, 500)
    return json_response(result)
