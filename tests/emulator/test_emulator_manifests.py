"""Malformed manifests and requests: each is refused by the path of the mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from encord.exceptions import InvalidArgumentsError

from tests.emulator.emulator_support import Control, upload

if TYPE_CHECKING:
    from encord import EncordUserClient

pytestmark = pytest.mark.emulator
MALFORMED: list[tuple[Any, str]] = [
    ({"images": {"objectUrl": "x"}}, r"manifest\.images: "),
    ({"images": [{"objectUrl": "x"}, {"objectUrl": 5}]}, r"manifest\.images\[1\]\.objectUrl: "),
    ({"images": [{"title": "no URL"}]}, r"manifest\.images\[0\]\.objectUrl: "),
    ({"images": [None]}, r"manifest\.images\[0\]: "),
    ({"images": [[]]}, r"manifest\.images\[0\]: "),
    ({"images": [{"objectUrl": ""}]}, r"manifest\.images\[0\]\.objectUrl: "),
    ({"images": [{"objectUrl": "x", "title": 1}]}, r"manifest\.images\[0\]\.title: "),
    ({"images": [{"objectUrl": "x", "clientMetadata": [1]}]}, r"manifest\.images\[0\]\.clientMetadata: "),
    ({"images": [{"object_url": "x"}]}, r"manifest\.images\[0\]"),
    ({"images": [{"objectUrl": "x", "videoMetadata": {}}]}, r"manifest\.images\[0\]\.videoMetadata: "),
    ({"images": [{"objectUrl": "x", "placeholderItemUuid": "y"}]}, r"images\[0\]\.placeholderItemUuid: "),
    ({"image_groups": [{"title": "G"}]}, r"manifest\.image_groups\[0\]\.images: "),
    ({"image_groups": [{"title": "G", "objectUrl_1": "x"}]}, r"manifest\.image_groups\[0\]: .*start at 0"),
    ({"image_groups": [{"title": "G", "objectUrl_0": None}]}, r"manifest\.image_groups\[0\]\.images\[0\]\.url: "),
    ({"image_groups": [{"title": "G", "objectUrl_0": "x", "createVideo": "perhaps"}]}, r"createVideo: "),
    ({"image_groups": [{"title": "G", "objectUrl_0": "x", "images": []}]}, "exclude each other"),
    ({"dicom_series": [{"title": "G", "dicomFiles": [{"url": {}}]}]}, r"dicom_series\[0\]\.dicomFiles\[0\]\.url: "),
    ({"imageGroups": []}, r"manifest\.imageGroups: "),
    ({"skip_duplicate_urls": "perhaps"}, r"manifest\.skip_duplicate_urls: "),
]


@pytest.mark.parametrize(("document", "message"), MALFORMED, ids=[message for _, message in MALFORMED])
def test_a_malformed_manifest_is_refused_by_the_path_of_the_mistake(
    client: EncordUserClient, document: Any, message: str
) -> None:
    folder = client.create_storage_folder("F")
    with pytest.raises(InvalidArgumentsError, match=message):
        upload(client, folder, document)
    assert list(folder.list_items()) == []


def post_job(client: EncordUserClient, control: Control, body: Any) -> requests.Response:
    """Ask for an upload in a way that the SDK would not."""
    folder = client.create_storage_folder("F")
    headers = {"Authorization": f"Bearer {client.get_bearer_token()}"}
    url = f"{control.url}/v2/public/storage/folders/{folder.uuid}/data-upload-jobs"
    return requests.post(url, json=body, headers=headers, timeout=10)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "exactly one"),
        ([], "body"),
        ({"dataItems": {}, "externalFiles": {}}, "exactly one"),
        ({"dataItems": {"image_groups": []}}, "dataItems.image_groups"),
        ({"dataItems": {"images": [{"objectUrl": "x", "more": 1}]}}, r"dataItems.images[0].more"),
        ({"dataItems": {"images": [{"objectUrl": "x", "externalFileType": "VIDEO"}]}}, "externalFileType"),
        ({"externalFiles": {}, "integrationHash": "x"}, "body.integrationHash"),
        ({"externalFiles": {}, "ignoreErrors": None}, "body.ignoreErrors"),
    ],
)
def test_a_malformed_request_for_a_job_is_refused(
    client: EncordUserClient, control: Control, body: Any, message: str
) -> None:
    answer = post_job(client, control, body)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]


@pytest.mark.parametrize(("levels", "status"), [(240, 200), (250, 400), (600, 400)])
def test_metadata_too_deep_to_be_given_back_is_refused(
    client: EncordUserClient, control: Control, levels: int, status: int
) -> None:
    metadata: dict[str, Any] = {}
    for _ in range(levels):
        metadata = {"a": metadata}
    image = {"objectUrl": "x", "clientMetadata": metadata}
    assert post_job(client, control, {"externalFiles": {"images": [image]}}).status_code == status
    assert control.call("GET", "state")["upload_jobs"] == [] or status == 200


def test_an_empty_upload_is_done(client: EncordUserClient) -> None:
    result = upload(client, client.create_storage_folder("F"), {"images": None})
    assert (result.status, result.units_done_count, result.items_with_names) == ("DONE", 0, [])
