from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Attribute:
    """
    One question of an object or a classification.

    ``kind`` is radio, checklist, text or numeric. ``parent`` is the attribute and the option under which it is asked;
    None for a question that is always asked. A dynamic one is answered per frame.
    """

    feature_hash: str
    name: str
    kind: str
    parent: tuple[str, str] | None
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class OntologyIndex:
    """
    The parts of an ontology that comparing labels needs, by feature hash.

    ``names`` and ``shapes`` are of the classes (objects and classifications; a classification has the shape
    ``classification``), ``attributes`` are all questions, nested ones too, and ``options`` the names of all options.
    Columns hold classes and attributes by their codes: the place in the sorted feature hashes.
    """

    names: Mapping[str, str]
    shapes: Mapping[str, str]
    attributes: Mapping[str, Attribute]
    options: Mapping[str, str]
    class_hashes: tuple[str, ...] = field(init=False)
    class_codes: Mapping[str, int] = field(init=False)
    attribute_hashes: tuple[str, ...] = field(init=False)
    attribute_codes: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        for kind, hashes in (("class", tuple(sorted(self.names))), ("attribute", tuple(sorted(self.attributes)))):
            object.__setattr__(self, f"{kind}_hashes", hashes)
            object.__setattr__(self, f"{kind}_codes", {one: code for code, one in enumerate(hashes)})


def index_ontology(structure: Mapping[str, Any]) -> OntologyIndex:
    """
    Index the dictionary of ``OntologyStructure.to_dict()``.

    :raises ValueError: when it is not an ontology structure.
    """
    parts = [structure.get("objects"), structure.get("classifications")]
    if not all(isinstance(part, list) for part in parts):
        raise ValueError("the ontology must be OntologyStructure.to_dict(): lists of 'objects' and 'classifications'")
    features = [feature for part in parts for feature in part or ()]
    try:
        return _index(features)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"the ontology has a feature that is not as OntologyStructure.to_dict() writes it: {error!r}"
        ) from error


def _index(features: list[Mapping[str, Any]]) -> OntologyIndex:
    names, shapes, options = {}, {}, {}
    attributes: dict[str, Attribute] = {}
    for feature in features:
        feature_hash = str(feature["featureNodeHash"])
        questions = feature.get("attributes") or []
        # A classification has no name of its own in Encord: its first question stands for it.
        names[feature_hash] = str(feature.get("name") or (questions[0]["name"] if questions else feature_hash))
        shapes[feature_hash] = str(feature.get("shape") or "classification")
        for attribute, raw in _walk(questions, None):
            attributes[attribute.feature_hash] = attribute
            options.update({str(o["featureNodeHash"]): str(o["label"]) for o in raw.get("options") or ()})
    return OntologyIndex(names, shapes, attributes, options)


def _walk(
    questions: list[Mapping[str, Any]], parent: tuple[str, str] | None
) -> Iterator[tuple[Attribute, Mapping[str, Any]]]:
    for question in questions:
        feature_hash = str(question["featureNodeHash"])
        dynamic = bool(question.get("dynamic"))
        yield Attribute(feature_hash, str(question["name"]), str(question["type"]), parent, dynamic), question
        for option in question.get("options") or ():
            yield from _walk(option.get("options") or [], (feature_hash, str(option["featureNodeHash"])))
