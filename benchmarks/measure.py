"""
What a piece of work costs, measured in a process of its own: CPU seconds, wall seconds, peak memory.

``run("benchmarks.listing_clients:boto3_paginator", url)`` starts a Python that calls that function with those strings.
The function sets up and returns the work, a function without arguments; only the work is timed, so that nobody pays
for imports. CPU seconds are those of all threads and of child processes that have ended. The peak is that of the
whole process, imports included. Linux only.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import resource
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost, and what its work returned."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    result: Any


def run(function: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Cost:
    """
    Return the cost of the work of ``module:function`` in a new process.

    :raises RuntimeError: when it fails; what it said is on stderr.
    """
    command = [sys.executable, "-m", "benchmarks.measure", function, *arguments]
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=os.environ | (environment or {}), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{function} ended with status {done.returncode}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def command(module: str, *arguments: str) -> Callable[[], None]:
    """Return as work what ``python -m module`` does; what it prints goes to stderr."""

    def work() -> None:
        sys.argv[1:] = arguments
        with contextlib.redirect_stdout(sys.stderr):
            try:
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            except SystemExit as ended:
                if ended.code:
                    raise

    return work


def alternate(contestants: Mapping[str, Callable[[], Cost]], repetitions: int) -> dict[str, list[Cost]]:
    """
    Run all of them, then all again, and so on, so that a busy minute of the machine hits each alike.

    A round before these is not counted: it fills the caches of the kernel, and of a server.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    for repetition in range(repetitions + 1):
        for name, contestant in contestants.items():
            cost = contestant()
            sys.stderr.write(f"{repetition}/{repetitions} {name}: {cost.cpu_s:.2f} CPU s, {cost.wall_s:.2f} s\n")
            if repetition:
                costs[name].append(cost)
    return costs


def ratio(of: Sequence[Cost], to: Sequence[Cost], attribute: str = "cpu_s") -> str:
    """Return how many times as much the first cost: the median of the ratios run by run, and their spread."""
    ratios = [getattr(a, attribute) / getattr(b, attribute) for a, b in zip(of, to, strict=True)]
    return f"{median(ratios):.1f} times ({min(ratios):.1f} to {max(ratios):.1f})"


def medians(costs: Sequence[Cost]) -> Cost:
    """Return the medians of each measure, and the highest peak; the result is the last one's."""
    return Cost(
        cpu_s=median(cost.cpu_s for cost in costs),
        wall_s=median(cost.wall_s for cost in costs),
        peak_mb=max(cost.peak_mb for cost in costs),
        result=costs[-1].result,
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def surroundings(*packages: str) -> str:
    """Return one line that says on what was measured: machine, load, versions."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{os.cpu_count()} cores ({model}), load {load}; Python {platform.python_version()}, {versions}"


def _cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _peak_mb() -> float:
    # Not ru_maxrss, which begins with what the parent had when it started this process.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def _main() -> None:
    module, _, name = sys.argv[1].partition(":")
    work = getattr(importlib.import_module(module), name)(*sys.argv[2:])
    cpu_s, started = _cpu_s(), time.monotonic()
    result = work()
    cost = {"cpu_s": _cpu_s() - cpu_s, "wall_s": time.monotonic() - started, "peak_mb": _peak_mb(), "result": result}
    sys.stdout.write("\n" + json.dumps(cost) + "\n")


if __name__ == "__main__":
    _main()
