"""Labels read in bundles of which one bad row costs the others nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from encord.exceptions import EncordException
    from encord.objects import LabelRowV2

log = logging.getLogger(__name__)

# Refused requests in a row without any that succeeds: more than it takes to find one row among BUNDLE_SIZE by halves.
MOST_REFUSALS = 9
Reader: TypeAlias = Callable[[Sequence["LabelRowV2"]], list[tuple["LabelRowV2", dict[str, Any]]]]


@dataclass(slots=True)
class PatientReader:
    """
    Read bundles by halves where Encord does not answer them whole; what it does not hand out alone is a problem.

    ``problems`` gives the reason by the row's data hash and branch. Where nothing can be read any more, Encord's own
    error is raised: that is no matter of single rows.

    :param read: reads the labels of some rows in one request
    """

    read: Reader
    problems: dict[tuple[str, str], str] = field(default_factory=dict)
    _refusals: int = 0

    def bundle(self, rows: Sequence[LabelRowV2]) -> Iterator[tuple[LabelRowV2, dict[str, Any]]]:
        """Yield the rows that can be read, each with its labels."""
        from encord.exceptions import EncordException, MultiLabelLimitError

        if not rows:
            return
        try:
            found = self.read(rows)
        except MultiLabelLimitError as error:
            size = max(1, min(error.maximum_labels_allowed, len(rows) // 2))
            for start in range(0, len(rows), size):
                yield from self.bundle(rows[start : start + size])
        except EncordException as error:
            if not self._is_about_rows(error):
                raise
            yield from self._halves(rows, error)
        else:
            self._refusals = 0
            yield from found

    def _halves(
        self, rows: Sequence[LabelRowV2], error: EncordException
    ) -> Iterator[tuple[LabelRowV2, dict[str, Any]]]:
        if len(rows) == 1:
            why = f"Encord does not hand out these labels ({type(error).__name__}: {error.message})"
            self.problems[str(rows[0].data_hash), rows[0].branch_name] = why
            log.warning("%s, branch %s: %s", rows[0].data_title, rows[0].branch_name, why)
            return
        middle = len(rows) // 2
        yield from self.bundle(rows[:middle])
        yield from self.bundle(rows[middle:])

    def _is_about_rows(self, error: EncordException) -> bool:
        from encord.exceptions import AuthenticationError, AuthorisationError, RateLimitExceededError

        self._refusals += 1
        is_general = isinstance(error, AuthenticationError | AuthorisationError | RateLimitExceededError)
        return not is_general and self._refusals <= MOST_REFUSALS
