"""Costs are measured in a process of its own, and hold what threads and child processes cost there."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from benchmarks.measure import Cost, alternate, medians, ratio, run, table

_HERE = "tests.unit.benchmarks.test_measure"
_BURNT_CPU_S = 0.2


def burn() -> None:
    until = time.thread_time() + _BURNT_CPU_S
    while time.thread_time() < until:
        pass


def in_thread() -> Callable[[], str]:
    def work() -> str:
        thread = threading.Thread(target=burn)
        thread.start()
        thread.join()
        return "done"

    return work


def in_child() -> Callable[[], str]:
    def work() -> str:
        subprocess.run([sys.executable, "-c", f"import {_HERE} as here; here.burn()"], check=True)
        return "done"

    return work


def in_preparation() -> Callable[[], str]:
    burn()
    return lambda: "done"


def failing() -> Callable[[], str]:
    def work() -> str:
        raise ValueError("no")

    return work


@pytest.mark.parametrize("place", ["in_thread", "in_child"])
def test_threads_and_children_count(place: str) -> None:
    cost = run(f"{_HERE}:{place}")
    assert cost.result == "done"
    assert cost.cpu_s >= _BURNT_CPU_S
    assert cost.wall_s >= _BURNT_CPU_S


def test_preparation_does_not_count() -> None:
    assert run(f"{_HERE}:in_preparation").cpu_s < _BURNT_CPU_S


def test_peak_is_of_the_child_alone() -> None:
    held = b"x" * 500_000_000
    assert 5 < run(f"{_HERE}:in_preparation").peak_mb < 250
    assert held


def test_failure_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="failing ended with status 1"):
        run(f"{_HERE}:failing")
    assert "ValueError: no" in capfd.readouterr().err


def test_command_is_work_whose_output_does_not_mix_with_the_cost() -> None:
    assert run("benchmarks.measure:command", "platform", "--terse").result is None


def test_alternate_takes_turns_and_drops_the_first_round() -> None:
    turns: list[str] = []

    def contestant(name: str) -> Callable[[], Cost]:
        def turn() -> Cost:
            turns.append(name)
            return Cost(len(turns), 1, 1, None)

        return turn

    costs = alternate({"a": contestant("a"), "b": contestant("b")}, 2)
    assert turns == ["a", "b", "a", "b", "a", "b"]
    assert {name: [cost.cpu_s for cost in each] for name, each in costs.items()} == {"a": [3, 5], "b": [4, 6]}


def test_ratio_is_taken_run_by_run() -> None:
    slow = [Cost(10, 1, 1, None), Cost(40, 1, 1, None), Cost(30, 1, 1, None)]
    fast = [Cost(1, 1, 1, None), Cost(2, 1, 1, None), Cost(2, 1, 1, None)]
    assert ratio(slow, fast) == "15.0 times (10.0 to 20.0)"
    assert ratio(slow, fast, "wall_s") == "1.0 times (1.0 to 1.0)"


def test_medians_keep_the_highest_peak() -> None:
    assert medians([Cost(1, 9, 5, "a"), Cost(3, 7, 8, "b"), Cost(2, 8, 6, "c")]) == Cost(2, 8, 8, "c")


def test_table_is_markdown() -> None:
    assert table(["a", "long"], [["value", "1"]]) == "| a     | long |\n| ----- | ---- |\n| value | 1    |"
