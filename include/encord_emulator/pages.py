"""Stand-ins for pages of the web app, so that links lead somewhere: how far a project is, what a folder holds."""

from __future__ import annotations

import html
from collections.abc import Mapping

import sqlalchemy as sa
from starlette.responses import HTMLResponse

from include.encord_emulator.control import DISCLAIMER, projects
from include.encord_emulator.store.database import fetch, fetch_one
from include.encord_emulator.store.tables import DATA_ROWS, DATASETS, FOLDERS, ITEMS
from include.encord_emulator.world import World

# Where the web app has them.
PROJECT_PATH = "/projects/view/{project_hash}/{tab}"
FOLDER_PATH = "/data/files/{uuid}"
DATASET_PATH = "/data/datasets/{dataset_hash}"
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
        return _missing("project", project_hash)
    return HTMLResponse(_page(found[0]["title"], _content(found[0]["tasks"], found[0]["routed"])))


def folder_page(world: World, uuid: str) -> HTMLResponse:
    """Return the page of a storage folder."""
    with world.transaction() as connection:
        folder = fetch_one(connection, sa.select(FOLDERS).where(FOLDERS.c.uuid == uuid))
        counted = sa.select(ITEMS.c.item_type, sa.func.count().label("n")).where(ITEMS.c.folder == uuid)
        counts = {row["item_type"]: row["n"] for row in fetch(connection, counted.group_by(ITEMS.c.item_type))}
    if folder is None:
        return _missing("folder", uuid)
    return HTMLResponse(_page(folder["name"], _table("Sort", "Items", counts)))


def dataset_page(world: World, dataset_hash: str) -> HTMLResponse:
    """Return the page of a dataset."""
    with world.transaction() as connection:
        dataset = fetch_one(connection, sa.select(DATASETS).where(DATASETS.c.dataset_hash == dataset_hash))
        counted = sa.select(sa.func.count().label("n")).where(DATA_ROWS.c.dataset_hash == dataset_hash)
        [units] = fetch(connection, counted)
    if dataset is None:
        return _missing("dataset", dataset_hash)
    return HTMLResponse(_page(dataset["title"], _table("Dataset", "Units", {dataset_hash: units["n"]})))


def _missing(sort: str, name: str) -> HTMLResponse:
    return HTMLResponse(_page(f"No such {sort}", f"<p>{html.escape(name)}</p>"), status_code=404)


def _content(tasks: Mapping[str, int], routed: Mapping[str, Mapping[str, int]]) -> str:
    parts = [_table("Stage", "Tasks", tasks)]
    parts += [_table(f"Left {stage} by", "Tasks", pathways) for stage, pathways in routed.items()]
    return "\n".join(parts)


def _table(name: str, value: str, rows: Mapping[str, int]) -> str:
    body = "".join(f"<tr><td>{html.escape(one)}</td><td>{count}</td></tr>" for one, count in rows.items())
    return f"<table><thead><tr><th>{html.escape(name)}</th><th>{value}</th></tr></thead><tbody>{body}</tbody></table>"


def _page(title: str, content: str) -> str:
    return PAGE.format(title=html.escape(title), content=content, disclaimer=html.escape(DISCLAIMER))
