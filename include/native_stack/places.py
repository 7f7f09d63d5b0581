"""Where a native stack keeps its things: all of it below one home folder, made anew by each start."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yaml"
WORKERS = ("worker-1", "worker-2")


@dataclass(frozen=True, slots=True)
class Places:
    """The paths below a home; ``part`` is that of one part of Airflow."""

    home: Path

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def register(self) -> Path:
        return self.home / "processes.json"

    @property
    def logs(self) -> Path:
        """The folder of what programs print; the logs of tasks lie with the part that wrote them."""
        return self.home / "logs"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets.json"

    @property
    def encord_key(self) -> Path:
        return self.home / "encord_key"

    @property
    def encord_state(self) -> Path:
        return self.home / "encord.sqlite"

    @property
    def material(self) -> Path:
        return self.home / "material"

    @property
    def campaigns(self) -> Path:
        return self.home / "campaigns"

    @property
    def redis(self) -> Path:
        return self.home / "redis"

    def part(self, name: str) -> Path:
        """Return the folder of a part of Airflow: ``airflow`` in it is its AIRFLOW_HOME."""
        return self.home / name

    def begin_anew(self) -> None:
        """
        Empty the home, but for the demo's files, which take long to make.

        The local S3 forgets its workspace when it ends; so nothing else that an earlier stack left fits any more.
        """
        kept = {self.material, self.lock}
        for path in self.home.iterdir():
            if path.is_dir() and path not in kept:
                shutil.rmtree(path)
            elif path not in kept:
                path.unlink()
        self.logs.mkdir()
