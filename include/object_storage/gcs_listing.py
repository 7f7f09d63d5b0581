"""
Listings of Google Cloud Storage, straight from its JSON API.

Google's own client builds an object of some 40 properties for every row, and Google's XML API, by which obstore lists,
always sends all of them. Here only the four columns are asked for (``fields=``), so that a page is much smaller.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from include.object_storage.errors import BucketAccessError
from include.object_storage.protocol import BATCH_SIZE, Level, ObjectBatch, object_schema

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession

TIMEOUTS = (10, 60)  # seconds to connect, and between two bytes of an answer
LEVEL_PAGES = 5
_FIELDS = "kind,nextPageToken,prefixes,items(name,size,updated,etag)"


@dataclass(frozen=True, slots=True)
class GcsListing:
    """
    The listing of one bucket below ``root``, a prefix that all keys here leave out.

    :param endpoint: such as ``https://storage.googleapis.com``.
    :param user_project: the project that is billed, if not the bucket's own.
    """

    session: AuthorizedSession
    endpoint: str
    bucket: str
    root: str = ""
    user_project: str | None = None

    def scan(self, prefix: str, start_after: str = "") -> Iterator[ObjectBatch]:
        """Yield the objects below a prefix that come after a key, a batch a page."""
        parameters = {"prefix": self.root + prefix}
        if start_after:
            parameters["startOffset"] = self.root + start_after  # inclusive
        for page in self._pages(parameters):
            items = page.get("items", [])
            if start_after and items and items[0]["name"] == self.root + start_after:
                del items[0]
            if items:
                yield self._batch(items)

    def level(self, prefix: str) -> Level | None:
        """Return what lies directly below a prefix; None for a long row of objects, or over ``LEVEL_PAGES`` pages."""
        prefixes: list[str] = []
        items: list[dict[str, Any]] = []
        for number, page in enumerate(self._pages({"prefix": self.root + prefix, "delimiter": "/"}), start=1):
            prefixes += page.get("prefixes", [])
            items += page.get("items", [])
            if page.get("nextPageToken") and (number == LEVEL_PAGES or not prefixes):
                return None
        # Pages may repeat a prefix that the one before has named.
        return Level(tuple(sorted(one[len(self.root) :] for one in set(prefixes))), self._batch(items))

    def first(self, prefix: str) -> str | None:
        """Return the first key that begins with ``prefix``."""
        page = next(self._pages({"prefix": self.root + prefix, "maxResults": "1"}))
        return next((item["name"][len(self.root) :] for item in page.get("items", [])), None)

    def _pages(self, parameters: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Yield pages to the last; raises what Google's clients raise."""
        parameters = {"maxResults": str(BATCH_SIZE), "fields": _FIELDS, **parameters}
        if self.user_project:
            parameters["userProject"] = self.user_project
        while True:
            page = self._page(parameters)
            yield page
            token = page.get("nextPageToken")
            if not token:
                return
            parameters["pageToken"] = token

    def _page(self, parameters: dict[str, str]) -> dict[str, Any]:
        import orjson
        from google.api_core.exceptions import from_http_response

        address = f"{self.endpoint}/storage/v1/b/{quote(self.bucket)}/o"
        response = self.session.get(address, params=parameters, timeout=TIMEOUTS)
        if response.status_code != 200:
            raise from_http_response(response)  # type: ignore[no-untyped-call, unused-ignore]
        try:
            page = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise self._no_listing() from None
        if not isinstance(page, dict) or page.get("kind") != "storage#objects":
            raise self._no_listing()
        return page

    def _batch(self, items: list[dict[str, Any]]) -> ObjectBatch:
        import pyarrow as pa

        schema = object_schema()
        skip = len(self.root)
        try:
            columns: list[pa.Array[Any]] = [
                pa.array([item["name"][skip:] for item in items], type=pa.string()),
                pa.array([item["size"] for item in items], type=pa.string()).cast(pa.int64()),
                pa.array([item["updated"] for item in items], type=pa.string()).cast(schema.field("modified").type),
                pa.array([item["etag"] for item in items], type=pa.string()),
            ]
        except (KeyError, pa.ArrowInvalid):
            raise self._no_listing() from None
        return ObjectBatch(pa.RecordBatch.from_arrays(columns, schema=schema))

    def _no_listing(self) -> BucketAccessError:
        return BucketAccessError(
            f"gs://{self.bucket}: the answer is no listing of Google's; check the option endpoint_url and any proxy"
        )
