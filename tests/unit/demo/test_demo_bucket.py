from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from include.demo.bucket import CREDENTIALS, local_bucket
from include.demo.material import make
from include.demo.material.recipe import AWKWARD_NAME
from include.object_storage import BucketAccessError, open_bucket

KEYS = ("benchmark/photos/1.jpg", f"production/{AWKWARD_NAME}")


@pytest.fixture
def small_material(tmp_path, monkeypatch) -> Path:
    """Two files that the program takes for the whole material, so that the test does not wait for 500 uploads."""
    folder = tmp_path / "material"
    for key in KEYS:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(key.encode())
    summary = {"objects": {"benchmark": 1, "production": 1}, "bytes": 1}
    (folder / make.STAMP_NAME).write_text(json.dumps({"recipe": make._recipe(), "summary": summary}))
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return folder


def contents(url: str) -> dict[str, bytes]:
    bucket = open_bucket("s3://demo", endpoint_url=url)
    return {key: bucket.read(key) for batch in bucket.list() for key in batch.keys}


def test_bucket_holds_every_file_under_its_path(small_material):
    with local_bucket(small_material, "demo") as url:
        assert url.startswith("http://127.0.0.1:")
        assert contents(url) == {key: key.encode() for key in KEYS}
    with pytest.raises(BucketAccessError, match="cannot be reached"):
        contents(url)


def test_further_buckets_are_empty_and_can_be_written(small_material):
    with local_bucket(small_material, "another", empty=["further"]) as url:
        further = open_bucket("s3://further", endpoint_url=url)
        assert [batch.keys for batch in further.list() if batch.keys] == []
        further.write("run/report.json", b"{}")
        assert further.read("run/report.json") == b"{}"


def test_program_serves_until_it_is_asked_to_stop(small_material, tmp_path):
    url_file = tmp_path / "run" / "url"
    arguments = ["--material", str(small_material), "--bucket", "demo", "--url-file", str(url_file)]
    program = subprocess.Popen([sys.executable, "-m", "include.demo.bucket", *arguments], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not url_file.exists() and program.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert contents(url_file.read_text().strip()) == {key: key.encode() for key in KEYS}
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0
    finally:
        program.kill()
        program.wait()
    assert not url_file.exists()
