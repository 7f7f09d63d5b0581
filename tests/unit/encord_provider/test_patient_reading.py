"""One row that Encord does not hand out costs the others nothing, and an Encord that is down is no matter of rows."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from encord.exceptions import AuthenticationError, MultiLabelLimitError, RequestException, UnknownException

from encord_provider.adapters.patient_reading import MOST_REFUSALS, PatientReader


def rows(count: int) -> list[Any]:
    return [SimpleNamespace(data_hash=f"d{one}", branch_name="main", data_title=f"{one}.jpg") for one in range(count)]


class Encord:
    """Hands out rows, but for bad ones, and at most so many at once."""

    def __init__(self, bad: set[str] = frozenset(), limit: int = 1000, error: Exception | None = None) -> None:  # type: ignore[assignment]
        self.bad, self.limit, self.requests = bad, limit, 0
        self.error = error or UnknownException("broken")

    def read(self, asked: Sequence[Any]) -> list[tuple[Any, dict[str, Any]]]:
        self.requests += 1
        if len(asked) > self.limit:
            raise MultiLabelLimitError("too many", self.limit)
        if self.bad & {row.data_hash for row in asked}:
            raise self.error
        return [(row, {"of": row.data_hash}) for row in asked]


@pytest.mark.parametrize("place", [0, 41, 99])
def test_all_but_the_bad_row_are_read(place: int) -> None:
    encord = Encord({f"d{place}"})
    reader = PatientReader(encord.read)
    read = {row.data_hash for row, _ in reader.bundle(rows(100))}
    assert len(read) == 99
    assert f"d{place}" not in read
    why = "Encord does not hand out these labels (UnknownException: broken)"
    assert reader.problems == {(f"d{place}", "main"): why}
    assert encord.requests <= 2 * 7 + 1


def test_a_limit_on_rows_is_kept() -> None:
    encord = Encord(limit=30)
    reader = PatientReader(encord.read)
    assert [row.data_hash for row, _ in reader.bundle(rows(100))] == [row.data_hash for row in rows(100)]
    assert encord.requests == 1 + 4
    assert reader.problems == {}


def test_an_encord_that_answers_nothing_is_an_error_after_a_few_requests() -> None:
    encord = Encord({f"d{one}" for one in range(1000)}, error=RequestException("no answer"))
    with pytest.raises(RequestException):
        list(PatientReader(encord.read).bundle(rows(1000)))
    assert encord.requests == MOST_REFUSALS + 1


def test_a_wrong_key_is_said_at_once() -> None:
    encord = Encord({"d0"}, error=AuthenticationError("who are you?"))
    with pytest.raises(AuthenticationError):
        list(PatientReader(encord.read).bundle(rows(10)))
    assert encord.requests == 1
