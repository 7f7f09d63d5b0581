"""What an annotator is told of a submission that failed: a few words on the worst mistakes, never where they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from include.benchmark_qa.scoring.verdicts import Verdict

MOST_HINTS = 3

# Of mistakes that cost the same: what is plainly wrong before what is loose.
_SEVERITY = {
    verdict: rank
    for rank, verdict in enumerate(
        (Verdict.MISSING, Verdict.MISLABELLED, Verdict.EXTRA, Verdict.ATTRIBUTE_MISMATCH, Verdict.LOW_OVERLAP)
    )
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """
    One verdict that is no match, as a hint needs it.

    Classes by name, None where there is none; ``frames`` is how many units of the score it stands for; ``credit`` in
    [0, 1] is what one of them still counted.
    """

    verdict: Verdict
    ground_truth_class: str | None
    submitted_class: str | None
    frames: int = 1
    credit: float = 0.0


def write_hints(mistakes: Iterable[Mistake]) -> tuple[str, ...]:
    """
    Return up to three sentences on a submission's mistakes, the most costly first.

    Mistakes of one kind are one sentence with their number. Sentences name classes and numbers, never a place: an
    annotator must find the mistake, not copy the ground truth.

    >>> write_hints([Mistake(Verdict.MISSING, "Car", None), Mistake(Verdict.MISSING, "Car", None)])
    ('2 x Car not labelled',)
    """
    losses: defaultdict[tuple[Verdict, str, str], float] = defaultdict(float)
    frames: defaultdict[tuple[Verdict, str, str], int] = defaultdict(int)
    for one in mistakes:
        if one.verdict in _SEVERITY:
            kind = (one.verdict, one.ground_truth_class or "a label", one.submitted_class or "a label")
            losses[kind] += (1.0 - one.credit) * one.frames
            frames[kind] += one.frames
    worst = sorted(losses, key=lambda kind: (-round(losses[kind], 9), _SEVERITY[kind[0]], kind))
    return tuple(_sentence(kind, frames[kind]) for kind in worst[:MOST_HINTS])


def _sentence(kind: tuple[Verdict, str, str], count: int) -> str:
    verdict, truth, given = kind
    said = {
        Verdict.MISSING: f"{truth} not labelled",
        Verdict.EXTRA: f"{given} labelled where there is none",
        Verdict.MISLABELLED: f"{truth} labelled as {given}",
        Verdict.ATTRIBUTE_MISMATCH: f"{truth} with a wrong answer",
        Verdict.LOW_OVERLAP: f"{truth} outlined loosely",
    }[verdict]
    return said if count == 1 else f"{count} x {said}"
