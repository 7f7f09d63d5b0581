"""The pages behind the tab; whoever may see the Dag may see its scorecard, nobody else."""

from __future__ import annotations

import html
from http import HTTPStatus
from typing import TYPE_CHECKING

from include.benchmark_qa.campaign import CampaignError
from include.object_storage import ObjectStorageError
from include.scorecard_tab.lookup import campaign_name, read_scorecard

if TYPE_CHECKING:
    from fastapi import FastAPI, Response

HEADERS = {
    # The page comes from a bucket that others may write to: nothing in it may act in Airflow's name.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; margin: 3rem auto; max-width: 40rem;
  padding: 0 1rem; }}
h1 {{ font-size: 1.4rem; }}
</style></head>
<body><h1>{title}</h1><p>{text}</p></body>
</html>
"""


def create_app() -> FastAPI:
    """Return the application: ``GET /<dag id>``, 401 for the anonymous, 403 for those who may not see the Dag."""
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
    from airflow.api_fastapi.core_api.security import requires_access_dag, requires_access_view
    from fastapi import Depends, FastAPI, Response

    app = FastAPI(title="Benchmark QA scorecard", openapi_url=None)
    allowed = [Depends(requires_access_view(AccessView.PLUGINS)), Depends(requires_access_dag("GET"))]

    # Not `async`: reading the workspace blocks.
    @app.get("/{dag_id}", dependencies=allowed, response_class=Response)
    def scorecard(dag_id: str) -> Response:
        return scorecard_page(dag_id)

    return app


def scorecard_page(dag_id: str) -> Response:
    """Return the scorecard of a Dag's campaign, or a page that says why there is none."""
    name = campaign_name(dag_id)
    if name is None:
        return _page("No scorecard", f"The Dag {dag_id} belongs to no Benchmark QA campaign.")
    try:
        content = read_scorecard(name)
    except (CampaignError, ObjectStorageError) as error:
        return _page("The scorecard cannot be read", str(error), HTTPStatus.INTERNAL_SERVER_ERROR)
    if content is None:
        text = f"The task publish_scores writes the scorecard of the campaign {name}, and has not run yet."
        return _page("No scorecard yet", text)
    return _respond(content)


def _page(title: str, text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    page = PAGE.format(title=html.escape(title), text=html.escape(text))
    return _respond(page.encode(), status)


def _respond(content: bytes, status: HTTPStatus = HTTPStatus.OK) -> Response:
    from fastapi import Response

    return Response(content, status_code=status, media_type="text/html", headers=HEADERS)
