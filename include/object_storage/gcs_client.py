"""Google's credentials, its client, and a session of its own that lists fast."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from include.object_storage.errors import BucketUriError

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.auth.transport.requests import AuthorizedSession

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
RETRIES = 3  # of a page of a listing
RETRY_SECONDS = 30  # for which Google's client tries a read or a write again
RETRIED_STATUSES = (408, 429, 500, 502, 503, 504)
MAX_CONNECTIONS = 32  # as many shards may be listed at the same time


@dataclass(frozen=True, slots=True)
class GcsAccess:
    """
    How Google is asked; all empty means its default chain of credentials.

    :param service_account_json: the content of a service account's key file, as one string.
    :param anonymous: "true" for public buckets and emulators.
    :param impersonate: the e-mail address of a service account to act as.
    """

    service_account_file: str | None = None
    service_account_json: str | None = field(default=None, repr=False)
    anonymous: str = "false"
    impersonate: str | None = None

    def check(self, uri: str) -> None:
        """
        Check what can be checked without asking anyone.

        :raises BucketUriError: when the options contradict each other or cannot be read.
        """
        ways = ("service_account_file", "service_account_json", "anonymous")
        if len(given := [way for way in ways if getattr(self, way) not in {None, "false"}]) > 1:
            raise BucketUriError(f"{uri}: give one of the options {' and '.join(given)}, not both")
        if self.anonymous not in {"true", "false"}:
            raise BucketUriError(f"{uri}: option anonymous must be true or false")
        if self.service_account_json and _json_object(self.service_account_json) is None:
            raise BucketUriError(f"{uri}: option service_account_json must be the content of a key file, a JSON object")


def make_credentials(access: GcsAccess) -> Credentials:
    """Return credentials that may read and write objects; raises what google-auth raises, or ``OSError``."""
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.auth.impersonated_credentials import Credentials as ImpersonatedCredentials
    from google.oauth2.service_account import Credentials as ServiceAccountCredentials

    impersonated: Any = ImpersonatedCredentials  # these classes are only half typed
    service_account: Any = ServiceAccountCredentials
    credentials: Credentials
    if access.anonymous == "true" or (os.environ.get("STORAGE_EMULATOR_HOST") and access == GcsAccess()):
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
    if access.service_account_file:
        credentials = service_account.from_service_account_file(access.service_account_file, scopes=[SCOPE])
    elif access.service_account_json:
        info = _json_object(access.service_account_json)
        credentials = service_account.from_service_account_info(info, scopes=[SCOPE])
    else:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    if access.impersonate:
        credentials = impersonated(
            source_credentials=credentials, target_principal=access.impersonate, target_scopes=[SCOPE]
        )
    return credentials


def make_client(credentials: Credentials, endpoint_url: str | None) -> Any:
    """Return Google's client for objects."""
    from google.cloud import storage  # type: ignore[import-untyped, unused-ignore]

    # Only buckets have projects here; without a name the client would look one up, in the network if need be.
    options = {"api_endpoint": endpoint_url.rstrip("/")} if endpoint_url else None
    return storage.Client(project="none", credentials=credentials, client_options=options)


def make_session(credentials: Credentials) -> AuthorizedSession:
    """Return a session that signs requests, renews tokens, and tries GETs again."""
    from google.auth.transport.requests import AuthorizedSession
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    retry = Retry(total=RETRIES, backoff_factor=0.3, status_forcelist=RETRIED_STATUSES, raise_on_status=False)
    adapter = HTTPAdapter(max_retries=retry, pool_maxsize=MAX_CONNECTIONS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
