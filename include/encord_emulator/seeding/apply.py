"""
Putting a seed into the state: what it names and the state lacks is added, the rest stays as it is.

Order matters, for later things refer to earlier ones. It all happens in one transaction: a seed is applied whole or not
at all. Applying it again changes nothing, except that a user's key and role may be renewed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from include.encord_emulator.call import Call
from include.encord_emulator.errors import ApiError, invalid
from include.encord_emulator.seeding import document as doc
from include.encord_emulator.seeding.items import Made, is_repeat, made_items, stable_uuid
from include.encord_emulator.store import datasets, projects, tables
from include.encord_emulator.store.cloud_sync import add_cloud_objects
from include.encord_emulator.store.data_groups import grid_layout, make_group
from include.encord_emulator.store.database import Record, fetch_one, insert
from include.encord_emulator.store.media import attach_file
from include.encord_emulator.store.new_projects import insert_project, new_workflow
from include.encord_emulator.store.project_datasets import attach
from include.encord_emulator.wire.data_groups import LayoutSettings
from include.encord_emulator.workflow.template import parse_template

SHIPPED_TEMPLATES = Path(__file__).parents[1] / "templates"
ROLE_NUMBERS = {name.lower(): number for number, name in enumerate(projects.ROLE_NAMES)}


def add_shipped_templates(connection: sa.Connection) -> None:
    """Load the workflow templates that come with the emulator."""
    for path in sorted(SHIPPED_TEMPLATES.glob("*.yaml")):
        _add_template(connection, yaml.safe_load(path.read_text(encoding="utf-8")))


def apply_seed(call: Call, seed: doc.Seed) -> None:
    """Add what the seed names; a reference to nothing is refused with the path of the field."""
    steps: tuple[tuple[str, Callable[[Call, Any], None]], ...] = (
        ("users", _add_user),
        ("integrations", _add_integration),
        ("workflow_templates", lambda call, template: _add_template(call.connection, template)),
        ("ontologies", _add_ontology),
        ("folders", _add_folder),
        ("datasets", _add_dataset),
        ("projects", _add_project),
    )
    for name, add in steps:
        for index, entry in enumerate(getattr(seed, name)):
            try:
                add(call, entry)
            except ApiError as error:
                gap = "" if error.message.startswith(".") else ": "
                raise invalid(f"seed.{name}[{index}]{gap}{error.message}") from None
            except sa.exc.IntegrityError as error:
                raise invalid(f"seed.{name}[{index}]: a uuid in it is taken ({error.orig})") from None


def _add_user(call: Call, user: doc.User) -> None:
    here = tables.USERS.c.email == user.email
    given = {"organisation_role": user.role} | ({"public_key": user.public_key} if user.public_key else {})
    if user.public_key:
        others = sa.select(tables.USERS.c.email).where(tables.USERS.c.public_key == user.public_key, ~here)
        if (other := call.fetch_one(others)) is not None:
            raise invalid(f".public_key: {other['email']} has the same one")
    if call.fetch_one(sa.select(tables.USERS).where(here)) is None:
        call.insert(tables.USERS, {"email": user.email, "public_key": None} | given)
    call.connection.execute(tables.USERS.update().where(here).values(**given))


def _add_integration(call: Call, integration: doc.Integration) -> None:
    uuid = integration.uuid or stable_uuid("integration", integration.title)
    record = {"uuid": uuid, "title": integration.title, "is_strict": integration.strict_client_only}
    _add_once(call, tables.INTEGRATIONS, "uuid", record)
    add_cloud_objects(call.connection, uuid, integration.objects)


def _add_template(connection: sa.Connection, document: dict[str, Any]) -> None:
    template = parse_template(document, "")
    record = {"uuid": template.uuid, "title": template.title, "document": document, "is_default": template.is_default}
    if fetch_one(connection, sa.select(tables.TEMPLATES).where(tables.TEMPLATES.c.uuid == template.uuid)) is None:
        insert(connection, tables.TEMPLATES, [record])


def _add_ontology(call: Call, ontology: doc.Ontology) -> None:
    record = {
        "ontology_hash": ontology.uuid or stable_uuid("ontology", ontology.title),
        "title": ontology.title,
        "description": ontology.description,
        "editor": ontology.structure,
    }
    _add_once(call, tables.ONTOLOGIES, "ontology_hash", record | _made_now(call))


def _add_folder(call: Call, folder: doc.Folder) -> None:
    uuid = folder.uuid or stable_uuid("folder", folder.name)
    record = {"uuid": uuid, "name": folder.name, "description": folder.description, "client_metadata": None}
    _add_once(call, tables.FOLDERS, "uuid", record | {"parent": None} | _made_now(call))
    present = call.fetch(sa.select(tables.ITEMS.c.uuid).where(tables.ITEMS.c.folder == uuid))
    there = {row["uuid"] for row in present}
    made = [one for one in _made_once(record, folder.items) if one.item["uuid"] not in there]
    single = [part for one in made for part in (one.item, *one.children) if part["item_type"] != "group"]
    call.insert(tables.ITEMS, *(part | _made_now(call) for part in single))
    for one in made:
        if one.item["item_type"] == "group":
            _add_group(call, record, one)
        for item_uuid, path in one.files.items():
            attach_file(call.connection, item_uuid, path)


def _made_once(folder: Record, items: Sequence[doc.Item]) -> Iterator[Made]:
    """Yield the items that a folder's entries make; two of one uuid are refused."""
    taken = set[str]()
    for index, item in enumerate(items):
        for one in made_items(folder, item):
            for part in (one.item, *one.children):
                if part["uuid"] in taken:
                    raise invalid(f".items[{index}]: {part['name']!r} has the name or the uuid of another item")
                taken.add(part["uuid"])
            yield one


def _add_group(call: Call, folder: Record, made: Made) -> None:
    """Make a data group of its children, one tile for each."""
    contents = {str(number): child["uuid"] for number, child in enumerate(made.children)}
    settings = LayoutSettings().model_dump(by_alias=True)
    layout = {"layout": grid_layout(list(contents)), "layoutSettings": settings, "timeline": []}
    item = made.item
    make_group(call, folder, item["name"], contents, layout, item["client_metadata"], uuid=item["uuid"])


def _add_dataset(call: Call, dataset: doc.Dataset) -> None:
    uuid = dataset.uuid or stable_uuid("dataset", dataset.title)
    record = {"dataset_hash": uuid, "title": dataset.title, "description": dataset.description, "backing_folder": None}
    if _add_once(call, tables.DATASETS, "dataset_hash", record | _made_now(call)):
        call.insert(tables.DATASET_USERS, {"dataset_hash": uuid, "email": call.user, "role": datasets.ADMIN})
    linked = call.fetch(sa.select(tables.DATA_ROWS.c.item_uuid).where(tables.DATA_ROWS.c.dataset_hash == uuid))
    there = {row["item_uuid"] for row in linked}
    rows = [
        {
            "data_hash": stable_uuid("data row", f"{uuid}/{item['uuid']}"),
            "dataset_hash": uuid,
            "item_uuid": item["uuid"],
            "title": item["name"],
            "created_at": call.now,
        }
        for item in _chosen_items(call, dataset)
        if item["uuid"] not in there
    ]
    call.insert(tables.DATA_ROWS, *rows)


def _chosen_items(call: Call, dataset: doc.Dataset) -> list[Record]:
    """
    Return the items that a dataset names; the name of a repeated item stands for all of them.

    Without names these are all of the folder but what only data groups show.
    """
    if dataset.folder is None:
        if dataset.items:
            raise invalid(".folder: it is missing, so its items cannot be found")
        return []
    folder = _find(call, tables.FOLDERS, {"uuid": dataset.folder, "name": dataset.folder}, "folder")
    items = call.fetch(
        sa.select(tables.ITEMS).where(tables.ITEMS.c.folder == folder["uuid"]).order_by(tables.ITEMS.c.seq)
    )
    if dataset.items is None:
        shown = call.fetch(sa.select(tables.GROUP_MEMBERS.c.item_uuid))
        within_groups = {row["item_uuid"] for row in shown}
        return [item for item in items if item["uuid"] not in within_groups]
    chosen: list[Record] = []
    for index, wanted in enumerate(dataset.items):
        found = [item for item in items if wanted in {item["uuid"], item["name"]} or is_repeat(item["name"], wanted)]
        if not found:
            raise invalid(f".items[{index}]: folder {folder['name']!r} has no item {wanted!r}")
        chosen += found
    return list({item["uuid"]: item for item in chosen}.values())


def _add_project(call: Call, project: doc.Project) -> None:
    uuid = project.uuid or stable_uuid("project", project.title)
    ontology = _find(
        call, tables.ONTOLOGIES, {"ontology_hash": project.ontology, "title": project.ontology}, "ontology"
    )
    template = project.workflow_template
    if template is not None:
        template = _find(call, tables.TEMPLATES, {"uuid": template, "title": template}, "workflow_template")["uuid"]
    attached = [
        _find(call, tables.DATASETS, {"dataset_hash": name, "title": name}, f"datasets[{index}]")["dataset_hash"]
        for index, name in enumerate(project.datasets)
    ]
    if call.fetch_one(sa.select(tables.PROJECTS).where(tables.PROJECTS.c.project_hash == uuid)) is None:
        made = {"project_hash": uuid, "title": project.title, "description": project.description}
        insert_project(call, made | {"ontology_hash": ontology["ontology_hash"]} | new_workflow(call, template))
    _add_members(call, uuid, project.users)
    attach(call, uuid, attached)


def _add_members(call: Call, project_hash: str, members: Sequence[doc.Member]) -> None:
    known = {row["email"] for row in call.fetch(sa.select(tables.USERS.c.email))}
    statement = sa.select(tables.PROJECT_USERS.c.email).where(tables.PROJECT_USERS.c.project_hash == project_hash)
    there = {row["email"] for row in call.fetch(statement)}
    for index, member in enumerate(members):
        if member.email not in known:
            raise invalid(f".users[{index}].email: there is no user {member.email!r}")
        if member.email not in there:
            there.add(member.email)
            role = ROLE_NUMBERS[member.role]
            call.insert(tables.PROJECT_USERS, {"project_hash": project_hash, "email": member.email, "role": role})


def _find(call: Call, table: sa.Table, keys: Mapping[str, str], field: str) -> Record:
    """Return the row that has one of the keys; none, or several, are refused."""
    rows = call.fetch(sa.select(table).where(sa.or_(*(table.c[name] == value for name, value in keys.items()))))
    wanted = next(iter(keys.values()))
    if len(rows) != 1:
        problem = "nothing has this title or uuid" if not rows else "several have this title: name its uuid"
        raise invalid(f".{field}: {problem}: {wanted!r}")
    return rows[0]


def _add_once(call: Call, table: sa.Table, key: str, record: Record) -> bool:
    """Insert a record unless its key is there; return whether it was inserted."""
    if call.fetch_one(sa.select(table).where(table.c[key] == record[key])) is not None:
        return False
    call.insert(table, record)
    return True


def _made_now(call: Call) -> Record:
    return {"owner": call.user, "created_at": call.now, "edited_at": call.now}
