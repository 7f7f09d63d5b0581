"""Manifests: forms, types, problems and limits."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import encord.orm.storage as orm
import pytest
from encord.exceptions import InvalidArgumentsError, UnknownException

from include.encord_emulator.wire import manifest as manifest_module
from include.encord_emulator.wire.media_metadata import REQUIRED_DICOM_TAGS
from tests.emulator.emulator_support import BUCKET_URL, Control, image_manifest, upload
from tests.emulator.storage_support import EVERY_TYPE, start_upload

if TYPE_CHECKING:
    from pathlib import Path

    from encord import EncordUserClient

pytestmark = pytest.mark.emulator
PNG = {"mimeType": "image/png", "fileSize": 1, "height": 2, "width": 3}


@pytest.mark.parametrize("form", ["dict", "json", "path as text", "path"])
def test_a_manifest_comes_in_every_form_of_the_sdk(client: EncordUserClient, tmp_path: Path, form: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(EVERY_TYPE), encoding="utf-8")
    forms = {"dict": EVERY_TYPE, "json": json.dumps(EVERY_TYPE), "path as text": str(path), "path": path}
    result = upload(client, client.create_storage_folder("F"), forms[form])
    assert (result.status, result.units_done_count, len(result.items_with_names)) == ("DONE", 9, 9)
    assert result.file_name == ("manifest.json" if "path" in form else None)


def test_structured_items_of_every_type_keep_what_is_said_of_them(client: EncordUserClient) -> None:
    tags: dict[str, Any] = dict.fromkeys(REQUIRED_DICOM_TAGS)
    tags |= {"00280010": {"vr": "US", "Value": [7]}, "00280011": {"vr": "US", "Value": [8]}}
    video = orm.CustomerProvidedVideoMetadata(
        fps=10, duration=2, width=3, height=4, file_size=5, mime_type="video/webm"
    )
    audio = orm.CustomerProvidedAudioMetadata(
        duration=1, file_size=2, mime_type="audio/mpeg", sample_rate=8000, bit_depth=8, codec="mp3", num_channels=2
    )
    items = orm.DataUploadItems(
        videos=[orm.DataUploadVideo(object_url="v.mp4", title="video", video_metadata=video)],
        audio=[orm.DataUploadAudio(object_url="a.mp3", title="audio", audio_metadata=audio)],
        text=[
            orm.DataUploadText(
                object_url="t.html", title="text",
                text_metadata=orm.CustomerProvidedTextMetadata(file_size=9, mime_type="text/html"),
            )
        ],
        pdf=[
            orm.DataUploadPDF(
                object_url="p.pdf", title="pdf",
                pdf_metadata=orm.CustomerProvidedPdfMetadata(file_size=9, num_pages=3),
            )
        ],
        nifti=[orm.DataUploadNifti(object_url="n.nii", title="nifti", client_metadata={"a": None, "camelCase_b": [1]})],
        dicom_series=[
            orm.DataUploadDicomSeries(
                title="dicom",
                dicom_files=[
                    orm.DataUploadDicomSeriesDicomFile(
                        url="d.dcm", title="slice",
                        dicom_metadata=orm.CustomerProvidedDicomSeriesDicomFileMetadata(tags=tags),
                    )
                ],
            )
        ],
        image_groups=[
            orm.DataUploadImageGroup(
                title="sequence", create_video=True,
                images=[
                    orm.DataUploadImageGroupImage(
                        url="i.png", title="frame", image_metadata=orm.CustomerProvidedImageMetadata(**PNG)
                    )
                ],
            )
        ],
    )  # fmt: skip
    folder = client.create_storage_folder("F")
    result = upload(client, folder, items)
    assert (result.status, result.units_done_count) == ("DONE", 7)
    found = {item.name: item for item in folder.list_items()}
    assert (found["video"].fps, found["video"].frame_count, found["video"].mime_type) == (10, 20, "video/webm")
    assert (found["audio"].audio_sample_rate, found["audio"].audio_codec) == (8000, "mp3")
    assert (found["text"].mime_type, found["pdf"].frame_count) == ("text/html", 3)
    assert (found["dicom"].height, found["dicom"].width) == (7, 8)
    assert found["nifti"].client_metadata == {"a": None, "camelCase_b": [1]}
    assert found["sequence"].item_type == orm.StorageItemType.IMAGE_SEQUENCE
    [frame] = found["sequence"].get_child_items()
    assert (frame.name, frame.width, frame.height) == ("frame", 3, 2)


def test_groups_are_made_of_items_and_leave_these_where_they_are(client: EncordUserClient) -> None:
    folder = client.create_storage_folder("F")
    upload(client, folder, image_manifest(3))
    images = list(folder.list_items())
    chosen = [images[2].uuid, images[0].uuid]
    missing = orm.DataUploadImageGroupFromItems(image_items=[folder.uuid], title="bad", create_video=False)
    group = orm.DataUploadImageGroupFromItems(image_items=chosen, title="group", create_video=False)
    items = orm.DataUploadItems(image_groups_from_items=[group, missing])
    result = upload(client, folder, items, ignore_errors=True)
    assert (result.units_done_count, result.units_error_count) == (1, 1)
    assert "was not found" in result.unit_errors[0].error
    made = {item.name: item for item in folder.list_items()}
    assert set(made) == {"group", *(image.name for image in images)}
    assert [frame.url for frame in made["group"].get_child_items()] == [images[2].url, images[0].url]


def test_metadata_with_key_frames_comes_back_as_it_went(client: EncordUserClient) -> None:
    metadata = {
        "$encord": {"config": {"sampling_rate": 0, "keyframe_mode": "frame"}, "frames": {"13": {"e": [0.5]}, "17": {}}},
        "ключ": "значение",
    }
    folder = client.create_storage_folder("F")
    upload(client, folder, {"videos": [{"objectUrl": f"{BUCKET_URL}/a.mp4", "clientMetadata": metadata}]})
    assert [item.client_metadata for item in folder.list_items()] == [metadata]


def test_the_position_in_a_group_counts_as_a_number(client: EncordUserClient) -> None:
    urls = [f"{BUCKET_URL}/{number}.jpg" for number in range(12)]
    group = {"title": "G", "createVideo": False} | {f"objectUrl_{number}": url for number, url in enumerate(urls)}
    folder = client.create_storage_folder("F")
    upload(client, folder, {"image_groups": [group]})
    [item] = folder.list_items()
    assert [child.url for child in item.get_child_items()] == urls


@pytest.mark.parametrize(("default", "item_type"), [(True, "imageSequence"), (False, "imageGroup")])
def test_a_group_that_does_not_say_is_what_the_switch_says(
    client: EncordUserClient, control: Control, default: bool, item_type: str
) -> None:
    control.switch(create_video_default=default)
    folder = client.create_storage_folder("F")
    upload(client, folder, {"image_groups": [{"title": "G", "objectUrl_0": f"{BUCKET_URL}/0.jpg"}]})
    assert [item.item_type.value for item in folder.list_items()] == [item_type]


def test_what_is_left_out_says_so(client: EncordUserClient) -> None:
    folder = client.create_storage_folder("F")
    items = orm.DataUploadItems(time_series=[orm.DataUploadTimeSeries(object_url="x.csv")])
    with pytest.raises(UnknownException, match="time_series are left out"):
        start_upload(client, folder, items)


PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"images": [{"objectUrl": "a b.jpg"}]}, "contains whitespace"),
    ({"images": [{"objectUrl": "x" * 16_385, "title": "t"}]}, "longer than 16384 bytes"),
    ({"images": [{"objectUrl": "x", "title": "t" * 301}]}, "title is longer than 300 characters"),
    ({"image_groups": [{"objectUrl_0": "x"}]}, "title is required"),
    ({"dicom_series": [{"objectUrl_0": "x"}]}, "title is required"),
    ({"images": [{"objectUrl": "x", "imageMetadata": PNG | {"width": "wide"}}]}, r"metadata\.width"),
    ({"images": [{"objectUrl": "x", "imageMetadata": {"width": 1}}]}, r"metadata\.mimeType: Field required"),
    ({"images": [{"objectUrl": "x", "imageMetadata": [1]}]}, "the media metadata cannot be used"),
    (
        {"dicom_series": [{"title": "t", "dicomFiles": [{"url": "x", "dicomMetadata": {"tags": {}}}]}]},
        "the tags 00080018, .* are missing",
    ),
]


@pytest.mark.parametrize("entry", PROBLEMS, ids=[message for _, message in PROBLEMS])
@pytest.mark.parametrize("where", ["unit", "request"])
def test_a_wrong_unit_is_an_error_of_its_own_or_of_the_request_as_the_switch_says(
    client: EncordUserClient, control: Control, entry: tuple[dict[str, Any], str], where: str
) -> None:
    control.switch(upload_problems=where)
    document, message = entry
    folder = client.create_storage_folder("F")
    if where == "request":
        with pytest.raises(InvalidArgumentsError, match=message):
            start_upload(client, folder, document)
        return
    good = {"videos": [{"objectUrl": "v.mp4"}]}
    result = upload(client, folder, document | good, ignore_errors=True)
    assert (result.status, result.units_done_count, result.units_error_count) == ("DONE", 1, 1)
    [error] = result.unit_errors
    kind = next(iter(document))
    assert f"manifest.{kind}[0]" in error.action_description
    assert re.search(message, error.error)


def test_more_items_or_urls_than_the_documentation_allows_are_refused(
    client: EncordUserClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = client.create_storage_folder("F")
    monkeypatch.setattr(manifest_module, "ITEM_LIMIT", 3)
    with pytest.raises(InvalidArgumentsError, match="4 items are more than the 3"):
        start_upload(client, folder, image_manifest(4))
    monkeypatch.setattr(manifest_module, "URL_LIMIT", 2)
    with pytest.raises(InvalidArgumentsError, match="more than the 2 URLs"):
        start_upload(client, folder, image_manifest(3))


def test_a_local_file_becomes_the_item_that_was_promised(client: EncordUserClient, tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    path.write_bytes(b"bytes")
    folder = client.create_storage_folder("F")
    uuid = folder.upload_image(path, title="one")
    assert [(item.uuid, item.name, item.file_size) for item in folder.list_items()] == [(uuid, "one", 5)]
