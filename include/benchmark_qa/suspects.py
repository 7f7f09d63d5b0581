"""Units whose ground truth is doubtful, by the rule of ``results.units``, from passes and failures alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from include.benchmark_qa.scoring.settings import DecisionSettings


class JudgedSubmission(Protocol):
    """What the rule looks at."""

    @property
    def data_hash(self) -> str: ...
    @property
    def annotator_email(self) -> str: ...
    @property
    def passed(self) -> bool | None: ...


def suspect_units(submissions: Iterable[JudgedSubmission], decision: DecisionSettings) -> frozenset[str]:
    """
    Return the data hashes of units that most annotators failed who pass elsewhere.

    Most: more than half of those whose pass rate over all *other* units is at least the required one, and at least
    ``suspect_min_annotators``. Who had a unit several times passes it when all of the submissions passed.
    """
    uses: dict[tuple[str, str], bool] = {}
    for one in submissions:
        if one.passed is not None:
            key = one.annotator_email, one.data_hash
            uses[key] = uses.get(key, True) and one.passed
    outcomes: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for (email, data_hash), passed in uses.items():
        outcomes[email][data_hash] = passed
    verdicts: defaultdict[str, list[bool]] = defaultdict(list)
    for units in outcomes.values():
        for data_hash, passed in units.items():
            others = len(units) - 1
            if others and sum(units.values()) - passed >= decision.required_pass_rate * others - 1e-9:
                verdicts[data_hash].append(passed)
    return frozenset(unit for unit, passed in verdicts.items() if _is_suspect(passed, decision.suspect_min_annotators))


def _is_suspect(passed: list[bool], least: int) -> bool:
    failures = passed.count(False)
    return failures >= least and 2 * failures > len(passed)
