"""What is in a data group has a label row of its own for who asks by its data hash, as encord-agents' tests do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from encord.constants.enums import DataType

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
