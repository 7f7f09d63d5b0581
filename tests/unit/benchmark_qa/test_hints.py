from __future__ import annotations

import itertools

from include.benchmark_qa.hints import Mistake, write_hints
from include.benchmark_qa.scoring.verdicts import Verdict

LOOSE = Mistake(Verdict.LOW_OVERLAP, "Car", "Car", 1, 0.6)
MISSING = Mistake(Verdict.MISSING, "Person", None)
EXTRA = Mistake(Verdict.EXTRA, None, "Bus", 2)
SWAPPED = Mistake(Verdict.MISLABELLED, "Car", "Bus")
ANSWER = Mistake(Verdict.ATTRIBUTE_MISMATCH, "Car", "Car", 1, 0.5)


def test_the_most_costly_mistakes_come_first_and_three_are_enough():
    # They cost 2 (two frames of EXTRA), 1, 1, 0.5 and 0.4.
    expected = ("2 x Bus labelled where there is none", "Person not labelled", "Car labelled as Bus")
    for order in itertools.permutations([LOOSE, MISSING, EXTRA, SWAPPED, ANSWER]):
        assert write_hints(order) == expected


def test_mistakes_of_a_kind_are_one_hint():
    assert write_hints([LOOSE, ANSWER, LOOSE]) == ("2 x Car outlined loosely", "Car with a wrong answer")


def test_a_match_is_no_mistake():
    assert write_hints([Mistake(Verdict.MATCHED, "Car", "Car", 1, 1.0)]) == ()
    assert write_hints([]) == ()


def test_a_class_without_a_name_is_said_so():
    assert write_hints([Mistake(Verdict.MISSING, None, None)]) == ("a label not labelled",)
