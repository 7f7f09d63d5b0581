from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from include.benchmark_qa.labels.answering import OPTION_KINDS
from include.benchmark_qa.labels.careful_values import (
    ProblemError,
    frame_ranges,
    mapping,
    number,
    sequence,
    shown,
    text_of,
)
from include.benchmark_qa.labels.ontology import Attribute, OntologyIndex
from include.benchmark_qa.labels.vocabulary import AnswerValue
from include.benchmark_qa.labels.wire import Answer, Option

Report = Callable[[str], None]


class _Given(NamedTuple):
    """An answer and the frames that it holds for, of a static answer 0 to 0."""

    first: int
    last: int
    value: AnswerValue


def read_answers(raw: object, ontology: OntologyIndex, report: Report, *, dynamic: bool = False) -> list[Answer]:
    """
    Return the answers of an object or a classification that can be read, each question once a frame.

    Chosen options of a checklist that stand in different answers come together. An empty answer is no answer.

    :param report: is told each problem.
    """
    given: dict[str, list[_Given]] = {}
    for entry in _entries(raw, report):
        try:
            attribute, value = _read_answer(mapping(entry, "an answer"), ontology)
            if value or value == 0:
                ranges = _ranges(entry, attribute) if dynamic else [(0, 0)]
                given.setdefault(attribute.feature_hash, []).extend(_Given(*one, value) for one in ranges)
        except ProblemError as error:
            report(str(error))
    return [
        _answer(feature_hash, one, dynamic)
        for feature_hash, stretches in given.items()
        for one in _once_a_frame(ontology.attributes[feature_hash], stretches, report)
    ]


def _entries(raw: object, report: Report) -> Iterable[Any]:
    try:
        return sequence(raw, "the answers")
    except ProblemError as error:
        report(str(error))
        return ()


def _read_answer(entry: Mapping[str, Any], ontology: OntologyIndex) -> tuple[Attribute, AnswerValue]:
    feature_hash = text_of(entry, "featureHash")
    attribute = ontology.attributes.get(feature_hash)
    if attribute is None:
        raise ProblemError(f"attribute {feature_hash!r} is not in the ontology")
    value = entry.get("answers")
    if value is None:
        return attribute, ""
    if attribute.kind in OPTION_KINDS and isinstance(value, list | tuple):
        return attribute, frozenset(_option(option, attribute, ontology) for option in value)
    if attribute.kind == "text" and isinstance(value, str):
        return attribute, value.strip()
    if attribute.kind == "numeric":
        return attribute, number(value, f"{attribute.name!r}")
    raise ProblemError(f"has {shown(value)} for {attribute.name!r}, which is no answer to a {attribute.kind} question")


def _option(raw: object, attribute: Attribute, ontology: OntologyIndex) -> str:
    feature_hash = text_of(mapping(raw, "an option"), "featureHash")
    if feature_hash not in ontology.options:
        raise ProblemError(f"option {feature_hash!r} of {attribute.name!r} is not in the ontology")
    return feature_hash


def _ranges(entry: Mapping[str, Any], attribute: Attribute) -> list[tuple[int, int]]:
    ranges = frame_ranges(entry.get("range"))
    if not ranges:
        raise ProblemError(f"the answer to {attribute.name!r} does not say for which frames")
    return ranges


def _once_a_frame(attribute: Attribute, given: list[_Given], report: Report) -> list[_Given]:
    """Return answers to one question so that no two are for the same frame."""
    given.sort(key=lambda one: one[:2])
    if all(one.last < following.first for one, following in pairwise(given)):
        return given
    if attribute.kind == "checklist":
        return _united(given)
    values: dict[AnswerValue, list[_Given]] = {}
    for one in given:
        values.setdefault(one.value, []).append(one)
    merged = [
        _Given(*stretch, value)
        for value, of_value in values.items()
        for stretch in frame_ranges([one[:2] for one in of_value])
    ]
    merged.sort(key=lambda one: one[:2])
    kept: list[_Given] = []
    for one in merged:
        if kept and one.first <= kept[-1].last:
            report(f"{attribute.name!r} has two answers at once")
        else:
            kept.append(one)
    return kept


def _united(given: list[_Given]) -> list[_Given]:
    """Unite the chosen options wherever their frames meet."""
    edges: dict[int, list[tuple[int, frozenset[str]]]] = {}
    for first, last, value in given:
        if isinstance(value, frozenset):
            edges.setdefault(first, []).append((1, value))
            edges.setdefault(last + 1, []).append((-1, value))
    chosen: dict[str, int] = {}
    united: list[_Given] = []
    frames = sorted(edges)
    for frame, following in pairwise(frames):
        for change, options in edges[frame]:
            for option in options:
                chosen[option] = chosen.get(option, 0) + change
        if now := frozenset(option for option, count in chosen.items() if count > 0):
            united.append(_Given(frame, following - 1, now))
    return united


def _answer(feature_hash: str, given: _Given, dynamic: bool) -> Answer:
    value = given.value
    answers = [Option(one) for one in sorted(value)] if isinstance(value, frozenset) else value
    return Answer(feature_hash, answers, [(given.first, given.last)] if dynamic else None)
