"""True and mistaken answers to the questions of an ontology: an object's attributes, or a classification's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "islet", "juniper", "kelp", "lagoon")
"""What texts are made of; of much the same length, so that one wrong word costs much the same everywhere."""

ANSWERABLE = frozenset({"radio", "checklist", "text"})


@dataclass(frozen=True)
class Answer:
    """
    One answered attribute.

    :param attribute: the attribute as the ontology's dictionary has it.
    :param options: the options chosen (one for a radio, one or more for a checklist, none for a text).
    :param text: what was typed, for a text attribute.
    :param nested: answers to the attributes that the chosen options bring with them.
    """

    attribute: Mapping[str, Any]
    options: tuple[Mapping[str, Any], ...] = ()
    text: str = ""
    nested: tuple[Answer, ...] = ()


def answer_all(attributes: Iterable[Mapping[str, Any]], rng: Random) -> tuple[Answer, ...]:
    """Answer every attribute that can be: radio, checklist and text, neither archived nor dynamic."""
    return tuple(_answer(attribute, rng) for attribute in attributes if _is_answerable(attribute))


def misjudge(answers: Iterable[Answer], error_rate: float, rng: Random) -> tuple[Answer, ...]:
    """Get each answer wrong with that chance; a right parent may still have a wrong nested answer."""
    judged = []
    for answer in answers:
        if rng.random() < error_rate:
            judged.append(_wrong(answer, rng))
        else:
            judged.append(replace(answer, nested=misjudge(answer.nested, error_rate, rng)))
    return tuple(judged)


def flatten(answers: Iterable[Answer]) -> list[Answer]:
    """List the answers and all nested ones, each parent before its children."""
    flat = []
    for answer in answers:
        flat.append(answer)
        flat.extend(flatten(answer.nested))
    return flat


def _is_answerable(attribute: Mapping[str, Any]) -> bool:
    if attribute.get("archived") or attribute.get("dynamic") or attribute["type"] not in ANSWERABLE:
        return False
    return attribute["type"] == "text" or bool(_live_options(attribute))


def _live_options(attribute: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [option for option in attribute.get("options", ()) if not option.get("archived")]


def _answer(attribute: Mapping[str, Any], rng: Random) -> Answer:
    if attribute["type"] == "text":
        return Answer(attribute, text=" ".join(rng.sample(WORDS, 2)))
    options = _live_options(attribute)
    count = 1 if attribute["type"] == "radio" else rng.randint(1, len(options))
    return _choose(attribute, rng.sample(options, count), rng)


def _choose(attribute: Mapping[str, Any], chosen: list[Mapping[str, Any]], rng: Random) -> Answer:
    in_order = [option for option in _live_options(attribute) if option in chosen]
    nested = [answer for option in in_order for answer in answer_all(option.get("options", ()), rng)]
    return Answer(attribute, options=tuple(in_order), nested=tuple(nested))


def _wrong(answer: Answer, rng: Random) -> Answer:
    """Return another answer to the same question, or the same one where there is no other."""
    if answer.attribute["type"] == "text":
        first, *rest = answer.text.split()
        return replace(answer, text=" ".join([rng.choice([word for word in WORDS if word != first]), *rest]))
    others = [option for option in _live_options(answer.attribute) if option not in answer.options]
    if answer.attribute["type"] == "radio":
        return _choose(answer.attribute, [rng.choice(others)], rng) if others else answer
    # A checklist with nothing ticked is no answer at all, so the only tick is never taken away.
    tickable = others if len(answer.options) == 1 else [*others, *answer.options]
    if not tickable:
        return answer
    toggled = rng.choice(tickable)
    kept = [option for option in answer.options if option is not toggled]
    return _choose(answer.attribute, kept if toggled in answer.options else [*kept, toggled], rng)
