"""What the tests of the storage calls share: raw requests through the SDK's client, and what no API call can do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import sqlalchemy as sa
    from encord import EncordUserClient

    from include.encord_emulator.server import RunningEmulator

NOWHERE = "00000000-0000-0000-0000-000000000000"


@contextmanager
def inside(emulator: RunningEmulator) -> Iterator[sa.Connection]:
    """Yield a transaction of the emulator, as a seed has it."""
    with emulator._server.world.transaction() as connection:
        yield connection


def put_into_cloud(emulator: RunningEmulator, integration: str, urls: Sequence[str]) -> None:
    from include.encord_emulator.store.cloud_sync import add_cloud_objects

    with inside(emulator) as connection:
        add_cloud_objects(connection, integration, urls)


def signed(client: EncordUserClient, method: str, path: str, body: Any = None, raw: bytes | None = None) -> Any:
    """Send a signed request of any content; return status and JSON."""
    config = client._api_client._config
    url = f"{config.domain}/v2/public/{path}"
    request = requests.Request(method, url, json=body) if raw is None else requests.Request(method, url, data=raw)
    with requests.Session() as session:
        answer = session.send(config.define_headers_v2(request.prepare()), timeout=10)
    return answer.status_code, answer.json()
