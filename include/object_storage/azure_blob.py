"""Azure Blob Storage as a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from include.object_storage import sharding
from include.object_storage.ahead import list_ahead
from include.object_storage.azure_access import CLOUDS, parse_access, parse_address
from include.object_storage.azure_client import (
    make_authorizer,
    make_container_client,
    make_credential,
    make_pipeline,
)
from include.object_storage.azure_errors import translated
from include.object_storage.azure_listing import AzureListing
from include.object_storage.cutting import cut
from include.object_storage.errors import BucketUriError, ObjectKeyError
from include.object_storage.keys import check_web_address, url_path
from include.object_storage.protocol import Level, ObjectBatch

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.storage.blob import ContainerClient


class AzureBucket(sharding.ShardedBucket):
    """
    Follows ``Bucket`` for a container; the clients are made with the first request.

    URLs take the form that Encord documents, ``https://<account>.blob.core.windows.net/<container>/<blob>``, or
    ``<endpoint_url>/<container>/<blob>`` for another server.

    Keys come in the account's own order: of bytes, or folder by folder where the namespace is hierarchical. The
    directories of such an account hold no data and are no objects here, while the zero-byte blobs by which Hadoop marks
    folders elsewhere are.
    """

    def __init__(
        self,
        uri: str,
        *,
        endpoint_url: str | None = None,
        cloud: str | None = None,
        object_url_base: str | None = None,
        **access: str,
    ) -> None:
        """
        Check the options and ask nothing.

        :param endpoint_url: another address of the account's blobs, such as a private endpoint's or Azurite's.
        :param cloud: one of ``public`` (the default), ``china`` and ``government``.
        :param access: one of ``account_key``, ``sas_token``, ``connection_string`` and ``anonymous``; without any, the
            environment's, else Microsoft's default chain.
        """
        self.address = parse_address(uri)
        prefix = self.address.prefix
        self.prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        self.cloud = cloud or self.address.cloud or "public"
        if self.cloud not in CLOUDS or self.address.cloud not in {None, self.cloud}:
            raise BucketUriError(
                f"{self.uri}: option cloud must be one of {', '.join(CLOUDS)}, and that of the address"
            )
        self._access, named_endpoint = parse_access(self.uri, self.address.account, access)
        self.endpoint_url = check_web_address("endpoint_url", endpoint_url) or named_endpoint
        self.object_url_base = check_web_address("object_url_base", object_url_base)

    @property
    def uri(self) -> str:
        return f"az://{self.address.account}/{self.address.container}/{self.prefix}".removesuffix("/")

    def list(
        self, prefix: str = "", *, modified_from: datetime | None = None, modified_until: datetime | None = None
    ) -> Iterator[ObjectBatch]:
        # As sharding.list_in_order does it, which however goes on after a key by the order of bytes.
        sharding.check_window(modified_from, modified_until)
        pages = self.scan(prefix)
        first, is_slow = sharding.first_pages(pages)
        parts = cut(self, prefix) if is_slow else []
        rest = list_ahead(self, parts, start_after="", workers=sharding.WORKERS) if is_slow else chain(first, pages)
        for batch in rest:
            if wanted := sharding.within(batch, modified_from, modified_until):
                yield wanted

    def scan(self, prefix: str, start_after: str = "") -> Iterator[ObjectBatch]:
        with self._translated():
            yield from self._listing.scan(prefix, start_after)

    def level(self, prefix: str) -> Level | None:
        with self._translated():
            return self._listing.level(prefix)

    def read(self, key: str) -> bytes:
        with self._translated(key):
            return bytes(self._container.download_blob(self._name(key)).readall())

    def read_range(self, key: str, start: int, length: int) -> bytes:
        from azure.core.exceptions import HttpResponseError

        if length <= 0:
            return b""
        with self._translated(key):
            try:
                return bytes(self._container.download_blob(self._name(key), offset=start, length=length).readall())
            except HttpResponseError as error:
                if error.status_code == 416:  # it begins at the end, or behind it
                    return b""
                raise

    def write(self, key: str, data: bytes | BinaryIO) -> None:
        with self._translated(key):
            self._container.upload_blob(self._name(key), data, overwrite=True)

    def create(self, key: str, data: bytes) -> bool:
        from azure.core.exceptions import ResourceExistsError

        with self._translated(key):
            try:
                self._container.upload_blob(self._name(key), data, overwrite=False)
            except ResourceExistsError:
                return False
        return True

    def exists(self, key: str) -> bool:
        # Asked by a listing, as those may ask it who may only list; a key is the first that begins with it.
        with self._translated():
            return self._listing.first(key) == key

    @property
    def url_prefix(self) -> str:
        return f"{self._url_base}/{url_path(self.prefix) if self.prefix else ''}"

    def url(self, key: str) -> str:
        if "\\" in self.prefix + key:
            raise ObjectKeyError(
                f"{self.uri}: key {key!r} has a backslash, which Azure takes for a slash, so that it means "
                "another blob; rename it"
            )
        return f"{self._url_base}/{url_path(self.prefix + key)}"

    @property
    def _endpoint(self) -> str:
        default = f"https://{self.address.account}.blob.{CLOUDS[self.cloud]}"
        return (self.endpoint_url or default).rstrip("/")

    @property
    def _url_base(self) -> str:
        return (self.object_url_base or f"{self._endpoint}/{self.address.container}").rstrip("/")

    def _name(self, key: str) -> str:
        self.url(key)  # refuses what the client, or the account, would take for another name
        return self.prefix + key

    def _translated(self, key: str | None = None) -> AbstractContextManager[None]:
        return translated(self.uri, self._access, key)

    @cached_property
    def _token(self) -> TokenCredential | None:
        return make_credential(self.uri, self._access, self.cloud)

    @cached_property
    def _container(self) -> ContainerClient:
        return make_container_client(self._endpoint, self.address, self._access, self._token)

    @cached_property
    def _listing(self) -> AzureListing:
        authorize = make_authorizer(self.address, self._access, self._token)
        container_url = f"{self._endpoint}/{self.address.container}"
        return AzureListing(self.uri, make_pipeline(self._endpoint), container_url, authorize, self.prefix)
