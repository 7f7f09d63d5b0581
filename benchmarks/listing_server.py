"""
A bucket that only lists: ``python -m benchmarks.listing_server --cloud s3|gcs|azure --keys N --latency-ms L``.

Answers listings of N made-up objects as the cloud would, page by page, to the cloud's own client: S3's
ListObjectsV2, Google's JSON API and its XML API, Azure's List Blobs. Any bucket name and any credentials will do: no
signature is checked. Pages are kept once made, so that a second listing costs it next to nothing, and
``--latency-ms`` holds back each answer for so long, many at the same time. Its URL is printed, and written to
``--url-file`` as soon as it listens. ``GET /_sent`` tells how many requests it has answered, with how many bytes.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.canned import azure, gcs, s3
from benchmarks.canned.answer import Answer
from benchmarks.canned.objects import NumberedKeys

if TYPE_CHECKING:
    from starlette.requests import Request

Dialect = Callable[[Sequence[str], str, Mapping[str, str]], Answer]
DIALECTS: Mapping[str, Dialect] = {"s3": s3.answer, "gcs": gcs.answer, "azure": azure.answer}
_CACHE_BYTES = 2_000_000_000


class ListingServer:
    """
    Answers for one cloud.

    :param keys: in byte order, without doubles.
    :param latency_ms: how long each answer is held back.
    """

    def __init__(self, cloud: str, keys: Sequence[str], *, latency_ms: float = 0) -> None:
        self._dialect = DIALECTS[cloud]
        self._keys = keys
        self._latency_s = latency_ms / 1000
        self._pages: dict[str, Answer] = {}
        self._cached_bytes = 0
        self._sent = {"requests": 0, "bytes": 0}
        self.app = Starlette(
            routes=[
                Route("/_sent", self._tell_sent),
                Route("/{path:path}", self._respond, methods=["GET", "HEAD"]),
            ]
        )

    async def _tell_sent(self, _: Request) -> Response:
        return JSONResponse(self._sent)

    async def _respond(self, request: Request) -> Response:
        if self._latency_s:
            await asyncio.sleep(self._latency_s)
        answer = self._answer(request)
        self._sent["requests"] += 1
        self._sent["bytes"] += len(answer.body)
        return Response(answer.body, answer.status, dict(answer.headers), answer.media_type)

    def _answer(self, request: Request) -> Answer:
        asked = f"{request.url.path}?{request.url.query}"
        if (answer := self._pages.get(asked)) is None:
            answer = self._dialect(self._keys, request.url.path, request.query_params)
            # Listings go round, so what was asked longest ago is what is asked next: once full, nothing is dropped.
            if self._cached_bytes < _CACHE_BYTES:
                self._pages[asked] = answer
                self._cached_bytes += len(answer.body)
        return answer


@contextmanager
def running(server: ListingServer) -> Iterator[str]:
    """Serve from a thread of this process, and give the URL."""
    with _listening() as listening:
        uvicorn_server = _uvicorn(server)
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield _url(listening)
        finally:
            uvicorn_server.should_exit = True
            thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloud", choices=sorted(DIALECTS), required=True)
    parser.add_argument("--keys", type=int, default=1_000_000, help="how many objects")
    parser.add_argument("--prefixes", type=int, default=16, help="how many top-level prefixes they are under")
    parser.add_argument("--latency-ms", type=float, default=0, help="how long each answer is held back")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--url-file", type=Path, help="where to write the URL once the server listens")
    options = parser.parse_args()
    keys = NumberedKeys(options.keys, options.prefixes)
    with _listening(options.port) as listening:
        if options.url_file:
            options.url_file.write_text(_url(listening) + "\n", encoding="utf-8")
        sys.stdout.write(_url(listening) + "\n")
        sys.stdout.flush()
        _uvicorn(ListingServer(options.cloud, keys, latency_ms=options.latency_ms)).run(sockets=[listening])


def _listening(port: int = 0) -> socket.socket:
    # It listens from here on: who comes before the server runs waits in the queue.
    return socket.create_server(("127.0.0.1", port), backlog=256)


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def _uvicorn(server: ListingServer) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            server.app, log_level="critical", lifespan="off", access_log=False, timeout_graceful_shutdown=1,
            timeout_keep_alive=60,
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
