"""Ontologies: the editor document is kept as given."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call, Routes
from include.encord_emulator.filters import ListingFilters
from include.encord_emulator.paging import whole
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.groups import admit_groups, dismiss_groups, entity_groups
from include.encord_emulator.store.ontologies import make_ontology, require_ontology
from include.encord_emulator.store.tables import ONTOLOGIES, ONTOLOGY_GROUPS
from include.encord_emulator.wire.organisation import GroupHashes, OntologyGroups, entity_group_dto
from include.encord_emulator.wire.payload import Name, Payload

routes = Routes()
ADMIN_ROLE = 0


class OntologyPayload(Payload):
    """``CreateOrUpdateOntologyPayload``; ``editor`` is the structure's ``to_dict()``."""

    title: Name
    description: str = ""
    editor: dict[str, Any]


@routes.on("POST", "ontologies")
def create_ontology(call: Call) -> Any:
    given = call.read(OntologyPayload)
    return _dto(make_ontology(call, given.title, given.description, given.editor))


@routes.on("GET", "ontologies")
def list_ontologies(call: Call) -> Any:
    statement = (
        sa.select(ONTOLOGIES).where(*call.arguments(ListingFilters).conditions(ONTOLOGIES)).order_by(ONTOLOGIES.c.seq)
    )
    return whole([_dto(ontology) for ontology in call.fetch(statement)])


@routes.on("GET", "ontologies/{ontology}")
def get_ontology(call: Call) -> Any:
    return _dto(require_ontology(call, call.path_uuid("ontology")))


@routes.on("PUT", "ontologies/{ontology}")
def update_ontology(call: Call) -> Any:
    ontology = require_ontology(call, call.path_uuid("ontology"))
    changes = call.read(OntologyPayload).model_dump() | {"edited_at": call.now}
    chosen = ONTOLOGIES.c.ontology_hash == ontology["ontology_hash"]
    call.connection.execute(ONTOLOGIES.update().where(chosen).values(**changes))
    return _dto(ontology | changes)


def _key(call: Call) -> dict[str, str]:
    return {"ontology_hash": require_ontology(call, call.path_uuid("ontology"))["ontology_hash"]}


@routes.on("GET", "ontologies/{ontology}/groups")
def list_groups(call: Call) -> Any:
    return whole([entity_group_dto(group) for group in entity_groups(call, ONTOLOGY_GROUPS, _key(call))])


@routes.on("POST", "ontologies/{ontology}/groups")
def add_groups(call: Call) -> Any:
    key, given = _key(call), call.read(OntologyGroups)
    admit_groups(call, ONTOLOGY_GROUPS, key, given.group_hash_list, given.user_role)


@routes.on("DELETE", "ontologies/{ontology}/groups")
def remove_groups(call: Call) -> Any:
    dismiss_groups(call, ONTOLOGY_GROUPS, _key(call), call.arguments(GroupHashes).group_hash_list)


def _dto(ontology: Record) -> dict[str, Any]:
    return {
        "ontologyUuid": ontology["ontology_hash"],
        "title": ontology["title"],
        "description": ontology["description"],
        "editor": ontology["editor"],
        "createdAt": ontology["created_at"],
        "lastEditedAt": ontology["edited_at"],
        "userRole": ADMIN_ROLE,
    }
