"""What is in a data group has a label row of its own for who asks by its data hash, as encord-agents' tests do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from encord.constants.enums import DataType
from encord.objects.metadata import DataGroupMetadata
from encord.orm.storage import DataGroupGrid

from tests.emulator.emulator_support import image_manifest

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.conftest import MakeProject

pytestmark = pytest.mark.emulator


def test_a_child_of_a_data_group_is_listed_and_initialised_by_its_data_hash(
    client: EncordUserClient, make_project: MakeProject
) -> None:
    project = make_project(manifest=image_manifest(2))
    folder = next(iter(client.find_storage_folders()))
    members = [item.uuid for item in folder.list_items()]
    group = folder.create_data_group(members)
    client.get_dataset(next(iter(project.list_datasets())).dataset_hash).link_items([group])

    rows = {row.data_hash: row for row in project.list_label_rows_v2(include_children=True)}
    children = [row for row in rows.values() if row.group_hash is not None]
    assert {row.backing_item_uuid for row in children} == set(members)
    for child in children:
        (asked,) = project.list_label_rows_v2(data_hashes=[child.data_hash], include_children=True)
        assert (asked.group_hash, asked.data_type) == (child.group_hash, DataType.IMAGE)
        asked.initialise_labels()
        assert asked.label_hash is not None


def test_the_label_row_of_a_data_group_tells_of_its_parts_and_of_their_label_rows(
    client: EncordUserClient, make_project: MakeProject
) -> None:
    project = make_project(manifest=image_manifest(2))
    folder = next(iter(client.find_storage_folders()))
    members = {item.uuid: item.name for item in folder.list_items()}
    group = folder.create_data_group(DataGroupGrid(name="grid", layout_contents=list(members)))
    client.get_dataset(next(iter(project.list_datasets())).dataset_hash).link_items([group])
    rows = project.list_label_rows_v2(include_children=True)
    [row] = [row for row in rows if row.data_type == DataType.GROUP]

    def parts() -> dict[str, tuple[str, str | None]]:
        row.initialise_labels(overwrite=True)
        assert isinstance(row.metadata, DataGroupMetadata)
        assert len({part.layout_key for part in row.metadata.children_}) == len(members)
        return {part.data_hash: (part.name, part.label_hash) for part in row.metadata.children_}

    assert parts() == {str(uuid): (name, None) for uuid, name in members.items()}
    row.save()
    part = next(row for row in rows if row.group_hash is not None)
    part.initialise_labels()
    told = parts()
    assert told.pop(part.data_hash) == (part.data_title, part.label_hash)
    assert {label_hash for _, label_hash in told.values()} == {None}
