"""
Where the code that tasks run writes to a disk: nowhere that another task, or a later one, is to find it.

Each task may run on another machine, so what it keeps belongs into the workspace, through `include.object_storage`.
`tests/system/test_no_shared_disk.py` tries it; this finds a new place at once.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("dags", "plugins", "include/benchmark_qa", "include/object_storage", "include/scorecard_tab")
FOR_ONE_TASK = "a temporary file that ends with the task"
BY_A_PERSON = "a command that a person runs"
THE_FOLDER = "a folder as bucket: refused where tasks run on several machines"
ALLOWED = {
    "plugins/encord_provider/operators/score_files.py": FOR_ONE_TASK,
    "plugins/encord_provider/operators/scorecard.py": FOR_ONE_TASK,
    "plugins/encord_provider/adapters/import_report.py": FOR_ONE_TASK,
    "include/benchmark_qa/manifest/generate.py": FOR_ONE_TASK,
    "include/benchmark_qa/manifest/__main__.py": BY_A_PERSON,
    "include/benchmark_qa/new_campaign.py": BY_A_PERSON,
    "include/object_storage/local.py": THE_FOLDER,
}
WRITERS = {"write_text", "write_bytes", "mkdir", "makedirs", "touch", "rename", "symlink_to", "hardlink_to", "copyfile"}
MODULES = {"tempfile", "shutil", "sqlite3", "shelve", "dbm"}


def places() -> dict[str, list[int]]:
    """Return the lines, by file, that write to a disk, or import what does."""
    files = {path.relative_to(ROOT).as_posix(): path for name in CODE for path in (ROOT / name).rglob("*.py")}
    assert len(files) > 100
    found = {name: sorted(writes(ast.parse(path.read_text(encoding="utf-8")))) for name, path in files.items()}
    return {name: lines for name, lines in found.items() if lines}


def writes(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if {one.name for one in names} & MODULES:
                yield node.lineno
            case ast.ImportFrom(module=str(module)) if module in MODULES:
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr=name)) if name in WRITERS:
                yield node.lineno
            case ast.Call(func=ast.Name(id="open") | ast.Attribute(attr="open"), args=args, keywords=keywords):
                given = [*args, *(one.value for one in keywords)]
                modes = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                if any(set(mode) <= set("rwxabt+") and set(mode) & set("wxa+") for mode in modes):
                    yield node.lineno


def test_tasks_write_to_no_disk_but_where_it_is_known_why() -> None:
    found = places()
    assert {name: lines for name, lines in found.items() if name not in ALLOWED} == {}
    assert set(found) == set(ALLOWED), "a place that is no longer one need not be allowed"


def test_each_way_to_write_is_seen() -> None:
    ways = (
        "open('x', 'w')",
        "open('x', mode='ab')",
        "path.open('x')",
        "path.write_text('')",
        "import tempfile",
        "from shutil import copyfileobj",
    )
    assert [list(writes(ast.parse(way))) for way in ways] == [[1]] * len(ways)
    assert list(writes(ast.parse("open('w.txt'); path.open('rb'); bucket.write('key', b'')"))) == []
