from __future__ import annotations

import subprocess
import sys
from urllib.parse import unquote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from include.object_storage import BucketUriError, ObjectKeyError, open_bucket
from include.object_storage.keys import url_path

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda key: not {".", ".."} & set(key.split("/"))
)


@pytest.mark.parametrize(
    ("uri", "opened"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ("/data/x", "file:///data/x"),
        ("file:///data/x", "file:///data/x"),
        ("file:///data/a%20b", "file:///data/a%20b"),
        ("/data/a b", "file:///data/a%20b"),
    ],
)
def test_uri_forms(uri, opened):
    assert open_bucket(uri).uri == opened


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("gs://bucket", r"gs://bucket: Google Cloud Storage \(gs://\) is not there yet; use s3:// or a folder"),
        ("az://account/c", r"az://account/c: Azure Blob Storage \(az://\) is not there yet"),
        ("ftp://x", "unknown scheme ftp://"),
        ("s3://", "names no bucket"),
        ("", "names no folder"),
        ("file://host/share", "write file:///absolute/folder"),
        ("file:///a?b", "write file:///absolute/folder"),
    ],
)
def test_uris_that_are_refused(uri, message):
    with pytest.raises(BucketUriError, match=message):
        open_bucket(uri)


def test_unknown_option_is_named_with_the_known_ones():
    with pytest.raises(BucketUriError, match=r"s3://b: unknown option.* endpont_url; known: endpoint_url, region"):
        open_bucket("s3://b", endpont_url="http://x")


def test_empty_options_count_as_not_given(tmp_path):
    assert open_bucket(str(tmp_path), endpoint_url=None, region="").uri == tmp_path.as_uri()


@given(KEYS)
def test_url_path_unquotes_to_the_key(key):
    path = url_path(key)
    assert unquote(path) == key
    assert path.isascii()
    assert not any(character.isspace() or character in "?#" for character in path)


@given(KEYS, KEYS)
def test_different_keys_have_different_url_paths(one, other):
    assume(one != other)
    assert url_path(one) != url_path(other)


@pytest.mark.parametrize("key", ["", ".", "a/../b", "./a", "a/.", "\udcff.jpg"])
def test_keys_that_no_url_can_carry_are_refused_by_name(key):
    with pytest.raises(ObjectKeyError, match="key"):
        url_path(key)


def test_opening_a_bucket_does_not_import_a_cloud():
    code = "import sys; from include.object_storage import open_bucket as o; o('s3://b'); print('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
