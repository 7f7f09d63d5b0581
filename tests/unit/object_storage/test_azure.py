from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.storage.blob import ContainerClient, generate_container_sas

from include.object_storage import (
    BucketAccessError,
    BucketCredentialsError,
    BucketNotFoundError,
    BucketPermissionError,
    BucketUriError,
    ClockSkewError,
    ObjectStorageError,
    open_bucket,
)
from tests.support.azurite_server import ACCOUNT, ACCOUNT_KEY
from tests.unit.object_storage.test_azure_pages import answer, blob

OTHER_KEY = "c2VjcmV0IHNlY3JldCBzZWNyZXQ="
OUT_OF_TIME = "Signature not valid in the specified time frame: Start [Mon] - Expiry [Tue] - Current [Wed]"


def denied(code: str, detail: str = "") -> str:
    text = f"<AuthenticationErrorDetail>{detail}</AuthenticationErrorDetail>"
    return f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>No.</Message>{text}</Error>'


def sas(name: str, permission: str = "rwl", *, hours: int = 1) -> str:
    expiry = datetime.now(tz=UTC) + timedelta(hours=hours)
    start = expiry - timedelta(hours=3)
    return generate_container_sas(ACCOUNT, name, ACCOUNT_KEY, permission=permission, expiry=expiry, start=start)


@pytest.fixture
def bucket(azure_url, azure_name):
    return open_bucket(f"az://{ACCOUNT}/{azure_name}/raw", endpoint_url=azure_url, account_key=ACCOUNT_KEY)


def test_lists_levels_and_goes_on_after_a_key(bucket):
    for key in ("a/1", "b", "a/2/x", "😀", "\uff01"):
        bucket.write(key, key.encode())
    # Azurite orders by UTF-16, where the emoji comes before the full-width mark; going on loses neither.
    assert [batch.keys for batch in bucket.scan("")] == [("a/1", "a/2/x", "b", "😀", "\uff01")]
    assert [batch.keys for batch in bucket.scan("", "😀")] == [("\uff01",)]
    assert [batch.keys for batch in bucket.scan("", "a/1")] == [("a/2/x", "b", "😀", "\uff01")]
    assert [batch.keys for batch in bucket.scan("", "a/10")] == [("a/2/x", "b", "😀", "\uff01")]
    assert [batch.keys for batch in bucket.scan("", "\uff01")] == []
    level = bucket.level("")
    assert (level.prefixes, level.objects.keys) == (("a/",), ("b", "\uff01", "😀"))
    assert [batch.keys for batch in bucket.scan("a/2")] == [("a/2/x",)]


def test_a_hierarchical_account_goes_on_in_its_own_order(recording_server):
    file, folder = ("<ResourceType>file</ResourceType>", "<ResourceType>directory</ResourceType>")
    page = answer(blob("a", extra=folder), *(blob(name, extra=file) for name in ("a/x", "a-b", "a.c")))
    bucket = open_bucket("az://account/photos", endpoint_url=recording_server([(200, page)]).url, anonymous=True)
    assert [batch.keys for batch in bucket.scan("")] == [("a/x", "a-b", "a.c")]
    assert [batch.keys for batch in bucket.scan("", "a/x")] == [("a-b", "a.c")]
    assert [batch.keys for batch in bucket.scan("", "a/w")] == [("a/x", "a-b", "a.c")]
    assert [batch.keys for batch in bucket.scan("", "a/y")] == [("a-b", "a.c")]


def test_pages_lead_on_by_their_markers_even_when_empty(recording_server):
    pages = [
        answer(blob("p/a &amp; b"), next_marker="<NextMarker>2!x&amp;y</NextMarker>"),
        answer(next_marker="<NextMarker>3</NextMarker>"),
        answer(blob("p/c")),
    ]
    server = recording_server([(200, page) for page in pages])
    bucket = open_bucket("az://account/photos/p", endpoint_url=server.url, sas_token="?sv=1&sig=a%2Bb%3D")
    batches = list(bucket.scan(""))
    assert [batch.keys for batch in batches] == [("a & b",), ("c",)]
    assert (batches[0].sizes, batches[0].etags) == ((12,), ("0x8DE1",))
    assert batches[0].modified == (datetime(2026, 1, 6, 1, 2, 3, tzinfo=UTC),)
    asked = [parse_qs(urlsplit(path).query) for path in server.paths]
    assert asked[0]["prefix"] == ["p/"]
    assert [query.get("marker") for query in asked] == [None, ["2!x&y"], ["3"]]
    assert [query["sig"] for query in asked] == [["a+b="]] * 3


def test_a_passing_failure_is_tried_again(recording_server):
    server = recording_server([(503, denied("ServerBusy")), (500, ""), (200, answer(blob("k")))])
    bucket = open_bucket("az://account/photos", endpoint_url=server.url, anonymous=True)
    assert [batch.keys for batch in bucket.scan("")] == [("k",)]


@pytest.mark.parametrize(
    "way", ["connection_string", "connection_string_with_sas", "sas_token", "environment", "anonymous"]
)
def test_every_kind_of_credentials_lists_and_reads(azure_url, azure_name, bucket, way, monkeypatch):
    bucket.write("k", b"content")
    uri, options = f"az://{ACCOUNT}/{azure_name}/raw", {}
    if way.startswith("connection_string"):
        access = f"SharedAccessSignature={sas(azure_name)}" if way.endswith("sas") else f"AccountKey={ACCOUNT_KEY}"
        options = {"connection_string": f"AccountName={ACCOUNT};{access};BlobEndpoint={azure_url};"}
    elif way == "sas_token":
        options = {"endpoint_url": azure_url, "sas_token": sas(azure_name)}
    elif way == "environment":
        monkeypatch.setenv("AZURE_STORAGE_KEY", ACCOUNT_KEY)
        options = {"endpoint_url": azure_url}
    else:
        ContainerClient(azure_url, azure_name, ACCOUNT_KEY).set_container_access_policy({}, public_access="container")
        options = {"endpoint_url": azure_url, "anonymous": True}
    opened = open_bucket(uri, **options)
    assert [batch.keys for batch in opened.list()] == [("k",)]
    assert opened.read("k") == b"content"
    assert opened.url("k") == f"{azure_url}/{azure_name}/raw/k"


def test_microsofts_default_chain_is_asked_when_nothing_else_is_given(recording_server, monkeypatch):
    # The package is not among the requirements, so a stand-in gives the token.
    identity = ModuleType("azure.identity")
    identity.DefaultAzureCredential = lambda **options: SimpleNamespace(
        get_token=lambda scope: SimpleNamespace(token=f"{scope} {options}")
    )
    monkeypatch.setitem(sys.modules, "azure.identity", identity)
    server = recording_server([(200, answer(blob("k")))])
    bucket = open_bucket("az://account/photos", endpoint_url=server.url, cloud="china")
    assert [batch.keys for batch in bucket.scan("")] == [("k",)]
    sent = server.headers[0]["Authorization"]
    assert sent == "Bearer https://storage.azure.com/.default {'authority': 'login.chinacloudapi.cn'}"


def test_without_the_package_of_the_default_chain_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(BucketCredentialsError, match="needs the package azure-identity, which is not installed"):
        _use(open_bucket("az://account/photos"), "list")


@pytest.mark.parametrize(
    ("uri", "options", "url"),
    [
        ("az://acc/pics", {}, "https://acc.blob.core.windows.net/pics/k%201"),
        ("az://acc/pics/p", {}, "https://acc.blob.core.windows.net/pics/p/k%201"),
        ("az://acc/pics", {"cloud": "china"}, "https://acc.blob.core.chinacloudapi.cn/pics/k%201"),
        ("az://acc/pics", {"cloud": "government"}, "https://acc.blob.core.usgovcloudapi.net/pics/k%201"),
        ("https://acc.blob.core.usgovcloudapi.net/pics/p/", {}, "https://acc.blob.core.usgovcloudapi.net/pics/p/k%201"),
        ("az://acc/pics", {"endpoint_url": "https://acc.privatelink.example/"}, "https://acc.privatelink.example/pics/k%201"),
        ("az://acc/pics", {"object_url_base": "https://files.example/"}, "https://files.example/k%201"),
        ("az://acc/pics", {"connection_string": f"AccountKey={OTHER_KEY};EndpointSuffix=core.chinacloudapi.cn"},
         "https://acc.blob.core.chinacloudapi.cn/pics/k%201"),
    ],
)  # fmt: skip
def test_url_takes_the_form_that_the_options_ask_for(uri, options, url):
    bucket = open_bucket(uri, **options)
    assert bucket.url("k 1") == url
    assert url == bucket.url_prefix + "k%201"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"anonymous": "perhaps"}, "option anonymous must be true or false"),
        ({"account_key": "hunter2!"}, "the account key is none"),
        ({"sas_token": "sv=hunter2"}, "the SAS token is no shared access signature"),
        ({"connection_string": "hunter2"}, "holds no AccountKey and no SharedAccessSignature"),
        ({"connection_string": f"AccountName=other;AccountKey={OTHER_KEY}"}, "is of another account, other"),
        ({"connection_string": "AccountKey=hunter2!"}, "the account key is none"),
        ({"account_key": OTHER_KEY, "sas_token": "sig=hunter2"}, "give one of the options account_key and sas_token"),
        ({"cloud": "moon"}, "option cloud must be one of public, china, government"),
        ({"endpoint_url": "https://me:hunter2@host"}, "must hold no whitespace, user name or password"),
        ({"region": "x"}, "unknown option.* region; known: endpoint_url, cloud, connection_string"),
    ],
)
def test_options_that_are_refused_without_repeating_them(options, message):
    with pytest.raises(BucketUriError, match=message) as raised:
        open_bucket("az://account/photos", **options)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("options", [{}, {"region": "x"}])
def test_an_address_with_a_signature_is_refused_without_repeating_it(options):
    with pytest.raises(BucketUriError) as raised:
        open_bucket("https://account.blob.core.windows.net/photos?sv=1&sig=hunter2", **options)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("use", ["list", "read", "write", "exists", "read_range"])
class TestRefusedByTheServer:
    """Azurite checks containers, keys, signatures, their permissions and their times."""

    def test_unknown_container(self, azure_url, use):
        bucket = open_bucket(f"az://{ACCOUNT}/no-such", endpoint_url=azure_url, account_key=ACCOUNT_KEY)
        with pytest.raises(BucketNotFoundError, match=rf"^az://{ACCOUNT}/no-such: there is no such container; check"):
            _use(bucket, use)

    def test_wrong_key(self, azure_url, azure_name, use):
        bucket = open_bucket(f"az://{ACCOUNT}/{azure_name}", endpoint_url=azure_url, account_key=OTHER_KEY)
        with pytest.raises(BucketAccessError, match="check that the credentials are this account's") as raised:
            _use(bucket, use)
        assert OTHER_KEY not in str(raised.value)

    def test_signature_without_permission(self, azure_url, azure_name, use):
        token = sas(azure_name, "d")
        bucket = open_bucket(f"az://{ACCOUNT}/{azure_name}", endpoint_url=azure_url, sas_token=token)
        with pytest.raises(BucketPermissionError, match="permission denied") as raised:
            _use(bucket, use)
        assert "sig=" not in str(raised.value)

    def test_expired_signature(self, azure_url, azure_name, use):
        token = sas(azure_name, hours=-1)
        bucket = open_bucket(f"az://{ACCOUNT}/{azure_name}", endpoint_url=azure_url, sas_token=token)
        with pytest.raises(BucketCredentialsError, match="the SAS token has expired; renew it") as raised:
            _use(bucket, use)
        assert "sig=" not in str(raised.value)


@pytest.mark.parametrize("use", ["list", "read", "write", "exists"])
@pytest.mark.parametrize(
    ("status", "code", "detail", "options", "error", "said"),
    [
        (403, "AuthenticationFailed", OUT_OF_TIME, {"account_key": OTHER_KEY}, ClockSkewError, "clock is too far"),
        (403, "AuthenticationFailed", "Request date header too old: 'Mon'", {"account_key": OTHER_KEY}, ClockSkewError,
         "clock is too far"),
        (403, "AuthenticationFailed", OUT_OF_TIME, {"sas_token": "sig=1"}, BucketCredentialsError, "is not valid now"),
        (403, "AuthenticationFailed", "Signature did not match.", {"sas_token": "sig=1"}, BucketCredentialsError,
         "the account does not know the credentials"),
        (401, "InvalidAuthenticationInfo", "The token is expired.", {"anonymous": True}, BucketCredentialsError,
         "the credentials have expired"),
        (401, "NoAuthenticationInformation", "", {"anonymous": True}, BucketCredentialsError, "does not know"),
        (403, "AuthorizationPermissionMismatch", "", {"anonymous": True}, BucketPermissionError, "permission denied"),
        (409, "PublicAccessNotPermitted", "", {"anonymous": True}, BucketPermissionError, "permission denied"),
        (404, "ContainerNotFound", "", {"anonymous": True}, BucketNotFoundError, "there is no such container"),
        (418, "Teapot", "", {"anonymous": True}, BucketAccessError, "the server answered 418 Teapot; check"),
    ],
)  # fmt: skip
def test_answers_that_say_no(answering_server, use, status, code, detail, options, error, said):
    url = answering_server(status, denied(code, detail), Content_Type="application/xml", x_ms_error_code=code)
    bucket = open_bucket("az://account/photos", endpoint_url=url, **options)
    with pytest.raises(error, match=said) as raised:
        _use(bucket, use)
    assert type(raised.value) is error
    assert str(raised.value).startswith("az://account/photos")
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "body", ["<html>log in</html>", answer(blob("x"))[:-60], answer(blob("x")).replace(" Jan ", " Brumaire ")]
)
def test_an_answer_that_is_no_listing(answering_server, body):
    bucket = open_bucket("az://account/photos", endpoint_url=answering_server(200, body), anonymous=True)
    with pytest.raises(BucketAccessError, match="the answer is no listing of Azure's; check the option endpoint_url"):
        _use(bucket, "list")


def test_server_that_cannot_be_reached():
    # Port 1 of the loopback interface: nothing listens there, and only root could.
    bucket = open_bucket("az://account/photos", endpoint_url="http://127.0.0.1:1", sas_token="sig=hunter2")
    with pytest.raises(BucketAccessError, match="az://account/photos: the server cannot be reached") as raised:
        _use(bucket, "list")
    assert raised.value.__cause__ is None
    assert "hunter2" not in str(raised.value)


def test_a_write_that_breaks_off_leaves_what_was_there(bucket):
    class Breaking:
        def __init__(self) -> None:
            self.given = 0

        def read(self, size: int = -1) -> bytes:
            if self.given > 20_000_000:
                raise OSError("the disk is gone")
            self.given += size
            return b"x" * size

    bucket.write("x", b"before")
    with pytest.raises((OSError, ObjectStorageError)):
        bucket.write("x", Breaking())
    assert bucket.read("x") == b"before"


def _use(bucket, use):
    if use == "list":
        return list(bucket.list())
    if use == "read_range":
        return bucket.read_range("k", 0, 1)
    return bucket.write("k", b"") if use == "write" else getattr(bucket, use)("k")
