"""
The contestants of ``benchmarks.listing``: each lists a whole bucket of the canned server, and adds up the sizes.

Each function sets up and returns the work (see ``benchmarks.measure``); the work returns objects and bytes. The
clouds' own clients are used as their documentation shows, with default settings. All look at one object before, so that
what is loaded at first use is loaded, and a connection is open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.canned.objects import NumberedKeys

if TYPE_CHECKING:
    from include.object_storage.protocol import Bucket

Counts = tuple[int, int]
# Any key will do for the canned server; this one is base64, as Azure's are.
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "a2V5", "AWS_DEFAULT_REGION": "us-east-1"}
_AZURE_KEY = "a2V5"
_FIRST_KEY = NumberedKeys(1)[0]


def ours(cloud: str, url: str) -> Callable[[], Counts]:
    """List through ``open_bucket``, and add up the sizes as Arrow."""
    import pyarrow.compute as pc

    bucket = _bucket(cloud, url)

    def work() -> Counts:
        objects = size = 0
        for batch in bucket.list():
            objects += len(batch)
            size += pc.sum(batch.arrow.column("size")).as_py()
        return objects, size

    return work


def ours_as_python(cloud: str, url: str) -> Callable[[], Counts]:
    """List through ``open_bucket``, and look at each key and size as Python's own."""
    import pyarrow.compute  # noqa: F401

    bucket = _bucket(cloud, url)

    def work() -> Counts:
        objects = size = 0
        for batch in bucket.list():
            for _, object_size in zip(batch.keys, batch.sizes, strict=True):
                objects += 1
                size += object_size
        return objects, size

    return work


def s3_peer(url: str) -> Callable[[], Counts]:
    import boto3

    client = boto3.client("s3", endpoint_url=url)
    client.list_objects_v2(Bucket="bucket", MaxKeys=1)

    def work() -> Counts:
        objects = size = 0
        for page in client.get_paginator("list_objects_v2").paginate(Bucket="bucket"):
            for entry in page["Contents"]:
                objects += 1
                size += entry["Size"]
        return objects, size

    return work


def gcs_peer(url: str) -> Callable[[], Counts]:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    client = storage.Client(project="project", credentials=AnonymousCredentials(), client_options={"api_endpoint": url})
    next(iter(client.list_blobs("bucket", max_results=1)))

    def work() -> Counts:
        objects = size = 0
        for blob in client.list_blobs("bucket"):
            objects += 1
            size += blob.size
        return objects, size

    return work


def azure_peer(url: str) -> Callable[[], Counts]:
    from azure.storage.blob import ContainerClient

    client = ContainerClient(f"{url}/account", "container", credential=_AZURE_KEY)
    next(client.list_blobs(results_per_page=1))

    def work() -> Counts:
        objects = size = 0
        for blob in client.list_blobs():
            objects += 1
            size += blob.size
        return objects, size

    return work


def _bucket(cloud: str, url: str) -> Bucket:
    from include.object_storage import open_bucket

    if cloud == "s3":
        bucket = open_bucket("s3://bucket", endpoint_url=url)
    elif cloud == "gcs":
        bucket = open_bucket("gs://bucket", endpoint_url=url, anonymous="true")
    else:
        bucket = open_bucket("az://account/container", endpoint_url=f"{url}/account", account_key=_AZURE_KEY)
    next(bucket.list(_FIRST_KEY))
    return bucket
