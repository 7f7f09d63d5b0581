"""A stand-in for the web app's page of a project, so that a link to it leads somewhere: how far its tasks are."""

from __future__ import annotations

import html
from collections.abc import Mapping

from starlette.responses import HTMLResponse

from include.encord_emulator.control import DISCLAIMER, projects
from include.encord_emulator.world import World

PATH = "/projects/view/{project_hash}/{tab}"  # where the web app has it
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; margin: 2rem auto; max-width: 40rem;
  padding: 0 1rem; }}
td, th {{ border-bottom: 1px solid #8886; padding: .3rem 1rem .3rem 0; text-align: left; }}
td + td, th + th {{ text-align: right; }}
small {{ opacity: .7; }}
</style></head>
<body>
<h1>{title}</h1>
{content}
<p><small>{disclaimer} Reload the page to see what has changed.</small></p>
</body>
</html>
"""


def project_page(world: World, project_hash: str) -> HTMLResponse:
    """Return the page of a project."""
    with world.transaction() as connection:
        found = projects(connection, project_hash)
    if not found:
        return HTMLResponse(_page("No such project", f"<p>{html.escape(project_hash)}</p>"), status_code=404)
    return HTMLResponse(_page(found[0]["title"], _content(found[0]["tasks"], found[0]["routed"])))


def _content(tasks: Mapping[str, int], routed: Mapping[str, Mapping[str, int]]) -> str:
    parts = [_table("Stage", "Tasks", tasks)]
    parts += [_table(f"Left {stage} by", "Tasks", pathways) for stage, pathways in routed.items()]
    return "\n".join(parts)


def _table(name: str, value: str, rows: Mapping[str, int]) -> str:
    body = "".join(f"<tr><td>{html.escape(one)}</td><td>{count}</td></tr>" for one, count in rows.items())
    return f"<table><thead><tr><th>{html.escape(name)}</th><th>{value}</th></tr></thead><tbody>{body}</tbody></table>"


def _page(title: str, content: str) -> str:
    return PAGE.format(title=html.escape(title), content=content, disclaimer=html.escape(DISCLAIMER))
