"""The two halves of a campaign's files must be told apart by what their keys begin with."""

from __future__ import annotations


def check_prefixes(benchmark_prefix: str, production_prefix: str) -> None:
    """
    Make sure that no file can be both a known unit and real work.

    :raises ValueError: a prefix is empty, or one begins with the other
    """
    for name, prefix in (("benchmark_prefix", benchmark_prefix), ("production_prefix", production_prefix)):
        if not prefix:
            raise ValueError(f"{name} is empty: every file would be of that kind")
    if benchmark_prefix.startswith(production_prefix) or production_prefix.startswith(benchmark_prefix):
        raise ValueError(
            f"benchmark_prefix {benchmark_prefix!r} and production_prefix {production_prefix!r} overlap: "
            "no file may be both"
        )
