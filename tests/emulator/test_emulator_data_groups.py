from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import encord.orm.group_layout as layouts
import encord.orm.storage as orm
import pytest
from encord.constants.enums import DataType
from encord.exceptions import AuthorisationError, InvalidArgumentsError
from encord.orm.dataset import StorageLocation

from tests.emulator.emulator_support import Control, image_manifest, upload
from tests.emulator.storage_support import NOWHERE, signed

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.storage import StorageFolder

pytestmark = pytest.mark.emulator


@pytest.fixture
def folder(client: EncordUserClient) -> StorageFolder:
    """Return a folder with three images."""
    made = client.create_storage_folder("F")
    upload(client, made, image_manifest(3))
    return made


@pytest.fixture
def images(folder: StorageFolder) -> list[UUID]:
    return [item.uuid for item in folder.list_items()]


def test_a_list_of_items_becomes_a_carousel_in_their_order(
    client: EncordUserClient, folder: StorageFolder, images: list[UUID]
) -> None:
    group = client.get_storage_item(folder.create_data_group(images[::-1]))
    assert group.item_type == orm.StorageItemType.GROUP
    assert [child.uuid for child in group.get_child_items()] == images[::-1]
    shown = group.get_summary().data_group
    assert shown is not None
    assert isinstance(shown.layout, layouts.DataUnitCarouselTile)
    assert [shown.layout_contents[key].uuid for key in shown.layout.keys] == images[::-1]


def test_a_grid_gives_each_item_a_tile(client: EncordUserClient, folder: StorageFolder, images: list[UUID]) -> None:
    grid = orm.DataGroupGrid(layout_contents=images, name="grid", client_metadata={"a": 1})
    group = client.get_storage_item(folder.create_data_group(grid))
    assert (group.name, group.client_metadata) == ("grid", {"a": 1})
    shown = group.get_summary().data_group
    assert shown is not None

    def tiles(part: Any) -> list[str]:
        return [part.key] if isinstance(part, layouts.DataUnitTile) else tiles(part.first) + tiles(part.second)

    assert [shown.layout_contents[key].uuid for key in tiles(shown.layout)] == images


def test_a_layout_of_ones_own_comes_back_as_it_was(
    client: EncordUserClient, folder: StorageFolder, images: list[UUID]
) -> None:
    layout = layouts.LayoutGrid(
        direction="column",
        first=layouts.DataUnitTile(key="left"),
        second=layouts.DataUnitCarouselTile(keys=["right", "below"], carousel_position="top", carousel_size=30),
        split_percentage=60,
    )
    settings = layouts.LayoutSettings(fixed_layout=True, tile_settings={"left": layouts.TileSettings(title="L")})
    contents = dict(zip(("left", "right", "below"), images, strict=True))
    custom = orm.DataGroupCustom(layout_contents=contents, layout=layout, settings=settings, timeline=["right"])
    [uuid, _] = folder.create_data_groups([custom, images[:1]])
    shown = client.get_storage_item(uuid).get_summary().data_group
    assert shown is not None
    assert (shown.layout, shown.layout_settings, shown.timeline) == (layout, settings, ["right"])
    assert {key: child.uuid for key, child in shown.layout_contents.items()} == contents


def test_a_group_can_be_a_row_of_a_dataset(client: EncordUserClient, folder: StorageFolder, images: list[UUID]) -> None:
    dataset = client.get_dataset(
        client.create_dataset("D", StorageLocation.AWS, create_backing_folder=False).dataset_hash
    )
    [row] = dataset.link_items([folder.create_data_group(images)])
    assert row.data_type == DataType.GROUP


def test_members_of_a_group_become_tombstones_or_take_it_along_as_the_switch_says(
    client: EncordUserClient, control: Control, folder: StorageFolder, images: list[UUID]
) -> None:
    group = client.get_storage_item(folder.create_data_group(images))
    folder.delete_storage_items(images[:1])
    assert [child._orm_item.is_tombstone for child in group.get_child_items()] == [True, False, False]
    control.switch(delete_used_item="cascade")
    folder.delete_storage_items(images[:1])
    assert [item.uuid for item in folder.list_items()] == images[1:]


def test_a_group_can_be_deleted_without_its_members(folder: StorageFolder, images: list[UUID]) -> None:
    folder.delete_storage_items([folder.create_data_group(images)])
    assert [item.uuid for item in folder.list_items()] == images


def test_a_group_goes_together_with_its_members(
    client: EncordUserClient, folder: StorageFolder, images: list[UUID]
) -> None:
    folder.delete_storage_items([folder.create_data_group(images), *images])
    assert list(folder.list_items()) == []


def test_groups_of_what_cannot_be_grouped_are_refused_whole(
    client: EncordUserClient, folder: StorageFolder, images: list[UUID]
) -> None:
    with pytest.raises(AuthorisationError, match=NOWHERE):
        folder.create_data_groups([images, [UUID(NOWHERE)]])
    with pytest.raises(InvalidArgumentsError, match="at least one item"):
        folder.create_data_group([])
    assert len(list(folder.list_items())) == 3
    group = folder.create_data_group(images)
    with pytest.raises(InvalidArgumentsError, match="cannot be in another"):
        folder.create_data_group([group])


def test_a_layout_that_names_no_item_is_refused(
    client: EncordUserClient, folder: StorageFolder, images: list[UUID]
) -> None:
    tile: dict[str, Any] = {"type": "data_unit", "key": "left"}
    carousel = {"type": "data_unit_list", "keys": ["left"], "carouselPosition": "top", "carouselSize": 99}
    deep = tile
    for _ in range(400):
        deep = {"direction": "row", "first": tile, "second": deep, "splitPercentage": 50}
    base = {"layoutType": "custom", "layoutContents": {"left": str(images[0])}}
    for body in (
        [base | {"layout": tile | {"key": "right"}}],
        [base | {"timeline": ["right"]}],
        [base | {"layout": carousel}],
        [base | {"layoutType": "default-grid"}],
        [base | {"layoutType": "spiral"}],
        [base | {"layout": deep}],
        [None],
        base,
        {},
    ):
        status, answer = signed(client, "POST", f"storage/folders/{folder.uuid}/create-group-items", body)
        assert (status, "body" in answer["detail"]) == (422, True)
    assert signed(client, "POST", f"storage/folders/{folder.uuid}/create-group-items", [])[0] == 200
