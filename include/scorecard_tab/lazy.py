"""
The pages as Airflow's plugin loader wants them.

Every task's process loads all plugins, and only the API server serves pages: what those need, seconds of imports, waits
for the first request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any, Final

URL_PREFIX: Final = "/benchmark-qa/scorecard"

Message = MutableMapping[str, Any]
AsgiApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


async def scorecard_app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer one request, as ASGI has it."""
    await _app()(scope, receive, send)


@cache
def _app() -> AsgiApp:
    from include.scorecard_tab.pages import create_app

    return create_app()
