from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from encord.metadata_schema import _is_valid_metadata_key
from hypothesis import example, given
from hypothesis import strategies as st

from encord_provider.adapters.metadata_schema import MetadataSchemaAdapter
from include.benchmark_qa.manifest.metadata.keys import key_problem
from include.benchmark_qa.manifest.metadata.schema import check_schema
from tests.emulator.storage_support import signed

if TYPE_CHECKING:
    from encord import EncordUserClient

pytestmark = pytest.mark.emulator
PATH = "organisation/client-metadata-schema-v2"


@given(key=st.text(st.sampled_from("aZ7ü漢- _.$/:²\u0301\n") | st.characters(), max_size=6))
@example(key="key.frames")
@example(key="$encord")
def test_the_same_keys_are_allowed_as_by_the_sdk(key: str) -> None:
    assert (key_problem(key) is None) == _is_valid_metadata_key(key)


def test_an_organisation_without_schema_has_no_keys(client: EncordUserClient) -> None:
    assert MetadataSchemaAdapter(client).schema() == {}


def test_the_schema_is_read_and_not_changed(client: EncordUserClient) -> None:
    schema = client.metadata_schema()
    for data_type in ("boolean", "datetime", "number", "uuid", "varchar", "text"):
        schema.add_scalar(f"a {data_type}", data_type=data_type)
    schema.add_enum("light", values=["night", "day"])
    schema.add_embedding("team.clip", size=512)
    schema.add_geospatial("place")
    schema.add_scalar("gone", data_type="text")
    schema.save()
    schema.delete_key("gone")
    schema.save()
    before = signed(client, "GET", PATH)
    read = MetadataSchemaAdapter(client).schema()
    assert read == {
        "a boolean": {"type": "boolean"},
        "a datetime": {"type": "datetime"},
        "a number": {"type": "number"},
        "a uuid": {"type": "uuid"},
        "a varchar": {"type": "varchar"},
        "a text": {"type": "text"},
        "light": {"type": "enum", "values": ["day", "night"]},
        "team.clip": {"type": "embedding", "size": 512},
        "place": {"type": "geospatial"},
    }
    assert signed(client, "GET", PATH) == before
    wrong = {"light": "dusk", "team.clip": [0.5] * 511, "a number": 1}
    assert {field for field, _ in check_schema(wrong, read)} == {"clientMetadata.light", "clientMetadata.team.clip"}


def test_a_type_that_the_sdk_does_not_know_is_left_out(client: EncordUserClient) -> None:
    assert signed(client, "POST", PATH, {"who": {"ty": "user"}, "a": {"ty": "text"}})[0] == 200
    assert MetadataSchemaAdapter(client).schema() == {"a": {"type": "text"}}
