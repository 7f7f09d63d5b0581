"""What the demo's bucket holds, and making it once."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

KINDS = ("benchmark", "production")
STAMP_NAME = ".material.json"

_HERE = Path(__file__).parent
_PACKAGES = ("av", "matplotlib", "nibabel", "numpy", "pillow", "pydicom", "scikit-image", "scikit-learn", "soundfile")


@dataclass(frozen=True, slots=True)
class MaterialSummary:
    """How many objects of each kind there are, their size in bytes, and whether they were there already."""

    objects: dict[str, int]
    bytes: int
    reused: bool = False


def make_material(out: Path) -> MaterialSummary:
    """
    Fill ``out/benchmark`` and ``out/production``, or leave them as they are if they are complete and current.

    The files depend on nothing but this package and the versions of those it draws on.

    :raises FileExistsError: when the folder holds something else under these names.
    """
    stamp, recipe = out / STAMP_NAME, _recipe()
    made = _made(stamp)
    if made and made["recipe"] == recipe and made["summary"] and _count(out) == made["summary"]["objects"]:
        return MaterialSummary(**made["summary"] | {"reused": True})
    _clear(out, is_ours=made is not None)
    out.mkdir(parents=True, exist_ok=True)
    # A stamp without a summary says: ours, but not finished.
    _write_stamp(stamp, recipe, None)
    size = 0
    for key, data in _objects():
        file = out / key
        file.parent.mkdir(parents=True, exist_ok=True)
        size += file.write_bytes(data)
    shutil.copyfile(_HERE / "README.md", out / "README.md")
    summary = MaterialSummary(objects=_count(out), bytes=size)
    _write_stamp(stamp, recipe, summary)
    return summary


def _objects() -> Iterator[tuple[str, bytes]]:
    # Not at module level: to see that all is there must not cost the second it takes to import the codecs.
    from include.demo.material.recipe import benchmark_parts, production_parts

    for part in (*benchmark_parts("benchmark/"), *production_parts("production/")):
        yield from part.items()


def _recipe() -> str:
    """Return a digest of all that the files depend on."""
    sources = b"".join(path.read_bytes() for path in sorted(_HERE.iterdir()) if path.suffix in {".py", ".md"})
    versions = ",".join(f"{package}=={version(package)}" for package in _PACKAGES)
    return hashlib.sha256(sources + versions.encode()).hexdigest()


def _made(stamp: Path) -> dict[str, Any] | None:
    try:
        made: dict[str, Any] = json.loads(stamp.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return made


def _write_stamp(stamp: Path, recipe: str, summary: MaterialSummary | None) -> None:
    content = {"recipe": recipe, "summary": asdict(summary) if summary else None}
    temporary = stamp.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    temporary.replace(stamp)


def _count(out: Path) -> dict[str, int]:
    return {kind: sum(path.is_file() for path in (out / kind).rglob("*")) for kind in KINDS}


def _clear(out: Path, *, is_ours: bool) -> None:
    for folder in (out / kind for kind in KINDS):
        if folder.exists() and not is_ours:
            raise FileExistsError(f"{folder} was not made by this command; name another folder, or move it away")
        shutil.rmtree(folder, ignore_errors=True)
