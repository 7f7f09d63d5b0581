"""What one pass leaves for the next: enough to see by a handful of requests that there is nothing to do."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Cursor:
    """
    How a pass ended that did all there was to do.

    ``ledger`` and ``terms`` are digests: of the ledger as that pass left it, and of the settings it went by.
    ``empty_stages`` are the uuids of stages that were found empty one look after the other, the oldest look first.
    """

    project_hash: str
    ledger: str
    terms: str
    empty_stages: tuple[str, ...] = ()

    def dump(self) -> dict[str, Any]:
        """Return what :func:`load_cursor` reads, fit for JSON."""
        return asdict(self) | {"empty_stages": list(self.empty_stages)}


def load_cursor(stored: Any) -> Cursor | None:
    """Return a stored cursor; None where there is none, or none that can be read: then everything is asked anew."""
    try:
        return Cursor(**stored | {"empty_stages": tuple(stored["empty_stages"])})
    except (TypeError, KeyError):
        return None


def digest(content: Any) -> str:
    """Return a short digest of bytes, or of anything that JSON can say."""
    raw = content if isinstance(content, bytes) else orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(raw).hexdigest()[:24]
