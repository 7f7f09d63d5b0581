"""The words that tasks, subtasks and reviews of single labels carry."""

from __future__ import annotations

NEW, ASSIGNED, RELEASED, SKIPPED = "NEW", "ASSIGNED", "RELEASED", "SKIPPED"
REOPENED, COMPLETED = "REOPENED", "COMPLETED"
APPROVED, REJECTED, RESOLVED = "APPROVED", "REJECTED", "RESOLVED"
MAIN = "main"
"""The label branch that every data unit has."""
