"""Running the emulator: in this thread for the command, in another one for tests."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from include.encord_emulator.app import create_app
from include.encord_emulator.seed import read_seed
from include.encord_emulator.world import World

START_TIMEOUT_S = 10


class _AnnouncingServer(uvicorn.Server):
    """Tells when it answers: an event, and a file that then holds the URL."""

    def __init__(self, config: uvicorn.Config, url: str, url_file: Path | None) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._url = url
        self._url_file = url_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._url_file is not None:
            self._url_file.write_text(self._url + "\n", encoding="utf-8")
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Whoever is held, or waits for an upload, is cut off at once; a transaction never is, for it does not await.
        for connection in self.server_state.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)
        for task in self.server_state.tasks:
            task.cancel()
        await super().shutdown(sockets)


class EmulatorServer:
    """
    A bound socket with a world behind it.

    :param port: 0 for any free one; see ``url``.
    :param state: SQLite file or ``":memory:"``.
    :param seed: a seed document or the path of one.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, state: str = ":memory:",
        seed: dict[str, Any] | str | Path | None = None, url_file: Path | None = None,
    ) -> None:  # fmt: skip
        document = seed if isinstance(seed, dict) or seed is None else read_seed(seed)
        self.world = World(state, document)
        self._socket = socket.create_server((host, port), backlog=256)
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            create_app(self.world), log_level="critical", lifespan="off", timeout_graceful_shutdown=1, access_log=False
        )
        self.server = _AnnouncingServer(config, self.url, url_file)

    def run(self) -> None:
        """Serve until told to stop."""
        try:
            self.server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            self.world.database.close()


class RunningEmulator:
    """
    An emulator in a thread of this process, for tests.

    >>> with RunningEmulator() as emulator:
    ...     emulator.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(self, state: str = ":memory:", seed: dict[str, Any] | str | Path | None = None) -> None:
        self._server = EmulatorServer(state=state, seed=seed)
        self._thread = threading.Thread(target=self._server.run, name="encord-emulator", daemon=True)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._server.server.ready.wait(START_TIMEOUT_S):
            raise TimeoutError(f"the emulator did not start within {START_TIMEOUT_S} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.server.should_exit = True
        self._thread.join(START_TIMEOUT_S)
