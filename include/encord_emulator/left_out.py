"""What the emulator leaves out on purpose: calls that it knows and answers with 501."""

from __future__ import annotations

AREAS_BY_PATH = {
    "active": "Active",
    "index/collections": "collections",
    "index/presets": "presets",
    "ml-models": "ML models",
    "projects/*/models-attachments": "ML models",
    "projects/cvat-import": "CVAT import",
    "dicom-deidentification": "de-identification",
    "storage/items/reencode": "re-encoding",
    "scene": "scenes",
}
"""The area of each path below ``/v2/public/`` and of all that is below it; ``*`` is any one segment."""
AREAS_BY_QUERY = {"reencodevideotask": "re-encoding"}
"""The area of each legacy query type, whatever its method."""


def left_out(path: str) -> str | None:
    """
    Return the area that a v2 path belongs to if it is left out on purpose.

    >>> left_out("projects/2f1d3b0a/models-attachments/0b1c/iterations")
    'ML models'
    >>> left_out("projects/2f1d3b0a/users") is None
    True
    """
    segments = path.strip("/").split("/")
    return next((area for pattern, area in AREAS_BY_PATH.items() if _leads_to(pattern.split("/"), segments)), None)


def left_out_query(query_type: str) -> str | None:
    """Return the area that a legacy query belongs to if it is left out on purpose."""
    return AREAS_BY_QUERY.get(query_type)


def _leads_to(pattern: list[str], segments: list[str]) -> bool:
    if len(segments) < len(pattern):
        return False
    return all(wanted in {"*", given} for wanted, given in zip(pattern, segments, strict=False))
