from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from encord.exceptions import InvalidArgumentsError

from tests.emulator.storage_support import signed

if TYPE_CHECKING:
    from encord import EncordUserClient

pytestmark = [pytest.mark.emulator, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
PATH = "organisation/client-metadata-schema-v2"


def test_there_is_no_schema_at_first(client: EncordUserClient) -> None:
    assert client.metadata_schema().keys() == []
    assert signed(client, "GET", PATH) == (200, None)
    assert client.get_client_metadata_schema() is None


def test_a_schema_comes_back_as_it_was_saved(client: EncordUserClient) -> None:
    schema = client.metadata_schema()
    for data_type in ("boolean", "datetime", "number", "uuid", "varchar", "text"):
        schema.add_scalar(f"a {data_type}", data_type=data_type)
    schema.add_enum("enum", values=["b", "a"])
    schema.add_embedding("team.embedding", size=4096)
    schema.add_geospatial("place")
    schema.delete_key("a uuid")
    schema.delete_key("place", hard=True)
    schema.save()
    saved = client.metadata_schema()
    assert repr(saved) == repr(schema)
    assert (saved.get_enum_options("enum"), saved.get_embedding_size("team.embedding")) == (["a", "b"], 4096)
    saved.restore_key("a uuid")
    saved.save()
    assert client.metadata_schema().get_key_type("a uuid") == "uuid"


def test_the_deprecated_call_shows_and_changes_the_same_schema(client: EncordUserClient) -> None:
    schema = client.metadata_schema()
    schema.add_scalar("number", data_type="number")
    schema.add_enum("enum", values=["a"])
    schema.save()
    shown = client.get_client_metadata_schema()
    assert shown is not None
    assert {key: str(kind.value) for key, kind in shown.items()} == {"number": "number", "enum": "enum"}
    client.set_client_metadata_schema_from_dict({"words": "long_string", "enum": "enum", "place": "geospatial"})
    with pytest.raises(InvalidArgumentsError, match="other"):
        client.set_client_metadata_schema_from_dict({"other": "embedding"})
    after = client.metadata_schema()
    assert [(key, after.get_key_type(key)) for key in after.keys()] == [  # noqa: SIM118 - no mapping
        ("words", "text"), ("enum", "enum"), ("place", "geospatial"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {"$key": {"ty": "text"}},
        {"": {"ty": "text"}},
        {"a/b": {"ty": "text"}},
        {"a": {"ty": "car"}},
        {"a": None},
        {"a": {"ty": "enum", "values": []}},
        {"a": {"ty": "embedding", "size": 4097}},
        {"a": {"ty": "tombstone", "deleted_ty": {"ty": "tombstone"}}},
        {"a": {"ty": "text", "colour": 1}},
        [],
        "text",
    ],
)
def test_what_is_no_schema_is_refused(client: EncordUserClient, body: Any) -> None:
    assert signed(client, "POST", PATH, body)[0] == 422
    assert client.metadata_schema().keys() == []
