"""The campaigns of a stack: the project's own, and the demo's in batches small enough for all workers to score."""

from __future__ import annotations

from pathlib import Path

from include.demo import places as demo_places
from include.native_stack.places import ROOT

# 268 submissions of the demo would be one batch, and one task. A unit's four submissions stay together.
SUBMISSIONS_A_BATCH = 20


def write_campaigns(folder: Path) -> None:
    """Copy the project's campaigns into a new folder; the demo's gets smaller batches, and is the same otherwise."""
    folder.mkdir()
    for file in (ROOT / "include" / "campaigns").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if file.stem == demo_places.CAMPAIGN:
            text += f"\nbatches: {{submissions: {SUBMISSIONS_A_BATCH}}}\n"
        (folder / file.name).write_text(text, encoding="utf-8")
