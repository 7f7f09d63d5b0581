"""Which class was labelled as which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_CELLS = """
    SELECT submitted_feature, ground_truth_feature,
        any_value(submitted_class), any_value(ground_truth_class), sum(labels)::BIGINT
    FROM labels SEMI JOIN counted USING (project_hash, data_hash, annotator_email, label_branch_name)
    WHERE kind = 'object' AND ($annotator IS NULL OR annotator_email = $annotator)
    GROUP BY submitted_feature, ground_truth_feature
"""


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


def read_confusion(connection: duckdb.DuckDBPyConnection, annotator: str | None = None) -> Confusion:
    """
    Return the confusion matrix of one annotator, or of all, over objects per frame.

    :param connection: of ``open_scores``
    :param annotator: whose; None for all
    """
    rows = connection.execute(_CELLS, {"annotator": annotator}).fetchall()
    names = {row[side]: row[side + 2] for row in rows for side in (0, 1) if row[side] is not None}
    features = [*sorted(names, key=lambda feature: (names[feature], feature)), None]
    place = {feature: index for index, feature in enumerate(features)}
    counts = [[0] * len(features) for _ in features]
    for submitted, truth, _, _, labels in rows:
        counts[place[submitted]][place[truth]] += labels
    return Confusion(tuple(names[feature] for feature in features[:-1]), tuple(map(tuple, counts)))


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
