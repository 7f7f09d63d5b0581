"""A request that Encord refuses whole is halved until what it refuses stands alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from encord.exceptions import InvalidArgumentsError

from encord_provider.adapters.refusals import send_in_parts


def sender(refuses: Callable[[Sequence[int]], bool]) -> tuple[list[list[int]], Callable[[Sequence[int]], None]]:
    """Return the list of what was asked for, and what refuses some of it."""
    asked: list[list[int]] = []

    def send(part: Sequence[int]) -> None:
        asked.append(list(part))
        if refuses(part):
            raise InvalidArgumentsError("not these")

    return asked, send


def test_what_is_taken_is_sent_once_in_requests_of_the_given_size() -> None:
    asked, send = sender(lambda _: False)
    assert send_in_parts(range(25), send, size=10) == []
    assert asked == [list(range(10)), list(range(10, 20)), list(range(20, 25))]


def test_one_that_is_refused_keeps_no_other_from_being_done() -> None:
    asked, send = sender(lambda part: 700 in part)
    assert send_in_parts(range(1000), send, size=1000) == [(700, "not these")]
    taken = [one for part in asked if 700 not in part for one in part]
    assert sorted(taken) == [one for one in range(1000) if one != 700]
    assert len(asked) <= 21  # two for each halving of 1,000, and the first


def test_a_smaller_limit_than_ours_is_found() -> None:
    asked, send = sender(lambda part: len(part) > 100)
    assert send_in_parts(range(1000), send, size=1000) == []
    assert sorted(one for part in asked if len(part) <= 100 for one in part) == list(range(1000))


def test_where_everything_is_refused_not_each_is_tried_alone() -> None:
    asked, send = sender(lambda _: True)
    assert [task for task, _ in send_in_parts(range(1000), send, size=1000)] == list(range(1000))
    assert len(asked) < 40


@pytest.mark.parametrize("error", [ConnectionError("gone"), KeyError("odd")])
def test_another_error_is_no_refusal(error: Exception) -> None:
    def send(_: Sequence[int]) -> None:
        raise error

    with pytest.raises(type(error)):
        send_in_parts([1], send, size=1)
