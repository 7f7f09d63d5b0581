from __future__ import annotations

import numpy as np

from include.benchmark_qa.labels.columns import IntArray


def distinct(*columns: IntArray) -> tuple[list[IntArray], IntArray]:
    """
    Return the different rows of a table, sorted by its first column, then its second and so on.

    :param columns: one or more, (K,) each.
    :return: the columns of the D different rows, (D,) each; and (K,) where among them each row is.
    """
    order = np.lexsort(columns[::-1])
    is_first = np.zeros(len(order), dtype=np.bool_)
    for column in columns:
        ordered = column[order]
        is_first[1:] |= ordered[1:] != ordered[:-1]
    is_first[:1] = True
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(is_first) - 1
    return [column[order[is_first]] for column in columns], place
