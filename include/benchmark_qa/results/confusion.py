"""Which class was labelled as which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import duckdb

_CELLS = """
    SELECT annotator_email, submitted_feature, ground_truth_feature,
        any_value(submitted_class), any_value(ground_truth_class), sum(labels)::BIGINT
    FROM labels JOIN (SELECT submission, annotator_email FROM counted) USING (submission)
    WHERE kind = 'object'
    GROUP BY annotator_email, submitted_feature, ground_truth_feature
    ORDER BY annotator_email
"""

Cell: TypeAlias = tuple[str | None, str | None, str | None, str | None, int]


@dataclass(frozen=True, slots=True)
class Confusion:
    """
    How often objects of one class were labelled as another.

    ``counts[i][j]`` objects were submitted as class ``i`` and are truly of class ``j``; classes by name, the last row
    and column are *unmatched*: missing objects in the row, extra ones in the column.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def is_mixed_up(self) -> bool:
        """Whether any object was labelled as another class."""
        size = range(len(self.classes))
        return any(self.counts[row][column] for row in size for column in size if row != column)


def read_confusions(connection: duckdb.DuckDBPyConnection) -> tuple[Confusion, dict[str, Confusion]]:
    """Return the confusion matrix of all annotators together, and of each, over objects per frame."""
    cells: dict[str, list[Cell]] = {}
    for annotator, *cell in connection.execute(_CELLS).fetchall():
        cells.setdefault(annotator, []).append((cell[0], cell[1], cell[2], cell[3], cell[4]))
    together = [cell for own in cells.values() for cell in own]
    return _confusion(together), {annotator: _confusion(own) for annotator, own in cells.items()}


def _confusion(cells: Sequence[Cell]) -> Confusion:
    pairs = [
        pair for given, true, given_name, true_name, _ in cells for pair in ((given, given_name), (true, true_name))
    ]
    names = {feature: name or "" for feature, name in pairs if feature is not None}
    shown = sorted(names, key=lambda feature: (names[feature], feature))
    features = [*shown, None]
    place: dict[str | None, int] = {feature: index for index, feature in enumerate(features)}
    counts = [[0] * len(features) for _ in features]
    for submitted, truth, _, _, labels in cells:
        counts[place[submitted]][place[truth]] += labels
    return Confusion(tuple(names[feature] for feature in shown), tuple(map(tuple, counts)))


def largest_classes(confusion: Confusion, most: int) -> Confusion:
    """Keep the classes with the most confused labels, for a page that has no room for all; the matrix in between."""
    size = len(confusion.classes)
    wrong = [
        sum(confusion.counts[one]) + sum(row[one] for row in confusion.counts) - 2 * confusion.counts[one][one]
        for one in range(size)
    ]
    kept = sorted(sorted(range(size), key=lambda one: (-wrong[one], one))[:most])
    places = [*kept, size]
    return Confusion(
        tuple(confusion.classes[one] for one in kept),
        tuple(tuple(confusion.counts[row][column] for column in places) for row in places),
    )
