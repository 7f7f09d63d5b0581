"""A server that lists keys as S3 does (ListObjectsV2) and knows nothing else: no signatures, no objects."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit
from xml.sax.saxutils import escape

OBJECT = (
    "<Contents><Key>{}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
    '<ETag>"0123456789abcdef"</ETag><Size>10</Size><StorageClass>STANDARD</StorageClass></Contents>'
)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed."""


class KeyServer:
    """
    Serves one bucket, ``bucket``, on loopback while the ``with`` block lasts.

    :param page: how many keys a page has at most
    :param on_page: called before each answer, by the thread that gives it
    """

    def __init__(self, keys: Iterable[str], *, page: int = 1000, on_page: Callable[[], None] | None = None) -> None:
        self.keys = sorted(keys, key=str.encode)
        self.page = page
        self.on_page = on_page or (lambda: None)
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, query: dict[str, str]) -> str:
        """Return the page that a request's query asks for, as XML."""
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token") or query.get("start-after", "")
        write = quote if query.get("encoding-type") == "url" else escape
        limit = min(self.page, int(query.get("max-keys", "1000")))
        entries: list[str] = []
        at = max(bisect_left(self.keys, prefix), bisect_right(self.keys, after))
        while at < len(self.keys) and len(entries) < limit and self.keys[at].startswith(prefix):
            after = key = self.keys[at]
            head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            if found:
                common = f"{prefix}{head}{found}"
                entries.append(f"<CommonPrefixes><Prefix>{write(common)}</Prefix></CommonPrefixes>")
                at = bisect_left(self.keys, common[:-1] + chr(ord(common[-1]) + 1))
                after = self.keys[at - 1]
            else:
                entries.append(OBJECT.format(write(key)))
                at += 1
        more = at < len(self.keys) and self.keys[at].startswith(prefix)
        token = f"<NextContinuationToken>{escape(after)}</NextContinuationToken>" if more else ""
        encoding = "<EncodingType>url</EncodingType>" if "encoding-type" in query else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>bucket</Name><Prefix>{write(prefix)}</Prefix><KeyCount>{len(entries)}</KeyCount>"
            f"<MaxKeys>{limit}</MaxKeys>{encoding}<IsTruncated>{str(more).lower()}</IsTruncated>{token}"
            f"{''.join(entries)}</ListBucketResult>"
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.on_page()
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                body = server.answer(query).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        return Handler
