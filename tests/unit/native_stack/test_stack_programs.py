from __future__ import annotations

from pathlib import Path

import pytest

from include.native_stack import programs
from include.native_stack.programs import MissingProgramError, find_programs


def install(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n", encoding="ascii")
        (folder / name).chmod(0o755)


def test_one_line_says_what_is_missing_and_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", "redis-server")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(programs, "FOLDERS", ())
    with pytest.raises(MissingProgramError) as error:
        find_programs()
    assert str(error.value) == (
        "initdb, postgres not found on the PATH: install PostgreSQL and Redis "
        "(apt-get install postgresql redis-server, or brew install postgresql redis)"
    )


def test_the_newest_of_debians_versions_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", "redis-server")
    for version in ("9.6", "15", "16"):
        install(tmp_path / "lib" / version / "bin", "initdb", "postgres")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(programs, "FOLDERS", (f"{tmp_path}/lib/*/bin",))
    newest = tmp_path / "lib" / "16" / "bin"
    assert find_programs() == {
        "initdb": newest / "initdb", "postgres": newest / "postgres", "redis-server": tmp_path / "bin" / "redis-server",
    }  # fmt: skip
