"""The programs of other packages that the stack needs: where they are, or what to install."""

from __future__ import annotations

import shutil
from pathlib import Path

# Debian keeps PostgreSQL's servers off the PATH, one folder a version.
FOLDERS = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin")
PROGRAMS = ("initdb", "postgres", "redis-server")


class MissingProgramError(RuntimeError):
    """A program is not installed; the message says what to install."""


def find_programs() -> dict[str, Path]:
    """
    Return where PostgreSQL's and Redis's programs are, by name.

    :raises MissingProgramError: some are not installed
    """
    found = {name: path for name in PROGRAMS if (path := _find(name))}
    if missing := [name for name in PROGRAMS if name not in found]:
        raise MissingProgramError(
            f"{', '.join(missing)} not found on the PATH: install PostgreSQL and Redis "
            "(apt-get install postgresql redis-server, or brew install postgresql redis)"
        )
    return found


def _find(name: str) -> Path | None:
    if on_path := shutil.which(name):
        return Path(on_path)
    elsewhere = [path for pattern in FOLDERS for path in Path("/").glob(f"{pattern[1:]}/{name}")]
    return max(elsewhere, key=_version, default=None)


def _version(program: Path) -> float:
    """Return the version of PostgreSQL that a program's folder names, such as 15 in ``/usr/lib/postgresql/15/bin``."""
    digits = "".join(one for one in program.parent.parent.name if one.isdigit() or one == ".")
    return float(digits) if digits else 0.0
