"""
`python -m tests.support.parallel_run WORKSPACE NAME`: all that a run makes in Encord, in a process among several.

Says that it is ready with a file NAME.ready beside the workspace, begins when there is a file `go`, and writes what the
import returned to NAME.json.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.emulator.emulator_support import BENCHMARK_QA, ESTABLISHING
from tests.unit.encord_provider.provider_support import (
    BENCHMARK_PROJECT,
    PRODUCTION_PROJECT,
    importer,
    project_maker,
    run,
)


def main(workspace: Path, name: str) -> None:
    """Import, then ensure both projects."""
    folder = workspace.parent
    (folder / f"{name}.ready").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    done = run(importer(workspace, timeout=120.0, poll_interval=0.1), run_id=name)
    datasets = [done["benchmark_dataset"], done["production_dataset"]]
    more = {"workspace": str(workspace), "tags": ["qa"]}
    run(project_maker(BENCHMARK_PROJECT, datasets[:1], workflow_template=ESTABLISHING, **more), run_id=name)
    run(project_maker(PRODUCTION_PROJECT, datasets, workflow_template=BENCHMARK_QA, **more), run_id=name)
    (folder / f"{name}.json").write_text(json.dumps(done), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
