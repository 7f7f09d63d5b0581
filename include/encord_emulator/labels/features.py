"""The features of an ontology by their hash, read from the editor document (the structure's ``to_dict()``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Attribute:
    """
    An attribute; ``options`` maps an option's hash to the attributes nested below it.

    :param type: ``radio``, ``checklist``, ``text`` or ``numeric``.
    """

    hash: str
    name: str
    type: str
    required: bool
    archived: bool
    options: Mapping[str, tuple[Attribute, ...]] = field(default_factory=dict)

    def below(self) -> Iterator[Attribute]:
        """Yield the attribute and all that are nested below its options."""
        yield self
        for nested in self.options.values():
            for attribute in nested:
                yield from attribute.below()


@dataclass(frozen=True, slots=True)
class Feature:
    """An object (with a shape) or a classification (without) of an ontology."""

    hash: str
    name: str
    shape: str | None
    archived: bool
    attributes: tuple[Attribute, ...]

    def attribute_map(self) -> dict[str, Attribute]:
        """Return all attributes of the feature, the nested ones too, by hash."""
        return {one.hash: one for attribute in self.attributes for one in attribute.below()}


@dataclass(frozen=True, slots=True)
class Features:
    """What labels of a project may refer to."""

    objects: Mapping[str, Feature]
    classifications: Mapping[str, Feature]

    @property
    def archived(self) -> frozenset[str]:
        """The hashes of the features that are archived."""
        every = (*self.objects.values(), *self.classifications.values())
        return frozenset(feature.hash for feature in every if feature.archived)


def read_features(editor: Any) -> Features:
    """Return the features of an editor document; entries that make no sense are passed over."""
    document = editor if isinstance(editor, dict) else {}
    return Features(
        {feature.hash: feature for feature in map(_feature, _entries(document, "objects"))},
        {feature.hash: feature for feature in map(_feature, _entries(document, "classifications"))},
    )


def _entries(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = document.get(name)
    found = entries if isinstance(entries, list) else []
    return [entry for entry in found if isinstance(entry, dict) and isinstance(entry.get("featureNodeHash"), str)]


def _feature(entry: Mapping[str, Any]) -> Feature:
    attributes = tuple(_attribute(one) for one in _entries(entry, "attributes"))
    name = entry.get("name") or (attributes[0].name if attributes else "")
    shape = entry.get("shape")
    return Feature(
        entry["featureNodeHash"], str(name), str(shape) if shape else None, bool(entry.get("archived")), attributes
    )


def _attribute(entry: Mapping[str, Any]) -> Attribute:
    return Attribute(
        entry["featureNodeHash"],
        str(entry.get("name", "")),
        str(entry.get("type", "")),
        bool(entry.get("required")),
        bool(entry.get("archived")),
        {
            option["featureNodeHash"]: tuple(_attribute(nested) for nested in _entries(option, "options"))
            for option in _entries(entry, "options")
        },
    )
