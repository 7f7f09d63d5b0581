"""``python -m tests.support.import_process WORKSPACE``: one attempt at an import, in a process that can be killed."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.unit.encord_provider.provider_support import importer, run


def main(workspace: Path) -> None:
    """Import the manifest of the workspace, waiting in this process."""
    run(importer(workspace, timeout=600.0, poll_interval=0.1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
