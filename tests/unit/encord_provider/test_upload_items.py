from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from encord_provider.adapters.storage import StorageAdapter
from encord_provider.adapters.upload_items import as_upload_items
from include.benchmark_qa.manifest.metadata.dicom import REQUIRED_TAGS
from include.benchmark_qa.manifest.model import Unit, UnitType
from tests.emulator.emulator_support import BUCKET_URL, INTEGRATION

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.storage import StorageItem

    from tests.emulator.emulator_support import Control

IMAGE = {"mime_type": "image/png", "file_size": 5, "width": 641, "height": 479}
MEDIA: dict[str, tuple[dict[str, Any], ...]] = {
    "image": (IMAGE,),
    "image_group": (IMAGE, IMAGE | {"width": 7}),
    "image_sequence": (IMAGE, IMAGE | {"height": 9}),
    "video": ({
        "fps": 29.97, "duration": 2.5, "width": 333, "height": 222, "file_size": 8, "mime_type": "video/webm",
    },),
    "audio": ({
        "duration": 1.5, "file_size": 6, "mime_type": "audio/flac", "sample_rate": 48_000, "bit_depth": 24,
        "codec": "flac", "num_channels": 2,
    },),
    "text": ({"file_size": 3, "mime_type": "text/html"},),
    "pdf": ({"file_size": 4, "num_pages": 12},),
    "dicom_series": tuple(
        {"tags": dict.fromkeys(REQUIRED_TAGS) | {"00280010": {"vr": "US", "Value": [rows]}}} for rows in (33, 44)
    ),
    "nifti": (),
}  # fmt: skip
# What the SDK calls the list of the type's items, and the metadata in an item or, of a group, in each file.
ON_THE_WIRE = {
    "image": ("images", "imageMetadata", None),
    "image_group": ("imageGroups", "imageMetadata", "images"),
    "image_sequence": ("imageGroups", "imageMetadata", "images"),
    "video": ("videos", "videoMetadata", None),
    "audio": ("audio", "audioMetadata", None),
    "text": ("text", "textMetadata", None),
    "pdf": ("pdf", "pdfMetadata", None),
    "dicom_series": ("dicomSeries", "dicomMetadata", "dicomFiles"),
}


def unit_of(type_: str) -> Unit:
    keys = tuple(f"{type_}/{number}" for number in range(2 if UnitType(type_).is_group else 1))
    urls = tuple(f"{BUCKET_URL}/{key}" for key in keys)
    metadata = {"source_key": type_, "kind": "production", "$encord": {"frames": {"1": {"a b": None}}}}
    return Unit(UnitType(type_), type_, urls, keys, metadata, MEDIA[type_])


def in_snake_case(given: dict[str, Any]) -> dict[str, Any]:
    return {"".join(f"_{one.lower()}" if one.isupper() else one for one in key): given[key] for key in given}


@pytest.mark.parametrize("type_", ON_THE_WIRE)
def test_every_field_of_the_media_metadata_is_on_the_wire(type_: str) -> None:
    section, field, files = ON_THE_WIRE[type_]
    [item] = as_upload_items([unit_of(type_)]).model_dump(by_alias=True)[section]
    found = [one[field] for one in (item[files] if files else [item])]
    assert [in_snake_case(one) for one in found] == list(MEDIA[type_])
    assert item["clientMetadata"] == unit_of(type_).client_metadata
    assert item.get("createVideo") is {"image_group": False, "image_sequence": True}.get(type_)


@pytest.mark.parametrize("type_", ON_THE_WIRE)
def test_a_unit_without_media_metadata_sends_none(type_: str) -> None:
    section, field, files = ON_THE_WIRE[type_]
    bare = replace(unit_of(type_), media=())
    [item] = as_upload_items([bare]).model_dump(by_alias=True)[section]
    assert {one[field] for one in (item[files] if files else [item])} == {None}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bitrate": 1}, "bitrate"),
        ({"width": None}, "width"),
        ({"fileSize": 3}, "fileSize"),
    ],
)
def test_media_metadata_that_the_sdk_would_drop_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        as_upload_items([replace(unit_of("image"), media=(IMAGE | changes,))])


def test_a_group_with_the_metadata_of_some_of_its_files_is_refused() -> None:
    with pytest.raises(ValueError, match="2 files and the media metadata of 1"):
        as_upload_items([replace(unit_of("image_group"), media=(IMAGE,))])


@pytest.fixture
def strict(control: Control) -> str:
    """Return the title of an integration whose files Encord cannot read."""
    control.call("POST", "seed", {"integrations": [{"title": "strict", "strict_client_only": True}]})
    return "strict"


def register(client: EncordUserClient, integration: str, units: list[Unit]) -> tuple[dict[str, StorageItem], Any]:
    storage = StorageAdapter(client)
    folder, _ = storage.ensure_folder("Files")
    job = storage.start_upload(folder, storage.integration_hash(integration), units)
    while not (state := storage.job_state(folder, job)).is_terminal:
        pass
    return {item.name: item for item in client.get_storage_folder(folder).list_items()}, state


@pytest.mark.emulator
def test_items_behind_strict_access_are_what_their_metadata_says(client: EncordUserClient, strict: str) -> None:
    items, state = register(client, strict, [unit_of(type_) for type_ in MEDIA])
    assert (state.status, len(items), state.errors) == ("DONE", len(MEDIA), ())
    image, video, audio = items["image"], items["video"], items["audio"]
    assert (image.width, image.height, image.mime_type, image.file_size) == (641, 479, "image/png", 5)
    assert (video.width, video.height, video.fps, video.duration) == (333, 222, 29.97, 2.5)
    assert (audio.duration, audio.mime_type, audio.file_size) == (1.5, "audio/flac", 6)
    assert (audio.audio_sample_rate, audio.audio_bit_depth, audio.audio_codec, audio.audio_num_channels) == (
        48_000, 24, "flac", 2,
    )  # fmt: skip
    assert [child.width for child in items["image_group"].get_child_items()] == [641, 7]
    assert (items["text"].mime_type, items["pdf"].file_size) == ("text/html", 4)


@pytest.mark.emulator
def test_strict_access_refuses_files_without_media_metadata(client: EncordUserClient, strict: str) -> None:
    bare = [replace(unit_of(type_), media=()) for type_ in MEDIA]
    items, state = register(client, strict, bare)
    assert len(items) == 1  # of NIfTI there is nothing to say
    refused = {url for unit in bare for url in unit.object_urls if unit.type.value not in items}
    assert {url for url, _ in state.errors} == refused
    assert all("media metadata is required" in error for _, error in state.errors)
    _, elsewhere = register(client, INTEGRATION, bare)
    assert elsewhere.errors == ()


@pytest.mark.emulator
def test_strict_access_may_refuse_the_whole_request(client: EncordUserClient, control: Control, strict: str) -> None:
    from encord.exceptions import InvalidArgumentsError

    control.switch(upload_problems="request")
    with pytest.raises(InvalidArgumentsError, match="strict client-only"):
        register(client, strict, [replace(unit_of("video"), media=())])
