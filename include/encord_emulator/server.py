"""Running the emulator: in this thread for the command, in another one for tests."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from include.encord_emulator.app import create_app
from include.encord_emulator.seeding.document import parse_seed, read_seed
from include.encord_emulator.tls import TunnelServer, make_certificates
from include.encord_emulator.world import LOOPBACK, World

START_TIMEOUT_S = 10
SeedSource = dict[str, Any] | str | Path


class _AnnouncingServer(uvicorn.Server):
    """Tells when it answers: an event, and a file that then holds the URL."""

    def __init__(self, config: uvicorn.Config, url: str, url_file: Path | None, tunnel: TunnelServer | None) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._url = url
        self._url_file = url_file
        self._tunnel = tunnel

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._tunnel is not None:
            await self._tunnel.start()
        if self._url_file is not None:
            self._url_file.write_text(self._url + "\n", encoding="utf-8")
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._tunnel is not None:
            self._tunnel.close()
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
    :param db: SQLite file or ``":memory:"``.
    :param seeds: seed documents, or paths of them.
    :param hosts: further names under which the control plane answers.
    :param tls_folder: where the authority and its certificate are kept; without it, plain HTTP is spoken.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, db: str = ":memory:", seeds: Iterable[SeedSource] = (),
        switches: dict[str, Any] | None = None, hosts: Iterable[str] = (), tls_folder: Path | None = None,
        url_file: Path | None = None,
    ) -> None:  # fmt: skip
        self.world = World(
            db, [_parsed(seed) for seed in seeds], switches, LOOPBACK | {name.lower() for name in (host, *hosts)}
        )
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=256)
        address = f"[{host}]" if ":" in host else host
        self.certificates = make_certificates(tls_folder, host) if tls_folder is not None else None
        self.url = f"{'https' if self.certificates else 'http'}://{address}:{listening.getsockname()[1]}"
        options: dict[str, Any] = {}
        tunnel = None
        if self.certificates is not None:
            options = {"ssl_certfile": self.certificates.certificate, "ssl_keyfile": self.certificates.key}
            behind = socket.create_server(("127.0.0.1", 0), backlog=256)
            tunnel = TunnelServer(listening, behind.getsockname()[1])
            listening = behind
        self._socket = listening
        config = uvicorn.Config(
            create_app(self.world), log_level="critical", lifespan="off", timeout_graceful_shutdown=1,
            access_log=False, **options,
        )  # fmt: skip
        self.server = _AnnouncingServer(config, self.url, url_file, tunnel)

    def run(self) -> None:
        """Serve until told to stop."""
        try:
            self.server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            self.world.database.close()


def _parsed(seed: SeedSource) -> Any:
    if isinstance(seed, dict):
        return parse_seed(seed, Path.cwd())
    path = Path(seed)
    return parse_seed(read_seed(path), path.parent)


class RunningEmulator:
    """
    An emulator in a thread of this process, for tests.

    >>> with RunningEmulator() as emulator:
    ...     emulator.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(self, db: str = ":memory:", seed: SeedSource | None = None, **options: Any) -> None:
        self._server = EmulatorServer(db=db, seeds=[] if seed is None else [seed], **options)
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
