"""
What cannot be made through Encord's API and so must be there before: users, integrations, workflow templates.

A seed is a YAML or JSON document with any of the keys ``organisation``, ``users``, ``integrations``, ``templates``,
``ontologies`` and ``switches`` (see the README). Applying it again changes nothing; a user's key may be renewed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
import yaml

from include.encord_emulator import clock
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import fetch_one, insert
from include.encord_emulator.store.tables import INTEGRATIONS, ONTOLOGIES, TEMPLATES, USERS
from include.encord_emulator.workflow.template import parse_template

SHIPPED_TEMPLATES = Path(__file__).parent / "templates"
_KEYS = {"organisation", "users", "integrations", "templates", "ontologies", "switches"}
_ROLES = {"admin", "member"}


def read_seed(path: str | Path) -> dict[str, Any]:
    """Return the document of a seed file."""
    document = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
    if not isinstance(document, dict):
        raise invalid(f"seed {path}: a mapping is expected")
    return document


def ensure_shipped_templates(connection: sa.Connection) -> None:
    """Load the workflow templates that come with the emulator."""
    for path in sorted(SHIPPED_TEMPLATES.glob("*.yaml")):
        _add_template(connection, yaml.safe_load(path.read_text(encoding="utf-8")))


def apply_seed(connection: sa.Connection, document: dict[str, Any]) -> None:
    """Add what the document names and the state lacks; an entry without what it needs is refused."""
    try:
        _apply(connection, document)
    except (KeyError, TypeError, AttributeError) as error:
        raise invalid(f"seed: {error!r} is missing or wrong") from error


def _apply(connection: sa.Connection, document: dict[str, Any]) -> None:
    if unknown := set(document) - _KEYS:
        raise invalid(f"seed: unknown keys {sorted(unknown)}; there are {sorted(_KEYS)}")
    for user in document.get("users") or []:
        _add_user(connection, user)
    for integration in document.get("integrations") or []:
        title = integration["title"]
        uuid = stable_uuid("integration", title)
        _add_once(connection, INTEGRATIONS, "uuid", {"uuid": uuid, "title": title})
    for template in document.get("templates") or []:
        _add_template(connection, template)
    for ontology in document.get("ontologies") or []:
        _add_ontology(connection, ontology)


def stable_uuid(kind: str, name: str) -> str:
    """Return a uuid that depends on nothing but the name."""
    return str(uuid5(NAMESPACE_URL, f"encord-emulator/{kind}/{name}"))


def _add_once(connection: sa.Connection, table: sa.Table, key: str, record: dict[str, Any]) -> None:
    if fetch_one(connection, sa.select(table).where(table.c[key] == record[key])) is None:
        insert(connection, table, [record])


def _add_user(connection: sa.Connection, user: dict[str, Any]) -> None:
    role = user.get("organisation_role", "member")
    if role not in _ROLES:
        raise invalid(f"seed: user {user.get('email')}: organisation_role is one of {sorted(_ROLES)}, not {role!r}")
    key = user.get("public_key")
    key = key.lower() if key else None
    _add_once(connection, USERS, "email", {"email": user["email"], "public_key": key, "organisation_role": role})
    changed = {"organisation_role": role} | ({"public_key": key} if key else {})
    connection.execute(USERS.update().where(USERS.c.email == user["email"]).values(**changed))


def _add_template(connection: sa.Connection, document: dict[str, Any]) -> None:
    template = parse_template(document)
    record = {"uuid": template.uuid, "title": template.title, "document": document, "is_default": template.is_default}
    _add_once(connection, TEMPLATES, "uuid", record)


def _add_ontology(connection: sa.Connection, ontology: dict[str, Any]) -> None:
    now = clock.now()
    record = {
        "ontology_hash": ontology.get("ontology_hash") or stable_uuid("ontology", ontology["title"]),
        "title": ontology["title"],
        "description": ontology.get("description", ""),
        "editor": ontology["editor"],
        "owner": None,
        "created_at": now,
        "edited_at": now,
    }
    _add_once(connection, ONTOLOGIES, "ontology_hash", record)
