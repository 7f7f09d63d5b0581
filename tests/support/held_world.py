"""
The demo's world for a test that brings its own Airflow: `python -m tests.support.held_world FILE`.

Writes the environment that leads Airflow there, and the local Encord's URL, to FILE as JSON; ends with SIGTERM.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from include.demo.airflow import ensure_database
from include.demo.world import running_world


def main(file: Path) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running_world("a test of kills") as world:
        ensure_database(world)
        world.start_annotators()
        temporary = file.with_suffix(".part")
        temporary.write_text(json.dumps({"environment": world.environment, "url": world.encord_url}), encoding="utf-8")
        temporary.replace(file)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
