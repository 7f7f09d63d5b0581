"""How well a simulated annotator works: the rates of each kind of mistake, and four people of known order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Skill:
    """
    Rates of mistakes, each in [0, 1] unless said otherwise.

    :param box_sigma: standard deviation of a corner's misplacement, as a fraction of the object's own size.
    :param miss_rate: chance that an object is not seen at all.
    :param extra_rate: false objects per unit on average, any number from 0 up.
    :param mislabel_rate: chance that an object gets another class of the same shape.
    :param attribute_error_rate: chance that an answer, of an object or of a classification, is wrong.
    :param skip_rate: chance that an ordinary task is skipped at first sight.
    :param seconds_per_object: time spent on one object or one classification, in seconds.
    """

    box_sigma: float
    miss_rate: float
    extra_rate: float
    mislabel_rate: float
    attribute_error_rate: float
    skip_rate: float
    seconds_per_object: float

    def __post_init__(self) -> None:
        rates = (self.miss_rate, self.mislabel_rate, self.attribute_error_rate, self.skip_rate)
        if not all(0.0 <= rate <= 1.0 for rate in rates):
            raise ValueError(f"every rate of a skill but extra_rate must lie in [0, 1]: {self}")
        if min(self.box_sigma, self.extra_rate, self.seconds_per_object) < 0.0:
            raise ValueError(f"a skill's box_sigma, extra_rate and seconds_per_object cannot be negative: {self}")


EXACT = Skill(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, seconds_per_object=12.0)
"""Whoever draws this way makes the ground truth."""

SKILLS: Mapping[str, Skill] = MappingProxyType(
    {
        "careful": Skill(
            box_sigma=0.008,
            miss_rate=0.003,
            extra_rate=0.02,
            mislabel_rate=0.002,
            attribute_error_rate=0.01,
            skip_rate=0.0,
            seconds_per_object=9.0,
        ),
        "steady": Skill(
            box_sigma=0.02,
            miss_rate=0.03,
            extra_rate=0.1,
            mislabel_rate=0.02,
            attribute_error_rate=0.05,
            skip_rate=0.01,
            seconds_per_object=7.0,
        ),
        "hasty": Skill(
            box_sigma=0.045,
            miss_rate=0.1,
            extra_rate=0.3,
            mislabel_rate=0.06,
            attribute_error_rate=0.12,
            skip_rate=0.03,
            seconds_per_object=4.0,
        ),
        "careless": Skill(
            box_sigma=0.09,
            miss_rate=0.25,
            extra_rate=0.7,
            mislabel_rate=0.15,
            attribute_error_rate=0.3,
            skip_rate=0.06,
            seconds_per_object=2.0,
        ),
    }
)
"""Best first: their mean scores come out in this order on 60 units, whatever the seed."""


def skill_named(name: str) -> Skill:
    """
    Return the profile of that name.

    :raises ValueError: there is no such profile.
    """
    try:
        return SKILLS[name]
    except KeyError:
        raise ValueError(f"no skill is called {name!r}; there are: {', '.join(SKILLS)}") from None
