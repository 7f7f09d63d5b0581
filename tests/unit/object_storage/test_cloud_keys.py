"""Keys of every kind at Google and Azure: listed as they are, told by a URL, and fetched from that URL."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from azure.storage.blob import ContainerClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.object_storage import ObjectKeyError, open_bucket
from tests.support.azurite_server import ACCOUNT, ACCOUNT_KEY
from tests.unit.object_storage.test_s3_keys import AWKWARD

# Azure has no control characters in names (or Azurite cannot list them), takes a backslash for a slash, and has no more
# than 254 segments.
AZURE_AWKWARD = sorted(
    key
    for key in {"".join("^" if one == "\\" or ord(one) < 32 else one for one in key) for key in AWKWARD}
    if key.count("/") < 254
)
KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
PREFIXES = ["", "raw data+/%41/"]


def fetched(url: str) -> tuple[int, bytes]:
    """Get exactly this URL; most clients would tidy up its path first."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("GET", url.removeprefix(f"http://{parts.netloc}"))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _round_trip(bucket, keys):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: bucket.write(key, key.encode()), keys))
        found = list(pool.map(lambda key: fetched(bucket.url(key)), keys))
    rows = [row for batch in bucket.list() for row in zip(batch.keys, batch.sizes, strict=True)]
    assert sorted(rows) == sorted((key, len(key.encode())) for key in keys)
    assert found == [(200, key.encode()) for key in keys]
    assert len({bucket.url(key) for key in keys}) == len(keys)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_awkward_keys_of_google(gcs_url, gcs_name, prefix):
    assert len(AWKWARD) >= 300
    _round_trip(open_bucket(f"gs://{gcs_name}/{prefix}", endpoint_url=gcs_url, anonymous=True), AWKWARD)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_awkward_keys_of_azure(azure_url, azure_name, prefix):
    bucket = open_bucket(f"az://{ACCOUNT}/{azure_name}/{prefix}", endpoint_url=azure_url, account_key=ACCOUNT_KEY)
    assert len(AZURE_AWKWARD) >= 300
    container = ContainerClient(azure_url, azure_name, ACCOUNT_KEY)
    container.set_container_access_policy({}, public_access="blob")  # so that a URL alone is enough
    _round_trip(bucket, AZURE_AWKWARD)


@given(
    st.sets(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20), min_size=1, max_size=5)
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_google_takes_comes_back(gcs_url, gcs_name, keys):
    bucket = open_bucket(f"gs://{gcs_name}/{abs(hash(frozenset(keys)))}", endpoint_url=gcs_url, anonymous=True)
    for key in keys:
        bucket.write(key, key.encode())
    assert [key for batch in bucket.list() for key in batch.keys] == sorted(keys)
    assert {bucket.read(key) for key in keys} == {key.encode() for key in keys}
    assert [bucket.exists(key) for key in keys] == [True] * len(keys)


@pytest.mark.parametrize("use", ["read", "write", "url", "exists"])
@pytest.mark.parametrize("key", ["a/../b", "./a", "a\\b", "a/."])
def test_keys_that_azure_would_take_for_others_are_refused_by_name(azure_url, azure_name, use, key):
    bucket = open_bucket(f"az://{ACCOUNT}/{azure_name}", endpoint_url=azure_url, account_key=ACCOUNT_KEY)
    if use == "exists":
        assert not bucket.exists(key)
        return
    with pytest.raises(ObjectKeyError, match="key"):
        bucket.write(key, b"") if use == "write" else getattr(bucket, use)(key)


@pytest.mark.parametrize("key", [".", "..", ""])
def test_keys_that_google_does_not_have_are_refused_by_name(gcs_url, gcs_name, key):
    with pytest.raises(ObjectKeyError, match="names no object"):
        open_bucket(f"gs://{gcs_name}", endpoint_url=gcs_url, anonymous=True).read(key)
