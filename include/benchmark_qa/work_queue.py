"""How much work waits for annotators, and how much of it has a known answer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """
    The units of a production project, as they were when tasks last came.

    ``known_waiting`` and ``real_waiting`` are those that annotators still have to label, of ``known_units`` and
    ``real_units`` in all.
    """

    as_of: datetime
    known_waiting: int
    real_waiting: int
    known_units: int
    real_units: int

    @property
    def waiting(self) -> int:
        """All units that annotators still have to label."""
        return self.known_waiting + self.real_waiting

    @property
    def known_share(self) -> float | None:
        """Which share of the waiting units is known, in [0, 1]; None when nothing waits."""
        return self.known_waiting / self.waiting if self.waiting else None

    def to_json(self) -> bytes:
        """Return what :meth:`from_json` reads."""
        return json.dumps(asdict(self) | {"as_of": self.as_of.isoformat()}).encode()

    @classmethod
    def from_json(cls, content: bytes) -> WorkQueue:
        """Read what :meth:`to_json` wrote."""
        fields = json.loads(content)
        return cls(**fields | {"as_of": datetime.fromisoformat(fields["as_of"])})
