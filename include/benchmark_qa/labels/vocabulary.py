from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

# A text; the hashes of the chosen options of a radio question or a checklist; a number.
AnswerValue: TypeAlias = str | frozenset[str] | float


class Vocabulary:
    """
    Codes for answers and names, shared by all rows that are compared: equal values have equal codes.

    Code 0 is the empty text.
    """

    def __init__(self) -> None:
        self._values: list[AnswerValue] = [""]
        self._codes: dict[AnswerValue, int] = {"": 0}

    def code(self, value: AnswerValue) -> int:
        """Return the value's code, a new one for a new value."""
        found = self._codes.get(value)
        if found is None:
            kept = clean(value) if isinstance(value, str) else value
            found = self._codes.setdefault(kept, len(self._values))
            if found == len(self._values):
                self._values.append(kept)
            self._codes[value] = found
        return found

    @property
    def values(self) -> Sequence[AnswerValue]:
        """All values, by code."""
        return self._values


def clean(text: str) -> str:
    """Return a text that can be written anywhere: JSON may hold halves of characters."""
    return text.encode("utf-8", "replace").decode()
