"""Data groups as requests describe them: what they show, and in which layout."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel, model_validator

from include.encord_emulator.store.data_groups import carousel_layout, grid_layout
from include.encord_emulator.wire.payload import JsonObject, Name, Payload, Uuid


class TileSettings(Payload):
    """``TileSettings``."""

    title: str | None = None
    is_read_only: bool = False


class LayoutSettings(Payload):
    """``LayoutSettings``."""

    fixed_layout: bool = False
    tile_settings: dict[str, TileSettings] | None = None
    has_multilayer_labels: bool | None = None


class Tile(Payload):
    """``DataUnitTile``."""

    type: Literal["data_unit"]
    key: str

    @property
    def keys_shown(self) -> set[str]:
        """The keys of the contents that the layout shows."""
        return {self.key}


class CarouselTile(Payload):
    """``DataUnitCarouselTile``; the size is a percentage."""

    type: Literal["data_unit_list"]
    keys: list[str]
    carousel_position: Literal["left", "right", "top", "bottom"]
    carousel_size: float = Field(ge=10, le=70)

    @property
    def keys_shown(self) -> set[str]:
        """The keys of the contents that the layout shows."""
        return set(self.keys)


class Grid(Payload):
    """``LayoutGrid``."""

    direction: Literal["row", "column"]
    first: Grid | Tile | CarouselTile
    second: Grid | Tile | CarouselTile
    split_percentage: float = Field(ge=5, le=95)

    @property
    def keys_shown(self) -> set[str]:
        """The keys of the contents that the layout shows."""
        return self.first.keys_shown | self.second.keys_shown


class ListedGroup(Payload):
    """``DataGroupGrid`` or ``DataGroupCarousel``: the layout follows from the order."""

    layout_type: Literal["default-grid", "default-list"]
    layout_contents: list[Uuid]
    name: Name | None = None
    client_metadata: JsonObject | None = None

    @property
    def contents(self) -> dict[str, str]:
        """The items by key; keys are counted, as the request has none."""
        return {str(number): uuid for number, uuid in enumerate(self.layout_contents)}

    @property
    def document(self) -> dict[str, Any]:
        """The layout as it is kept."""
        keys = list(self.contents)
        layout = (grid_layout if self.layout_type == "default-grid" else carousel_layout)(keys) if keys else None
        return {"layout": layout, "layoutSettings": LayoutSettings().model_dump(by_alias=True), "timeline": []}


class CustomGroup(Payload):
    """``DataGroupCustom``."""

    layout_type: Literal["custom"]
    layout_contents: dict[str, Uuid]
    layout: Grid | Tile | CarouselTile | None = None
    timeline: list[str] = Field(default_factory=list)
    settings: LayoutSettings = LayoutSettings()
    name: Name | None = None
    client_metadata: JsonObject | None = None

    @model_validator(mode="after")
    def _names_its_contents(self) -> CustomGroup:
        named = set(self.timeline) | (self.layout.keys_shown if self.layout else set())
        if unknown := sorted(named - set(self.layout_contents)):
            raise ValueError(f"layoutContents has no key {unknown[0]!r}")
        return self

    @property
    def contents(self) -> dict[str, str]:
        """The items by key."""
        return self.layout_contents

    @property
    def document(self) -> dict[str, Any]:
        """The layout as it is kept."""
        return {
            "layout": self.layout.model_dump(by_alias=True) if self.layout else None,
            "layoutSettings": self.settings.model_dump(by_alias=True),
            "timeline": self.timeline,
        }


class NewGroups(RootModel[list[Annotated[ListedGroup | CustomGroup, Field(discriminator="layout_type")]]]):
    """The body of ``create-group-items``: a list."""
