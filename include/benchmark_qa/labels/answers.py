from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from include.benchmark_qa.labels.model import AnswerValue
from include.benchmark_qa.labels.ontology import OntologyIndex

OPTION_KINDS = frozenset({"radio", "checklist"})


@dataclass(frozen=True, slots=True)
class ReadAnswers:
    """Answers by attribute hash: a text, or the hashes of the chosen options; and what could not be read."""

    values: Mapping[str, AnswerValue]
    problems: tuple[str, ...]


def read_answers(entries: Iterable[Mapping[str, Any]], ontology: OntologyIndex) -> ReadAnswers:
    """
    Read the ``classifications`` list of an answer entry.

    Encord writes nested answers flat, beside their parents; the ontology tells which is under which. An empty
    answer is no answer.
    """
    values: dict[str, AnswerValue] = {}
    problems = []
    for entry in entries:
        feature_hash = str(entry.get("featureHash"))
        attribute = ontology.attributes.get(feature_hash)
        raw = entry.get("answers")
        if attribute is None:
            problems.append(f"attribute {feature_hash!r} is not in the ontology")
        elif attribute.kind in OPTION_KINDS and isinstance(raw, list):
            values[feature_hash] = frozenset(str(option["featureHash"]) for option in raw)
        elif attribute.kind == "text" and isinstance(raw, str):
            values[feature_hash] = raw.strip()
        elif raw is not None:
            kind = attribute.kind if attribute.kind not in OPTION_KINDS | {"text"} else f"malformed {attribute.kind}"
            problems.append(f"{kind} attribute {attribute.name!r} is not supported")
    return ReadAnswers({key: value for key, value in values.items() if value}, tuple(problems))
