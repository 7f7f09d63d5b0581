"""Which errors a task is tried again for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.definitions.retry_policy import ExceptionRetryPolicy

from benchmark_qa_wiring.settings import HOPELESS
from encord_provider import exceptions
from include.object_storage import BucketAccessError, ObjectStorageError, open_bucket


def subclasses(of: type[Exception]) -> Iterator[type[Exception]]:
    for one in of.__subclasses__():
        yield one
        yield from subclasses(one)


def action_after(error: Exception) -> RetryAction:
    """Return what becomes of a task, by the policy as the scheduler stored it."""
    return ExceptionRetryPolicy.deserialize(HOPELESS.serialize()).evaluate(error, 1, 2).action


def test_a_bucket_that_cannot_be_reached_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    bucket = open_bucket("s3://away", endpoint_url="http://127.0.0.1:9", region="eu-west-1")
    with pytest.raises(BucketAccessError, match="cannot be reached") as raised:
        bucket.read("key")
    assert action_after(raised.value) is RetryAction.DEFAULT


def test_everything_else_that_is_wrong_with_a_bucket_needs_a_person() -> None:
    kinds = {kind for kind in subclasses(ObjectStorageError) if kind is not BucketAccessError}
    assert len(kinds) >= 8
    assert {kind for kind in kinds if action_after(kind("wrong")) is not RetryAction.FAIL} == set()


@pytest.mark.parametrize("name", ["EncordConnectionError", "EncordNotFoundError", "EncordTimeoutError"])
def test_what_a_person_must_correct_is_not_tried_again(name: str) -> None:
    assert action_after(getattr(exceptions, name)("wrong")) is RetryAction.FAIL


def test_what_passes_is_tried_again() -> None:
    assert action_after(exceptions.EncordTurnLostError("taken over")) is RetryAction.DEFAULT
    assert action_after(ConnectionError("reset")) is RetryAction.DEFAULT
