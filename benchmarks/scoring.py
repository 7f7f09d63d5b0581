"""
Scoring a campaign, ours beside scripts: ``python -m benchmarks.scoring [--kind boxes] [--submissions 100000]``.

Four kinds of submissions, as the raw JSON that Encord sends: images with 8 boxes and 2 radio questions, videos of
1,000 frames with 10 boxes, images with 5 polygons, images with 3 bitmasks. Ours scores all of them, with every
verdict, rate, answer and, on videos, identity. The scripts score the first few thousand, and are compared
by what one submission costs: ``sdk`` builds the SDK's objects, ``plain`` walks the raw JSON (``json.loads``). Both
parse each truth once, and are written to be quick (``scoring_clients``, ``scoring_plain``). Contestants take turns,
each in a process of its own; a sample is compared number by number. Then single kernels, beside pycocotools and
loops over shapely (``scoring_kernels``).
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from functools import partial
from typing import Any

from benchmarks.measure import Cost, alternate, medians, run, surroundings, table
from benchmarks.scoring_kernels import compare_kernels

_CLIENTS = "benchmarks.scoring_clients"
SUBMISSIONS = {"boxes": 100_000, "videos": 200, "polygons": 10_000, "bitmasks": 10_000}
# How many the scripts score, at most: what takes each a few seconds.
PEER_SUBMISSIONS = {
    "sdk": {"boxes": 2_000, "videos": 4, "polygons": 1_000, "bitmasks": 10},
    "plain": {"boxes": 10_000, "videos": 10, "polygons": 1_000, "bitmasks": 1_000},
}
_COMPARED = {"boxes": 1_000, "videos": 4, "polygons": 500, "bitmasks": 10}
_HEADER = ("scorer", "submissions", "CPU s", "submissions per CPU s", "peak MB", "CPU to ours")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=[*SUBMISSIONS, "kernels"], action="append", help="may be repeated")
    parser.add_argument("--submissions", type=int, help="images with boxes")
    for name in ("videos", "polygons", "bitmasks"):
        parser.add_argument(f"--{name}", type=int, help=f"submissions of {name}")
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    counts = {name: getattr(options, name, None) or count for name, count in SUBMISSIONS.items()}
    counts["boxes"] = options.submissions or counts["boxes"]
    for kind in options.kind or [*SUBMISSIONS, "kernels"]:
        sys.stdout.write(f"\n{kind}; {surroundings('encord', 'numpy', 'shapely', 'pycocotools')}\n\n")
        if kind == "kernels":
            sys.stdout.write(compare_kernels(options.repetitions) + "\n")
        else:
            sys.stdout.write(compare(kind, counts[kind], options.repetitions) + "\n")
        sys.stdout.flush()


def compare(kind: str, count: int, repetitions: int) -> str:
    """Return a table of the contestants, and below it whether they agree."""
    counts = {"ours": count} | {peer: min(count, most[kind]) for peer, most in PEER_SUBMISSIONS.items()}
    with tempfile.TemporaryDirectory() as folder:
        size = run("benchmarks.scoring_data:prepare", folder, kind, str(count)).result
        costs = alternate(
            {name: partial(run, f"{_CLIENTS}:{name}", folder, kind, str(each)) for name, each in counts.items()},
            repetitions,
        )
        sample = min(_COMPARED[kind], count)
        found = {name: run(f"{_CLIENTS}:numbers", folder, kind, str(sample), name).result for name in counts}
    rows = [_row(name, counts, costs) for name in counts]
    agreement = [f"{peer} and ours: {_difference(found['ours'], found[peer])}" for peer in PEER_SUBMISSIONS]
    return "\n".join(
        [
            f"{size / count / 1e3:.1f} kB a submission.",
            "",
            table(_HEADER, rows),
            "",
            f"TP, FP, FN, mean IoU, accuracy of answers and score of the first {sample} submissions:",
            *agreement,
        ]
    )


def _row(name: str, counts: dict[str, int], costs: dict[str, list[Cost]]) -> tuple[str, ...]:
    cost = medians(costs[name])
    each = [one.cpu_s / counts[name] for one in costs[name]]
    ratios = sorted(theirs / (ours.cpu_s / counts["ours"]) for theirs, ours in zip(each, costs["ours"], strict=True))
    against = "" if name == "ours" else f"{ratios[len(ratios) // 2]:.1f} times ({ratios[0]:.1f} to {ratios[-1]:.1f})"
    return (
        name,
        f"{counts[name]:,}",
        f"{cost.cpu_s:.2f}",
        f"{counts[name] / cost.cpu_s:,.0f}",
        f"{cost.peak_mb:.0f}",
        against,
    )


def _difference(ours: list[list[Any]], theirs: list[list[Any]]) -> str:
    """Say how many submissions two contestants counted differently, by more than rounding."""
    different = [
        place
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True))
        if any(_differ(a, b) for a, b in zip(one, other, strict=True))
    ]
    if not different:
        return "equal"
    first = different[0]
    return f"{len(different)} differ, such as number {first}: {ours[first]} and {theirs[first]}"


def _differ(a: float | None, b: float | None) -> bool:
    return a is not b if a is None or b is None else not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


if __name__ == "__main__":
    main()
