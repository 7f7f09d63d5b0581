"""Attempts at tasks that each begin in an empty home, working and temporary folder, which is deleted afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from include.demo.bucket import CREDENTIALS, download
from tests.support.journey_tasks import JourneyTasks
from tests.support.object_servers import moto_server
from tests.support.task_attempts import Attempts, Make, Meanwhile, Result

if TYPE_CHECKING:
    import pytest
    from airflow.sdk import BaseOperator


@dataclass
class EmptyDisks(Attempts):
    """
    Runs tasks as pods do, as far as their disks go.

    :param folder: gets the folder of one attempt after the other
    :param left: gets the files that attempts leave, below those folders
    """

    folder: Path = Path()
    left: list[str] = field(default_factory=list)

    def run(self, make: Make, meanwhile: Meanwhile = None) -> Result:
        """Return what the task returned."""
        disk = self.folder / "disk"

        def on_an_empty_disk() -> BaseOperator:
            disk.mkdir(parents=True, exist_ok=True)
            os.chdir(disk)
            os.environ |= {"HOME": str(disk), "TMPDIR": str(disk), "BENCHMARK_QA_HOME": str(disk)}
            tempfile.tempdir = None  # it is remembered
            return make()

        try:
            return super().run(on_an_empty_disk, meanwhile)
        finally:
            self.left += [str(path.relative_to(disk)) for path in disk.rglob("*")]
            shutil.rmtree(disk)


@dataclass(frozen=True)
class BucketWorkspace:
    """A workspace in a local S3."""

    client: Any
    bucket: str

    def copy_to(self, folder: Path) -> None:
        """Copy all of it into a folder."""
        download(self.client, self.bucket, folder)


@contextmanager
def workspace_in_a_bucket(patched: pytest.MonkeyPatch) -> Iterator[BucketWorkspace]:
    """Lead the tasks of a journey to a workspace in a local S3."""
    with moto_server() as url:
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": url}.items():
            patched.setenv(name, value)
        patched.setattr(JourneyTasks, "workspace", "s3://workspaces")
        client = boto3.client("s3")
        region = CREDENTIALS["AWS_DEFAULT_REGION"]
        client.create_bucket(Bucket="workspaces", CreateBucketConfiguration={"LocationConstraint": region})
        yield BucketWorkspace(client, "workspaces")
