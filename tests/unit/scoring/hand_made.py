"""An ontology with every kind of question, and label columns made by hand from plain lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from include.benchmark_qa.labels.columns import (
    AnswerColumns,
    ClassificationColumns,
    LabelColumns,
    ObjectColumns,
)
from include.benchmark_qa.labels.ontology import OntologyIndex, index_ontology
from include.benchmark_qa.labels.vocabulary import Vocabulary

# Question -> its answer: a text, a number, or the options chosen.
Answers = Mapping[str, Any]


def question(name: str, kind: str, options: Mapping[str, Sequence[Any]] | None = None, dynamic: bool = False) -> Any:
    """Return a question; hash and name are alike. ``options`` are the options with the questions under them."""
    made: dict[str, Any] = {"featureNodeHash": name, "name": name.title(), "type": kind, "dynamic": dynamic}
    if options is not None:
        made["options"] = [
            {"featureNodeHash": option, "label": option.title(), "options": list(nested)}
            for option, nested in options.items()
        ]
    return made


def feature(name: str, *questions: Any, shape: str | None = None) -> Any:
    made: dict[str, Any] = {"featureNodeHash": name, "name": name.title(), "attributes": list(questions)}
    return made | ({"shape": shape} if shape else {})


def _ontology() -> OntologyIndex:
    gear = question("gear", "radio", {"manual": (), "automatic": ()})
    trim = question("trim", "text")
    extras = question("extras", "checklist", {"radio": (), "towbar": [question("load", "numeric")]})
    kind = question("kind", "radio", {"sedan": [gear, trim, extras], "truck": ()})
    return index_ontology(
        {
            "objects": [
                feature(
                    "car",
                    kind,
                    question("damage", "checklist", {"dent": (), "scratch": (), "rust": ()}),
                    question("plate", "text"),
                    question("doors", "numeric"),
                    question("moving", "radio", {"yes": [question("speed", "numeric")], "no": ()}, dynamic=True),
                    question("lights", "checklist", {"left": (), "right": (), "brake": ()}, dynamic=True),
                    question("driver", "text", dynamic=True),
                    shape="bounding_box",
                )
            ],
            "classifications": [
                feature("weather", question("sky", "radio", {"sun": (), "rain": [question("heavy", "text")]})),
                feature("tags", question("tag", "checklist", {"red": (), "green": (), "blue": ()})),
                feature("caption", question("words", "text")),
            ],
        }
    )


ONTOLOGY = _ontology()


def coded(vocabulary: Vocabulary, value: Any) -> int:
    return vocabulary.code(frozenset(value) if isinstance(value, set | frozenset | list | tuple) else value)


def answer_columns(
    vocabulary: Vocabulary, answers: Iterable[tuple[int, str, Any, int, int]], ontology: OntologyIndex = ONTOLOGY
) -> AnswerColumns:
    """Return the columns of (owner, question, answer, first frame, last frame)."""
    rows = [
        (owner, ontology.attribute_codes[asked], coded(vocabulary, value), first, last)
        for owner, asked, value, first, last in answers
    ]
    return AnswerColumns(*np.array(rows, dtype=np.int64).reshape(-1, 5).T)


def label_columns(
    vocabulary: Vocabulary,
    *,
    hashes: Sequence[str] = (),
    answers: Iterable[tuple[int, str, Any]] = (),
    dynamic: Iterable[tuple[int, str, Any, int, int]] = (),
    classifications: Iterable[tuple[int, str, int, int, int]] = (),
    data_types: Sequence[str] = ("image",),
    ontology: OntologyIndex = ONTOLOGY,
) -> LabelColumns:
    """
    Return label rows without drawn objects.

    :param answers: (owner, question, answer); ``dynamic`` also with the first and the last frame.
    :param classifications: (row, class, owner, first frame, last frame).
    """
    none = np.zeros(0, dtype=np.int64)
    rows = [(row, ontology.class_codes[name], owner, a, b) for row, name, owner, a, b in classifications]
    return LabelColumns(
        data_types=tuple(data_types),
        saved=np.ones(len(data_types), dtype=np.bool_),
        problems=((),) * len(data_types),
        hashes=tuple(hashes),
        objects=ObjectColumns(none, none, none, none, np.zeros((0, 2)), none, {}),
        classifications=ClassificationColumns(*np.array(rows, dtype=np.int64).reshape(-1, 5).T),
        answers=answer_columns(vocabulary, [(*one, 0, 0) for one in answers], ontology),
        dynamic_answers=answer_columns(vocabulary, dynamic, ontology),
    )
