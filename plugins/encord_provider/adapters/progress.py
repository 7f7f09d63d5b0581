from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a project's units have reached the final stage."""

    complete: int
    units: int

    @property
    def is_complete(self) -> bool:
        """Whether all have; a project without units is not complete, since its tasks may be still to come."""
        return self.units > 0 and self.complete >= self.units

    def __str__(self) -> str:
        return f"{self.complete} of {self.units} complete"
