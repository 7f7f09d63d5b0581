"""
A local S3 with the demo's files in it, for as long as it runs.

``python -m include.demo.bucket --material DIR --bucket NAME --url-file FILE`` starts moto's S3 server on the
loopback interface, uploads the material, writes its URL to the file and serves until SIGTERM or SIGINT. The server
accepts any credentials; boto3 wants some, so set ``CREDENTIALS`` in the environment of those who use it. All is kept in
memory: what was written to it is gone when it ends.
"""

from __future__ import annotations

import argparse
import logging
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

from include.demo.material import make_material
from include.demo.material.make import KINDS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Not secrets: the server takes anything.
_REGION: Final = "eu-west-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo", "AWS_DEFAULT_REGION": _REGION}


@contextmanager
def local_bucket(
    material: Path, bucket: str, *, empty: Sequence[str] = (), host: str = "127.0.0.1", port: int = 0
) -> Iterator[str]:
    """
    Serve the objects of a folder as a bucket; yields the server's URL.

    :param empty: names of further buckets, to be written to.
    :param host: address to listen on; the server asks nobody who they are.
    :param port: 0 takes a free one.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each request
    server = ThreadedMotoServer(ip_address=host, port=port)
    server.start()
    try:
        bound_host, bound_port = server.get_host_and_port()
        url = f"http://{bound_host}:{bound_port}"
        client = s3_client(url)
        for name in (bucket, *empty):
            client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": _REGION})
        _upload(material, bucket, client)
        yield url
    finally:
        server.stop()


def s3_client(url: str) -> S3Client:
    """Return a client of the local S3 at this address."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name=_REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}),
    )


def download(client: S3Client, bucket: str, folder: Path) -> None:
    """Copy all that is in a bucket of the local S3 into a folder."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for key in (entry["Key"] for entry in page.get("Contents", [])):
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(folder / key))


def _upload(material: Path, bucket: str, client: S3Client) -> None:
    files = [path for kind in KINDS for path in sorted((material / kind).rglob("*")) if path.is_file()]
    # One after the other: client and server share this process, so threads only make it slower (measured).
    for path in files:
        client.put_object(Bucket=bucket, Key=path.relative_to(material).as_posix(), Body=path.read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m include.demo.bucket", description=__doc__)
    parser.add_argument("--material", type=Path, required=True, help="folder of the files; filled if need be")
    parser.add_argument("--bucket", required=True, help="name of the bucket")
    parser.add_argument("--empty-bucket", action="append", default=[], metavar="NAME", help="a further one; repeatable")
    parser.add_argument("--url-file", type=Path, required=True, help="where to write the URL once all is there")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    # What a killed run left behind must not be taken for ours.
    arguments.url_file.unlink(missing_ok=True)
    try:
        make_material(arguments.material)
        with local_bucket(
            arguments.material, arguments.bucket,
            empty=arguments.empty_bucket, host=arguments.host, port=arguments.port,
        ) as url:  # fmt: skip
            _publish(arguments.url_file, url)
            signal.pause()
    finally:
        arguments.url_file.unlink(missing_ok=True)


def _leave(*_: object) -> None:
    raise SystemExit(0)


def _publish(url_file: Path, url: str) -> None:
    url_file.parent.mkdir(parents=True, exist_ok=True)
    temporary = url_file.with_name(url_file.name + ".tmp")
    temporary.write_text(url + "\n", encoding="utf-8")
    temporary.replace(url_file)


if __name__ == "__main__":
    main()
