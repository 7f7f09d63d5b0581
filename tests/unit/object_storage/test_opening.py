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

MANY_REGIONS = "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap"
ONE_REGION = "arn:aws:s3:eu-west-1:123456789012:accesspoint/photos"


@pytest.mark.parametrize(
    ("uri", "opened"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ("gs://bucket", "gs://bucket"),
        ("gs://bucket/a b/", "gs://bucket/a b"),
        ("az://account/photos", "az://account/photos"),
        ("az://account/photos/a b/", "az://account/photos/a b"),
        ("https://account.blob.core.windows.net/photos/a%20b", "az://account/photos/a b"),
        ("https://account.blob.core.chinacloudapi.cn/$web/", "az://account/$web"),
        ("s3+https://s3.example:9000/bucket/a/", "s3+https://s3.example:9000/bucket/a"),
        (f"{MANY_REGIONS}/a/", f"{MANY_REGIONS}/a"),
        (ONE_REGION, ONE_REGION),
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
        ("gs://", "no bucket can have this name"),
        ("gs://Photos", "gs://Photos: no bucket can have this name"),
        ("az://account", "az://account: this names no account .* and container"),
        ("az://account/-c", "az://account/-c: this names no account .* and container"),
        ("az://my_account/photos", "this names no account"),
        ("https://example.org/photos", "this is no address of Azure Blob Storage"),
        ("ftp://x", "unknown scheme ftp://"),
        ("s3://", "s3:// names no bucket; write s3://bucket or s3://bucket/prefix"),
        ("s3://photos--euw1-az1--x-s3", r"directory buckets \(S3 Express\) list in no order"),
        ("s3+https://", r"must name a server and a bucket: s3\+https://endpoint/bucket/prefix"),
        ("s3+https://host", r"names no bucket; write s3\+https://endpoint/bucket or"),
        ("s3+https://me:hunter2@host/bucket", r"^s3\+https:// must name a server and a bucket"),
        ("arn:aws:sns:eu-west-1:123456789012:topic", "of ARNs, only S3 access points can be opened"),
        ("arn:aws:s3:::bucket", "of ARNs, only S3 access points can be opened"),
        ("arn:aws:s3::123456789012:accesspoint/one", r"has a region or ends in \.mrap"),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/one.mrap", r"has a region or ends in \.mrap"),
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


@pytest.mark.parametrize(
    ("uri", "options", "message"),
    [
        ("s3+https://host/bucket", {"endpoint_url": "https://other"}, "leave out the option endpoint_url"),
        (MANY_REGIONS, {"endpoint_url": "https://other"}, "has no endpoint_url"),
        ("s3://bucket", {"addressing": "host"}, "addressing is 'host'; use one of auto, path, virtual"),
        ("s3://bucket", {"dualstack": "maybe"}, "dualstack must be true or false"),
        ("s3://bucket", {"external_id": "x"}, "add the option role_arn"),
        ("s3+https://host/bucket", {"dualstack": True}, "leave out dualstack or endpoint_url"),
        ("s3://bucket", {"session_token": "hunter2"}, "session_token with both"),
        ("s3://bucket", {"secret_access_key": "hunter2"}, "access_key_id and secret_access_key go together"),
    ],
)
def test_options_that_contradict_are_refused(uri, options, message):
    with pytest.raises(BucketUriError, match=message) as raised:
        open_bucket(uri, **options)
    assert "hunter2" not in str(raised.value)


def test_secrets_show_nowhere_in_what_is_opened():
    bucket = open_bucket("s3://bucket", access_key_id="AKIAX", secret_access_key="hunter2", session_token="hunter3")
    shown = f"{bucket!r} {bucket.access!r} {bucket.uri}"
    assert not any(secret in shown for secret in ("AKIAX", "hunter2", "hunter3"))


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
    code = """
import sys
from include.object_storage import open_bucket
for uri in ("s3://bucket", "gs://bucket", "az://account/photos"):
    open_bucket(uri)
print(sorted({"boto3", "google.auth", "azure.core", "obstore", "pyarrow", "requests"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
