"""A campaign's queue, on a real local SQS: whatever number of messages, one event a look, and none is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import boto3
import pytest

from encord_provider.triggers.queue import SqsMessagesTrigger
from tests.support.object_servers import moto_server

MESSAGES = 25


@pytest.fixture(scope="module")
def sqs_server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def sqs(sqs_server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", sqs_server)
    return boto3.client("sqs", endpoint_url=sqs_server)


@pytest.fixture
def queue_url(sqs: Any, request: pytest.FixtureRequest) -> str:
    return str(sqs.create_queue(QueueName=request.node.name[:60].replace("[", "-"))["QueueUrl"])


def send(sqs: Any, queue_url: str, messages: int) -> None:
    for number in range(messages):
        sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps({"Records": [{"s3": {"key": f"{number}.jpg"}}]}))


def counts(sqs: Any, queue_url: str) -> tuple[int, int]:
    """Return how many messages can be seen, and how many are hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return int(attributes[names[0]]), int(attributes[names[1]])


def watcher(queue_url: str, **arguments: Any) -> SqsMessagesTrigger:
    return SqsMessagesTrigger(queue_url=queue_url, **{"poll_interval": 0.01} | arguments)


async def test_a_burst_is_one_event_and_its_messages_go_when_airflow_has_it(sqs: Any, queue_url: str) -> None:
    send(sqs, queue_url, MESSAGES)
    async with aclosing(watcher(queue_url).run()) as events:
        first = await anext(events)
        assert first.payload == {"queue": queue_url, "messages": MESSAGES}
        assert counts(sqs, queue_url) == (0, MESSAGES)  # hidden, in case this triggerer dies now
        send(sqs, queue_url, 1)
        second = await anext(events)
    assert second.payload["messages"] == 1
    assert counts(sqs, queue_url) == (0, 1)


async def test_an_empty_queue_is_no_event(queue_url: str) -> None:
    async with aclosing(watcher(queue_url).run()) as events:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(events), 1.5)


async def test_a_queue_that_cannot_be_read_is_tried_again(
    sqs: Any, queue_url: str, monkeypatch: pytest.MonkeyPatch, sqs_server: str
) -> None:
    send(sqs, queue_url, 1)
    gone = sqs.create_queue(QueueName="gone")["QueueUrl"]
    trigger = watcher(gone)
    sqs.delete_queue(QueueUrl=gone)
    async with aclosing(trigger.run()) as events:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        sqs.create_queue(QueueName="gone")
        send(sqs, gone, 2)
        assert (await asyncio.wait_for(waiting, 30)).payload["messages"] == 2


async def test_a_connection_may_say_where_and_who(
    sqs: Any, queue_url: str, sqs_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(sqs, queue_url, 1)
    extra = {"endpoint_url": sqs_server, "region_name": "eu-west-1"}
    connection = {"conn_type": "aws", "login": "someone", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_QUEUE", json.dumps(connection))
    for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    async with aclosing(watcher(queue_url, aws_conn_id="queue").run()) as events:
        assert (await anext(events)).payload["messages"] == 1


def test_serialization_makes_the_same_trigger_anew(queue_url: str) -> None:
    path, arguments = watcher(queue_url, aws_conn_id="queue").serialize()
    assert path == "encord_provider.triggers.queue.SqsMessagesTrigger"
    assert SqsMessagesTrigger(**arguments).serialize() == (path, arguments)
