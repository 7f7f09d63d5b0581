"""Which rule is for which key, and what can be done with its keys as columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from include.benchmark_qa.manifest.arrow import Column, as_rows, kernels
from include.benchmark_qa.manifest.columns import RuleColumns, differs_beyond_ascii, key_columns, simple_rows
from include.benchmark_qa.manifest.rules import FileRule


class Assignment:
    """
    Finds the rules of simple keys (see ``columns``): the first that matches a key is its rule.

    :param prefix: under which the keys were listed
    :raises ValueError: Arrow cannot read the regular expression of a rule; keys must be looked at one by one
    """

    def __init__(self, rules: Sequence[FileRule], prefix: str) -> None:
        self._rules = rules
        self._prefix = prefix
        self._ascii_only = differs_beyond_ascii(rules)
        self.columns = [RuleColumns(rule, prefix) for rule in rules]

    def simple(self, keys: Column) -> Any:
        """Tell of each key of a string array whether it is simple."""
        return simple_rows(keys, self._prefix, ascii_only=self._ascii_only)

    def assign(self, keys: Column, simple: Any) -> Iterator[tuple[int, Any, Column]]:
        """
        Yield for each rule that has keys its index, their row numbers, and the keys.

        :param simple: tells of each row of the string array whether its key is simple; others are left out
        """
        import numpy as np
        import pyarrow as pa

        rows = np.flatnonzero(simple)
        if len(rows) < len(keys):
            keys = keys.filter(pa.array(simple))
        for index, columns in enumerate(self.columns):
            if not len(rows):
                return
            matched = columns.matches(keys)
            if matched.all():
                yield index, rows, keys
                return
            if matched.any():
                yield index, rows[matched], keys.filter(pa.array(matched))
                rows, keys = rows[~matched], keys.filter(pa.array(~matched))

    def source_keys(self, index: int, keys: Column) -> tuple[Column, Any]:
        """Return what the groups of some keys of a rule are known by, and which keys have such a group."""
        pc = kernels()

        if self._rules[index].grouping == "directory":
            directories = key_columns(keys, frozenset({"directory"}))["directory"]
            return directories, as_rows(pc.not_equal(directories, ""))
        groups = self.columns[index].captures(keys)["group"]
        return pc.binary_join_element_wise(self._prefix, groups, ""), as_rows(pc.not_equal(groups, ""))
