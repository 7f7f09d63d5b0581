from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import encord.orm.storage as orm
import pytest
import requests
from encord.exceptions import EncordException, UnknownException
from encord.http.utils import UploadPresignedUrlsGetParams
from encord.http.v2.payloads import Page
from encord.orm.storage import StorageItemType, UploadSignedUrl
from PIL import Image

from include.encord_emulator.server import RunningEmulator
from include.encord_emulator.store.media import attach_bytes, attach_file
from tests.emulator.emulator_support import BUCKET_URL, KEYS, MANAGER, SEED, Control, image_manifest, sdk_client, upload
from tests.emulator.storage_support import NOWHERE, inside, signed

if TYPE_CHECKING:
    from pathlib import Path

    from encord import EncordUserClient
    from encord.storage import StorageFolder, StorageItem

pytestmark = pytest.mark.emulator
CONTENT = bytes(range(256)) * 4000


def get(url: str | None, **headers: str) -> requests.Response:
    assert url is not None
    return requests.get(url, headers=headers, timeout=10)


@pytest.fixture
def folder(client: EncordUserClient) -> StorageFolder:
    return client.create_storage_folder("F")


@pytest.fixture
def item(client: EncordUserClient, emulator: RunningEmulator, folder: StorageFolder) -> StorageItem:
    """Return an item with bytes in the database."""
    upload(client, folder, image_manifest(1))
    [made] = folder.list_items()
    with inside(emulator) as connection:
        attach_bytes(connection, str(made.uuid), CONTENT)
    return made


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return the paths of two local files, 1.png and 2.png."""
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(b"picture %d" % number)
    return [str(tmp_path / f"{number}.png") for number in (1, 2)]


def test_a_signed_url_gives_the_bytes_or_where_there_are_none_the_url_of_the_item(
    client: EncordUserClient, emulator: RunningEmulator, folder: StorageFolder, item: StorageItem, tmp_path: Path
) -> None:
    upload(client, folder, image_manifest(2, "other"))
    first, second = folder.list_items(search="other")
    (tmp_path / "picture").write_bytes(CONTENT[:1000])
    with inside(emulator) as connection:
        attach_file(connection, str(first.uuid), tmp_path / "picture")
    found = {one.name: one.get_signed_url() for one in folder.list_items(get_signed_urls=True)}
    assert found["other-1.jpg"] == second.url == f"{BUCKET_URL}/other-1.jpg"
    answer = get(found["image-0.jpg"])
    assert (answer.content, answer.headers["content-type"]) == (CONTENT, "image/jpeg")
    assert get(found["other-0.jpg"]).content == CONTENT[:1000]
    (tmp_path / "picture").unlink()
    assert get(found["other-0.jpg"]).status_code == 404


@pytest.mark.parametrize("kept", ["database", "file"])
@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=1000-", 206, 1000, None),
        ("bytes=-10", 206, -10, None),
        ("bytes=300000-900000", 206, 300000, 900001),
        ("bytes=5-99999999999", 206, 5, None),
        ("bytes=0-1,5-6", 200, 0, None),
        ("bytes=-", 200, 0, None),
        ("pages=1-2", 200, 0, None),
    ],
)
def test_a_range_is_served_alone(
    emulator: RunningEmulator, item: StorageItem, tmp_path: Path, kept: str,
    asked: str, status: int, start: int, end: int | None,
) -> None:  # fmt: skip
    if kept == "file":
        (tmp_path / "f").write_bytes(CONTENT)
        with inside(emulator) as connection:
            attach_file(connection, str(item.uuid), tmp_path / "f")
    answer = get(item.get_signed_url(), Range=asked)
    assert (answer.status_code, answer.content == CONTENT[start:end]) == (status, True)
    assert answer.headers["content-length"] == str(len(CONTENT[start:end]))


def test_a_range_beyond_the_end_is_refused(item: StorageItem) -> None:
    answer = get(item.get_signed_url(), Range=f"bytes={len(CONTENT)}-")
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(CONTENT)}")


def test_a_url_works_only_as_it_was_signed_and_not_for_ever(
    client: EncordUserClient, control: Control, item: StorageItem
) -> None:
    url = item.get_signed_url()
    assert url is not None
    base, _, _token = url.partition("token=")
    wrong = [
        f"{base}token={'0' * 64}",
        base,
        url.split("?")[0],
        f"{base}token=%FF",
        url.replace("expires=", "expires=1"),
    ]
    assert [get(one).status_code for one in wrong] == [403] * 5
    assert get(url.replace(str(item.uuid), NOWHERE)).status_code == 403
    assert get(url.replace(str(item.uuid), "..%2f..%2fetc")).status_code == 404
    assert requests.put(url, data=b"x", timeout=10).status_code == 403
    control.switch(signed_url_seconds=1)
    short = client.get_storage_item(item.uuid, sign_url=True).get_signed_url()
    assert short is not None
    past = short.replace(short.partition("expires=")[2].partition("&")[0], "1000000000")
    assert get(past).status_code == 403


def test_a_signed_url_outlives_a_restart(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    with RunningEmulator(state, SEED) as first:
        made = sdk_client(first.url, KEYS[MANAGER]).create_storage_folder("F")
        picture = tmp_path / "1.png"
        picture.write_bytes(b"picture")
        item = sdk_client(first.url, KEYS[MANAGER]).get_storage_item(made.upload_image(picture), sign_url=True)
    url = item.get_signed_url()
    assert url is not None
    with RunningEmulator(state, SEED) as second:
        assert get(url.replace(first.url, second.url)).content == b"picture"


def test_local_files_become_items_with_their_bytes(
    client: EncordUserClient, folder: StorageFolder, tmp_path: Path, files: list[str]
) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "file"
    text.write_text("some words")
    other.write_bytes(b"other")
    made = {
        "image": folder.upload_image(files[0], client_metadata={"a": 1}),
        "video": folder.upload_video(other, title="a.mp4"),
        "audio": folder.upload_audio(other, title="a.wav"),
        "nifti": folder.upload_nifti(other, title="a.nii.gz"),
        "plainText": folder.upload_text(text),
        "pdf": folder.upload_pdf(other, title="a.pdf"),
    }
    items = {item.uuid: item for item in folder.list_items(get_signed_urls=True)}
    assert {items[uuid].item_type.value: uuid for uuid in made.values()} == made
    image = items[made["image"]]
    assert (image.name, image.mime_type, image.file_size, image.client_metadata) == ("1.png", "image/png", 9, {"a": 1})
    assert image.storage_location == orm.StorageLocationName.ENCORD
    assert get(image.get_signed_url()).content == b"picture 1"
    notes = get(items[made["plainText"]].get_signed_url())
    assert (notes.text, notes.headers["content-type"].split(";")[0]) == ("some words", "text/plain")
    assert get(items[made["video"]].get_signed_url()).content == b"other"


@pytest.mark.parametrize("suffix", ["png", "gif", "jpg"])
def test_an_uploaded_image_has_its_own_size(
    client: EncordUserClient, folder: StorageFolder, tmp_path: Path, suffix: str
) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / f"picture.{suffix}")
    item = client.get_storage_item(folder.upload_image(tmp_path / f"picture.{suffix}"))
    assert (item.width, item.height, item.file_size) == (64, 48, (tmp_path / f"picture.{suffix}").stat().st_size)


def test_local_files_become_groups_whose_frames_have_the_bytes(
    client: EncordUserClient, folder: StorageFolder, files: list[str]
) -> None:
    groups = [
        folder.create_image_group(files, title="group"),
        folder.create_image_sequence(files, title="sequence"),
        folder.create_dicom_series(files, title="series"),
    ]
    for uuid, item_type in zip(groups, ("imageGroup", "imageSequence", "dicomSeries"), strict=True):
        group = client.get_storage_item(uuid)
        frames = list(group.get_child_items(get_signed_urls=True))
        assert (group.item_type.value, [frame.name for frame in frames]) == (item_type, ["1.png", "2.png"])
        assert [get(frame.get_signed_url()).content for frame in frames] == [b"picture 1", b"picture 2"]


def test_frames_made_of_an_uploaded_image_have_its_bytes(
    client: EncordUserClient, folder: StorageFolder, files: list[str]
) -> None:
    images = [folder.upload_image(path) for path in files]
    group = orm.DataUploadImageGroupFromItems(image_items=images, title="group", create_video=False)
    job = folder._add_data(None, orm.DataUploadItems(image_groups_from_items=[group]))
    frames = client.get_storage_item(job.items_with_names[0].item_uuid).get_child_items(get_signed_urls=True)
    assert [get(frame.get_signed_url()).content for frame in frames] == [b"picture 1", b"picture 2"]


def test_an_upload_job_wants_the_bytes_first(client: EncordUserClient, folder: StorageFolder) -> None:
    [reserved] = folder._get_upload_signed_urls(StorageItemType.IMAGE, 1)
    image = orm.DataUploadImage(object_url=reserved.object_key, placeholder_item_uuid=reserved.item_uuid, title="i")
    with pytest.raises(EncordException, match="nothing was uploaded"):
        folder._add_data(None, orm.DataUploadItems(images=[image]))
    assert requests.put(reserved.signed_url, data=b"", timeout=10).status_code == 200
    assert requests.put(reserved.signed_url, data=b"twice", timeout=10).status_code == 200
    folder._add_data(None, orm.DataUploadItems(images=[image]))
    item = client.get_storage_item(reserved.item_uuid, sign_url=True)
    assert get(item.get_signed_url()).content == b"twice"


def test_uploads_need_no_folder(client: EncordUserClient) -> None:
    asked = UploadPresignedUrlsGetParams(count=2, upload_item_type=StorageItemType.VIDEO)
    urls = client._api_client.get("presigned-urls", params=asked, result_type=Page[UploadSignedUrl]).results
    assert len({url.object_key for url in urls}) == 2
    assert all(requests.put(url.signed_url, data=b"x", timeout=10).ok for url in urls)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"itemType": "image", "count": 0}, 422),
        ({"itemType": "image", "count": 10**12}, 422),
        ({"itemType": "car", "count": 1}, 422),
        ({"count": 1}, 422),
        ({"itemType": "imageGroup", "count": 1}, 400),
        ({"itemType": "scene", "count": 1}, 501),
    ],
)
def test_urls_for_what_cannot_be_uploaded_are_refused(
    client: EncordUserClient, folder: StorageFolder, body: dict[str, Any], status: int
) -> None:
    assert signed(client, "POST", f"storage/folders/{folder.uuid}/upload-signed-urls", body)[0] == status


def test_scenes_are_left_out(folder: StorageFolder, tmp_path: Path) -> None:
    cloud = tmp_path / "points.pcd"
    cloud.write_bytes(b"")
    with pytest.raises(UnknownException, match="scene"):
        folder.upload_scene_file(cloud)


def test_bytes_go_with_their_item(item: StorageItem, folder: StorageFolder) -> None:
    url = item.get_signed_url()
    folder.delete_storage_items([UUID(str(item.uuid))])
    answer = get(url)
    assert (answer.status_code, "Traceback" in json.dumps(answer.json())) == (404, False)
