"""Ontologies: finding and making them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import not_found
from include.encord_emulator.store.database import Record
from include.encord_emulator.store.tables import ONTOLOGIES
from include.encord_emulator.store.titles import refuse_taken_title


def require_ontology(call: Call, ontology_hash: str) -> Record:
    """Return an ontology, or refuse with 404."""
    ontology = call.fetch_one(sa.select(ONTOLOGIES).where(ONTOLOGIES.c.ontology_hash == ontology_hash))
    if ontology is None:
        raise not_found("ontology", ontology_hash)
    return ontology


def make_ontology(call: Call, title: str, description: str, editor: dict[str, Any]) -> Record:
    """Create an ontology and return it."""
    refuse_taken_title(call, "ontology", ONTOLOGIES.c.title, title)
    ontology = {
        "ontology_hash": str(uuid4()),
        "title": title,
        "description": description,
        "editor": editor,
        "owner": call.user,
        "created_at": call.now,
        "edited_at": call.now,
    }
    call.insert(ONTOLOGIES, ontology)
    return ontology
