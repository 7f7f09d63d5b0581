"""Encord's ontologies: found, or created from what a campaign writes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from encord_provider.adapters.titles import ensured, only_one
from encord_provider.adapters.turns import Alone, unguarded
from encord_provider.exceptions import EncordNotFoundError, EncordOntologyError

if TYPE_CHECKING:
    from encord.objects import OntologyStructure
    from encord.user_client import EncordUserClient

    from include.benchmark_qa.ontology import AttributeSettings, OntologySettings


class OntologyAdapter:
    """Find and create ontologies."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def ensure(self, settings: OntologySettings, *, alone: Alone = unguarded) -> tuple[str, bool]:
        """
        Return the hash of the ontology that the settings name, and whether it had to be created.

        :raises EncordNotFoundError: it is named by hash, or by title alone, and does not exist
        :raises EncordOntologyError: an ontology of this title exists, with other classes than those written out
        """
        if settings.hash is not None:
            return self._get(settings.hash), False
        title = settings.title or ""

        def create() -> str:
            return str(self._client.create_ontology(title, structure=build_structure(settings)).ontology_hash)

        if not settings.is_written_out:
            return self._known(title), False
        found, created = ensured("ontology", title, self.find, create, alone)
        if not created:
            self._check_same_classes(found, settings)
        return found, created

    def _known(self, title: str) -> str:
        if found := self.find(title):
            return found
        raise EncordNotFoundError(
            f"no ontology is called {title!r}: correct `ontology.title` in the campaign, "
            "or write its objects and classifications out to have it created"
        )

    def find(self, title: str) -> str | None:
        """Return the hash of the one ontology with exactly this title, or None."""
        found = [row["ontology"] for row in self._client.get_ontologies(title_eq=title)]
        return only_one("ontology", title, [str(one.ontology_hash) for one in found if one.title == title])

    def structure(self, ontology_hash: str) -> dict[str, Any]:
        """Return the ontology's classes as Encord's own dictionary."""
        structure: dict[str, Any] = self._client.get_ontology(ontology_hash).structure.to_dict()
        return structure

    def _get(self, ontology_hash: str) -> str:
        from encord.exceptions import AuthorisationError, ResourceNotFoundError, UnknownException

        try:
            return str(self._client.get_ontology(ontology_hash).ontology_hash)
        except (AuthorisationError, ResourceNotFoundError, UnknownException) as error:
            raise EncordNotFoundError(
                f"ontology {ontology_hash} does not exist, or this key may not see it: "
                "correct `ontology.hash` in the campaign"
            ) from error

    def _check_same_classes(self, ontology_hash: str, settings: OntologySettings) -> None:
        existing = _outline(self.structure(ontology_hash))
        wanted = _outline(build_structure(settings).to_dict())
        if existing != wanted:
            odd = ", ".join(sorted(existing ^ wanted)[:5])
            raise EncordOntologyError(
                f"ontology {settings.title!r} ({ontology_hash}) exists with other classes than the campaign writes out "
                f"(first differences: {odd}). "
                "Give the campaign's ontology a new title, or name the existing one by its hash."
            )


def build_structure(settings: OntologySettings) -> OntologyStructure:
    """Return the SDK's structure for an ontology that is written out."""
    from encord.objects import OntologyStructure, Shape

    structure = OntologyStructure()
    for one in settings.objects:
        _add_attributes(structure.add_object(name=one.name, shape=Shape(one.shape)).add_attribute, one.attributes)
    for question in settings.classifications:
        _add_attributes(structure.add_classification().add_attribute, [question])
    return structure


def _add_attributes(add: Callable[..., Any], attributes: Sequence[AttributeSettings]) -> None:
    from encord.objects.attributes import ChecklistAttribute, RadioAttribute, TextAttribute

    kinds = {"radio": RadioAttribute, "checklist": ChecklistAttribute, "text": TextAttribute}
    for attribute in attributes:
        made = add(kinds[attribute.type], attribute.name, required=attribute.required)
        for option in attribute.options:
            added = made.add_option(option.name)
            if option.attributes:  # the SDK lets only radio options have them
                _add_attributes(added.add_nested_attribute, option.attributes)


def _outline(structure: dict[str, Any]) -> set[str]:
    """Return every name in an ontology with its path and kind: what must agree, whatever the hashes are."""
    lines: set[str] = set()
    for one in structure.get("objects", []):
        name = f"{one['name']} [{one['shape']}]"
        lines.add(name)
        _outline_attributes(name, one.get("attributes") or [], lines)
    for one in structure.get("classifications", []):
        _outline_attributes("classification", one.get("attributes") or [], lines)
    return lines


def _outline_attributes(path: str, attributes: Sequence[dict[str, Any]], lines: set[str]) -> None:
    for attribute in attributes:
        name = f"{path} / {attribute['name']} [{attribute['type']}]"
        lines.add(name)
        for option in attribute.get("options") or []:
            chosen = f"{name} = {option['label']}"
            lines.add(chosen)
            _outline_attributes(chosen, option.get("options") or [], lines)
