"""Cloud-synced folders: Encord fetches the files by itself, and the manifest's units are found among them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import TaskDeferred

from encord_provider.adapters.cloud_sync import SyncedPlace, remote_url
from encord_provider.exceptions import EncordFolderError, EncordUploadError
from include.benchmark_qa.manifest.model import Unit, UnitType
from include.encord_emulator.store.cloud_sync import remove_cloud_objects
from tests.emulator.emulator_support import INTEGRATION
from tests.emulator.storage_support import inside, put_into_cloud
from tests.unit.encord_provider.provider_support import (
    FOLDERS,
    importer,
    read_report,
    run,
    run_to_the_end,
    write_manifest,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from include.encord_emulator.server import RunningEmulator
    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]
KEYS = {
    "benchmark": [f"benchmark/{name}" for name in ("a.jpg", "b c.mp4", "ü.wav", "d.txt", "e.pdf")],
    "production": [f"production/{number}.jpg" for number in range(4)],
}
RULES = [
    {"match": [end], "type": unit_type}
    for end, unit_type in {".jpg": "image", ".mp4": "video", ".wav": "audio", ".txt": "text", ".pdf": "pdf"}.items()
]


@pytest.fixture
def integration(client: EncordUserClient) -> str:
    return client.get_cloud_integrations(filter_integration_titles=[INTEGRATION])[0].id


def fill_cloud(emulator: RunningEmulator, integration: str, *more: str) -> None:
    """Let the integration see the files, in the escaped form: the local Encord refuses URLs with spaces."""
    keys = [*KEYS["benchmark"], *KEYS["production"], *more]
    put_into_cloud(emulator, integration, [f"s3://bucket/{key.replace(' ', '%20')}" for key in keys])


@pytest.fixture
def cloud(emulator: RunningEmulator, integration: str, workspace: Path) -> Path:
    """Return a workspace with a manifest of files that the integration sees, beside some that are in none."""
    fill_cloud(emulator, integration, "production/not-in-the-manifest.jpg")
    write_manifest(workspace, KEYS, rules=RULES)
    return workspace


def syncer(workspace: Path, **more: Any) -> Any:
    prefixes = {kind: f"{kind}/" for kind in KEYS}
    return importer(workspace, mode="cloud_synced", bucket_uri="s3://bucket", prefixes=prefixes, **more)


def synced_items(client: EncordUserClient, kind: str) -> list[Any]:
    [folder] = client.list_storage_folders(search=FOLDERS[kind])
    return list(folder.list_items())


@pytest.mark.parametrize("deferrable", [False, True])
def test_what_encord_fetched_by_itself_is_linked_where_the_manifest_has_it(
    control: Control, client: EncordUserClient, cloud: Path, deferrable: bool
) -> None:
    done = run_to_the_end(lambda: syncer(cloud, deferrable=deferrable))
    assert (done["benchmark_registered"], done["production_registered"], done["production_linked"]) == (5, 4, 4)
    [folder] = client.list_storage_folders(search=FOLDERS["production"])
    assert (folder.is_cloud_synced, folder.remote_url) == (True, "s3://bucket/production/")
    assert len(list(folder.list_items())) == 5  # one of which the manifest does not have
    assert len(client.get_dataset(done["production_dataset"]).data_rows) == 4
    report, quarantine = read_report(cloud)
    assert (report["benchmark"]["registered"], report["benchmark"]["quarantined"], quarantine) == (5, 0, [])
    again = run(syncer(cloud))
    assert (again["benchmark_already_there"], again["benchmark_registered"], again["benchmark_linked"]) == (5, 0, 0)
    assert len(control.call("GET", "state")["upload_jobs"]) == 2


def test_a_file_that_is_gone_when_encord_looks_is_named(
    emulator: RunningEmulator, integration: str, cloud: Path
) -> None:
    with inside(emulator) as connection:
        remove_cloud_objects(connection, integration, ["s3://bucket/production/2.jpg"])
    with pytest.raises(EncordUploadError, match=r"1 unit\(s\).*production/2.jpg"):
        run(syncer(cloud))
    report, [line] = read_report(cloud)
    assert (report["production"]["registered"], line["key"]) == (3, "production/2.jpg")


def test_a_file_that_is_deleted_later_breaks_nothing(emulator: RunningEmulator, integration: str, cloud: Path) -> None:
    run(syncer(cloud))
    with inside(emulator) as connection:
        remove_cloud_objects(connection, integration, ["s3://bucket/production/2.jpg"])
    fill_cloud(emulator, integration)
    without = KEYS | {"production": [*KEYS["production"][:2], *KEYS["production"][3:], "production/new.jpg"]}
    put_into_cloud(emulator, integration, ["s3://bucket/production/new.jpg"])
    write_manifest(cloud, without, rules=RULES)
    done = run(syncer(cloud))
    assert (done["production_registered"], done["production_already_there"], done["production_refused"]) == (1, 3, 0)


def test_a_file_that_encord_cannot_take_is_an_error_of_the_sync(
    emulator: RunningEmulator, integration: str, workspace: Path
) -> None:
    put_into_cloud(emulator, integration, ["s3://bucket/production/two words.jpg", "s3://bucket/production/1.jpg"])
    keys = {"benchmark": [], "production": ["production/two words.jpg", "production/1.jpg"]}
    write_manifest(workspace, keys, rules=RULES)
    with pytest.raises(EncordUploadError, match=r"production/two words.jpg \(the sync .* failed for 1 file\(s\)\)"):
        run(syncer(workspace))
    assert read_report(workspace)[0]["production"]["registered"] == 1


def test_a_sync_left_running_is_waited_for(control: Control, cloud: Path) -> None:
    control.switch(upload_seconds=0.5)
    with pytest.raises(TaskDeferred):
        run(syncer(cloud, deferrable=True))
    done = run(syncer(cloud))
    assert (done["benchmark_registered"], done["production_registered"]) == (5, 4)
    assert len(control.call("GET", "state")["upload_jobs"]) == 2


def test_units_that_such_folders_do_not_take_are_refused_before_anything_is_made(
    control: Control, workspace: Path
) -> None:
    keys = {"benchmark": ["benchmark/1.dcm", "benchmark/2.nii", "benchmark/3.jpg"], "production": []}
    rules = [*RULES, {"match": [".dcm"], "type": "dicom_series", "group_by": "directory"}]
    write_manifest(workspace, keys, rules=[*rules, {"match": [".nii"], "type": "nifti"}])
    with pytest.raises(
        ValueError, match="benchmark files has units of type dicom_series, nifti, which no cloud-synced"
    ):
        run(syncer(workspace))
    state = control.call("GET", "state")
    assert (state["folders"], state["datasets"]) == ([], [])


def test_a_plain_folder_of_the_title_is_not_taken_for_a_synced_one(client: EncordUserClient, cloud: Path) -> None:
    client.create_storage_folder(FOLDERS["benchmark"])
    with pytest.raises(
        EncordFolderError, match=r"'Benchmark files' \(.*\) mirrors nothing, but .* mirrors s3://bucket/b"
    ):
        run(syncer(cloud))


def test_a_synced_folder_of_the_title_is_not_taken_for_a_plain_one(cloud: Path) -> None:
    run(syncer(cloud))
    with pytest.raises(EncordFolderError, match=r"mirrors s3://bucket/benchmark/, but this campaign needs .* nothing"):
        run(importer(cloud))


def test_a_file_is_looked_for_under_each_address_that_encord_may_keep() -> None:
    place = SyncedPlace("integration", "s3://bucket/b/", "b/")
    unit = Unit(UnitType.IMAGE, "t", ("https://bucket.example/b/%C3%BC%201.jpg",), ("b/ü 1.jpg",), {})
    assert place.urls(unit) == (*unit.object_urls, "s3://bucket/b/ü 1.jpg", "s3://bucket/b/%C3%BC%201.jpg")


class Place:
    """The part of a bucket that tells where it is."""

    def __init__(self, uri: str, url_prefix: str = "") -> None:
        self.uri = uri
        self.url_prefix = url_prefix


@pytest.mark.parametrize(
    ("place", "url"),
    [
        (Place("s3://bucket"), "s3://bucket/b/"),
        (Place("s3://bucket/raw"), "s3://bucket/raw/b/"),
        (Place("gs://bucket"), "gs://bucket/b/"),
        (
            Place("az://account/container", "https://account.blob.core.windows.net/container/"),
            "https://account.blob.core.windows.net/container/b/",
        ),
        (Place("s3+https://minio.example:9000/bucket"), "https://minio.example:9000/bucket/b/"),
    ],
)
def test_the_mirrored_place_is_in_the_form_of_its_cloud(place: Any, url: str) -> None:
    assert remote_url(place, "b/") == url


@pytest.mark.parametrize(
    ("place", "prefix", "said"),
    [
        (Place("s3://bucket"), "b", "prefix 'b' must end in a slash"),
        (Place("file:///files"), "b/", "no cloud-synced folder can mirror this"),
        (Place("arn:aws:s3::123456789012:accesspoint/x.mrap"), "b/", "no cloud-synced folder can mirror this"),
    ],
)
def test_a_place_that_cannot_be_mirrored_is_refused(place: Any, prefix: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        remote_url(place, prefix)
