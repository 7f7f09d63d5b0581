"""``python -m include.demo.material OUT_DIR``: make the demo's files, or say that they are there."""

from __future__ import annotations

import argparse
from pathlib import Path

from include.demo.material.make import make_material


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m include.demo.material", description=__doc__)
    parser.add_argument("out", metavar="OUT_DIR", type=Path, help="folder to fill; made if it is not there")
    out = parser.parse_args().out
    try:
        summary = make_material(out)
    except (FileExistsError, FileNotFoundError) as error:
        raise SystemExit(f"error: {error}") from None
    verb = "Reused" if summary.reused else "Made"
    counts = ", ".join(f"{count} {kind}" for kind, count in summary.objects.items())
    print(f"{verb} {counts} objects ({summary.bytes / 1e6:.1f} MB) in {out}")


if __name__ == "__main__":
    main()
