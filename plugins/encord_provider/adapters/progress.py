"""How much of the ground truth has to be made before it counts as made, and how much is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Requirement:
    """
    When ground truth counts as made.

    :param share: the share of a project's units that is required, more than 0 and up to 1
    :param stage: title of a stage that is far enough beside the final one; None: only the final one is
    """

    share: Decimal = Decimal(1)
    stage: str | None = None

    @classmethod
    def read(cls, given: Any) -> Self:
        """
        Read ``ground_truth.require`` of a campaign: ``all``, a share, or ``{"stage": title}``.

        :raises ValueError: it is none of these
        """
        if given == "all":
            return cls()
        if isinstance(given, Mapping) and set(given) == {"stage"} and given["stage"]:
            return cls(stage=str(given["stage"]))
        try:
            share = Decimal(str(given))  # by its text: 0.7 as a float is a little more than seven of ten
        except InvalidOperation:
            share = Decimal(0)
        if not (share.is_finite() and 0 < share <= 1):
            fitting = "all, a share above 0 and up to 1, {stage: title}"
            raise ValueError(f"ground_truth.require: {given!r} is none of these: {fitting}")
        return cls(share=share)

    def units(self, units: int) -> int:
        """Return how many of so many units are required: a share is rounded up."""
        return math.ceil(self.share * units)


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How many of a project's units are far enough, and how many have to be.

    :param stage: title of the stage that is far enough beside the final one, if there is one
    """

    complete: int
    units: int
    required: int
    stage: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether enough are; a project without units is not complete, since its units may be still to come."""
        return self.units > 0 and self.complete >= self.required

    def __str__(self) -> str:
        done = f"in stage {self.stage!r} or complete" if self.stage else "complete"
        required = f", {self.required} required" if self.required != self.units else ""
        return f"{self.complete} of {self.units} {done}{required}"
