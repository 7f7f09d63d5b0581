"""The Starlette application: which path goes to which handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, compile_path

from include.encord_emulator import clock
from include.encord_emulator.call import Call, Handler
from include.encord_emulator.dispatch import Dispatcher, body_json, raw_target
from include.encord_emulator.errors import ApiError
from include.encord_emulator.journal import Entry
from include.encord_emulator.left_out import left_out, left_out_query
from include.encord_emulator.media_server import media_routes
from include.encord_emulator.routes import (
    analytics,
    cloud_sync,
    data_groups,
    dataset_members,
    dataset_rows,
    datasets,
    editor_logs,
    folder_settings,
    folders,
    groups,
    issues,
    item_moves,
    items,
    label_metadata,
    label_tools,
    labels,
    legacy_projects,
    local_uploads,
    members,
    metadata_schema,
    ontologies,
    organisation,
    project_copy,
    projects,
    upload_jobs,
    workflow,
)
from include.encord_emulator.unsigned import control_routes, ui_routes
from include.encord_emulator.wire.payload import Payload, read
from include.encord_emulator.world import World

RESOURCES = (
    organisation, metadata_schema, groups, folders, folder_settings, cloud_sync, local_uploads, upload_jobs, items,
    item_moves, data_groups, datasets, dataset_rows, dataset_members, ontologies, projects, project_copy,
    legacy_projects, members, workflow, issues, labels, label_tools, label_metadata, analytics, editor_logs,
)  # fmt: skip
V2 = tuple(entry for resource in RESOURCES for entry in resource.routes.v2)
LEGACY: dict[tuple[str, str], Handler] = {
    key: handler for resource in RESOURCES for key, handler in resource.routes.legacy.items()
}
Endpoint = Callable[[Request], Awaitable[Response]]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_KNOWN_PATHS = tuple((method, compile_path(path)[0]) for method, path, _ in V2)


def create_app(world: World) -> Starlette:
    """Return the application over a world."""
    v2, legacy = Dispatcher(world, "v2"), Dispatcher(world, "legacy")
    return Starlette(
        routes=[
            *(
                Route(f"/v2/public/{path}", _v2_endpoint(v2, f"{method} {path}", handler), methods=[method])
                for method, path, handler in V2
            ),
            Route("/v2/public/{rest:path}", _v2_endpoint(v2, "", _unknown_path), methods=METHODS),
            Route("/public", _legacy_endpoint(legacy), methods=["POST"]),
            Route("/public/user", _legacy_endpoint(legacy), methods=["POST"]),
            *ui_routes(world),
            *control_routes(world),
            *media_routes(world),
        ]
    )


def _unknown_path(call: Call) -> Any:
    rest = call.path["rest"]
    area = left_out(rest)
    methods = sorted({method for method, pattern in _KNOWN_PATHS if pattern.match(rest)})
    if methods and area is None:
        raise ApiError(405, f"{rest} takes {', '.join(methods)}")
    raise not_emulated(rest, area)


def not_emulated(call: str, area: str | None) -> ApiError:
    """Return the refusal of a call of Encord's that is not here; ``area`` is what is left out on purpose."""
    if area is not None:
        return ApiError(501, f"The emulator leaves out {area} on purpose: {call}")
    return ApiError(501, f"The emulator does not know this call: {call}")


def _v2_endpoint(dispatcher: Dispatcher, route: str, handler: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        path = request.url.path
        entry = Entry(request.method, path, clock.now(), raw_target(request), route or f"{request.method} {path}")
        body = await dispatcher.body(request, entry)
        if isinstance(body, Response):
            return body

        def prepare(call: Call) -> Handler:
            call.path, call.query, call.body = request.path_params, request.query_params, body_json(body)
            return handler

        return await dispatcher.serve(request, body, entry, prepare)

    return endpoint


class LegacyQuery(Payload):
    """The envelope of a legacy request; what is in ``values`` depends on the query."""

    query_type: str
    query_method: str
    values: LegacyValues


class LegacyValues(Payload):
    """
    What a legacy query is about.

    :param uid: a hash, several of them, or, of a few queries, something else.
    """

    uid: Any = None
    payload: Any = None


def _legacy_endpoint(dispatcher: Dispatcher) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        entry = Entry(request.method, request.url.path, clock.now(), raw_target(request), "not a legacy query")
        body = await dispatcher.body(request, entry)
        if isinstance(body, Response):
            return body
        try:
            query = read(LegacyQuery, body_json(body), "body")
        except ApiError as error:
            return dispatcher.refuse(entry, error)
        entry.query_type, entry.query_method = query.query_type, query.query_method
        entry.route = f"{query.query_type} {query.query_method}"

        def prepare(call: Call) -> Handler:
            call.resource_id = request.headers.get("resourceid", "")
            call.uid, call.body = query.values.uid, query.values.payload
            return _legacy_handler(query)

        return await dispatcher.serve(request, body, entry, prepare)

    return endpoint


def _legacy_handler(query: LegacyQuery) -> Handler:
    handler = LEGACY.get((query.query_type, query.query_method))
    if handler is None:
        raise not_emulated(f"{query.query_method} {query.query_type}", left_out_query(query.query_type))
    return handler
