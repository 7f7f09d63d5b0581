"""What an import says came of each unit, under whatever Encord does with the wrong ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from encord.exceptions import RateLimitExceededError, RequestException

from encord_provider.exceptions import EncordUploadError
from tests.emulator.emulator_support import BUCKET_URL
from tests.unit.encord_provider.provider_support import (
    FOLDERS,
    MANIFEST,
    images,
    importer,
    object_url,
    read_report,
    run,
    run_to_the_end,
    write_manifest,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]
UPLOAD = "POST .*/data-upload-jobs$"


@pytest.fixture
def files(workspace: Path) -> Path:
    """Return a workspace with a manifest of 3 known and 5 other images, and a file that no rule is for."""
    keys = {"benchmark": images("benchmark", 3), "production": [*images("production", 5), "production/a.bin"]}
    write_manifest(workspace, keys)
    return workspace


def spoil(workspace: Path, *keys: str) -> None:
    """Put a space into the addresses of files, which Encord refuses."""
    for shard in (workspace / MANIFEST).rglob("shard-*.json"):
        text = shard.read_text()
        for key in keys:
            text = text.replace(f'{BUCKET_URL}/{key}"', f'{BUCKET_URL}/ {key}"')
        shard.write_text(text)


def register(client: EncordUserClient, folder_uuid: str, *entries: dict[str, Any]) -> None:
    """Register images as somebody's own script might have done."""
    [integration] = client.get_cloud_integrations()
    folder = client.get_storage_folder(folder_uuid)
    job = folder.add_private_data_to_folder_start(integration.id, {"images": list(entries)})
    folder.add_private_data_to_folder_get_result(job, timeout_seconds=5)


def items(client: EncordUserClient, title: str) -> list[Any]:
    [folder] = client.list_storage_folders(search=title)
    return list(folder.list_items())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"upload_problems": "request"},
        {"skipped_duplicates_reported": True},
        {"skipped_duplicates_counted": False},
        {"duplicate_url_scope": "organisation"},
        {"client_metadata_patch": "overwrite"},
        {"page_size": 2},
        {"partial_uploads_kept": False},
    ],
    ids=str,
)
def test_what_is_listed_is_registered_or_there_or_in_quarantine_by_name(
    control: Control, client: EncordUserClient, files: Path, settings: dict[str, Any]
) -> None:
    control.switch(**settings)
    folder = client.create_storage_folder(FOLDERS["production"])
    register(client, str(folder.uuid), {"objectUrl": object_url("production/0.jpg"), "clientMetadata": {"by": "hand"}})
    spoil(files, "production/2.jpg", "production/4.jpg")
    done = run(importer(files, max_failed=2))
    report, quarantine = read_report(files)
    assert (
        report["benchmark"] | {"listed": 3, "registered": 3, "already_there": 0, "quarantined": 0}
        == report["benchmark"]
    )
    assert report["production"] == {
        "listed": 6,
        "registered": 2,
        "already_there": 1,
        "metadata_files": 0,
        "quarantined": 3,
        "quarantined_by_manifest": 1,
        "quarantined_by_encord": 2,
        "units": 5,
        "units_registered": 2,
        "units_already_there": 1,
        "units_quarantined": 2,
    }
    assert [(one["file"], one["key"], one["field"]) for one in quarantine] == [
        (f"{MANIFEST}production/shard-00001.json", f"production/{number}.jpg", "objectUrl") for number in (2, 4)
    ]
    assert ["contains whitespace" in one["reason"] for one in quarantine] == [True, True]
    assert done["production_linked"] == 3
    found = {item.client_metadata.get("source_key") for item in items(client, FOLDERS["production"])}
    assert found == {f"production/{number}.jpg" for number in (0, 1, 3)}  # the first has got its key afterwards
    assert len(items(client, FOLDERS["production"])) == 3


def test_a_file_that_lies_in_another_folder_is_not_taken_for_registered(
    control: Control, client: EncordUserClient, files: Path
) -> None:
    control.switch(duplicate_url_scope="organisation")
    register(client, str(client.create_storage_folder("Elsewhere").uuid), {"objectUrl": object_url("benchmark/1.jpg")})
    with pytest.raises(EncordUploadError, match=r"1 unit\(s\).*benchmark/1.jpg .*in another folder"):
        run(importer(files))
    report, [line] = read_report(files)
    assert (report["benchmark"]["registered"], report["benchmark"]["quarantined"], line["key"]) == (
        2,
        1,
        "benchmark/1.jpg",
    )


def test_a_group_without_one_of_its_files_is_named_with_all_of_them(workspace: Path) -> None:
    keys = {"benchmark": [], "production": ["production/g/1.jpg", "production/g/2.jpg"]}
    rules = [{"match": [".jpg"], "type": "image_group", "group_by": "directory"}]
    write_manifest(workspace, keys, rules=rules)
    spoil(workspace, "production/g/2.jpg")
    run(importer(workspace, max_failed=1))
    report, quarantine = read_report(workspace)
    assert (report["production"]["quarantined_by_encord"], report["production"]["units_quarantined"]) == (2, 1)
    assert [one["key"].strip() for one in quarantine] == ["production/g/1.jpg", "production/g/2.jpg"]


def test_the_report_of_a_run_that_was_cut_short_counts_what_all_its_attempts_registered(
    control: Control, files: Path, one_attempt: None
) -> None:
    control.call("POST", "faults", {"match": " datasetlinkitems ", "drop": "before", "times": 1})
    with pytest.raises(RequestException):
        run(importer(files))
    # The first attempt had written its report; what comes after it is another look.
    assert read_report(files)[0]["production"]["registered"] == 5
    run(importer(files))
    assert read_report(files)[0]["production"]["registered"] == 5
    run(importer(files))
    assert read_report(files)[0]["production"]["already_there"] == 5


@pytest.mark.parametrize("deferrable", [False, True])
def test_only_so_many_jobs_are_in_flight(control: Control, workspace: Path, deferrable: bool) -> None:
    keys = {"benchmark": images("benchmark", 3), "production": images("production", 6)}
    write_manifest(workspace, keys, shard_items=2)
    control.switch(upload_seconds=0.1)
    task = lambda: importer(workspace, concurrency=2, deferrable=deferrable)  # noqa: E731
    run_to_the_end(task, most_waits=5)
    begun = [one for one in control.requests() if one["method"] == "POST" and one["path"].endswith("upload-jobs")]
    polled = [one for one in control.requests() if "/data-upload-jobs/" in one["path"]]
    assert len(begun) == 2 + 3
    assert any(begun[1]["n"] < one["n"] < begun[2]["n"] for one in polled)
    assert read_report(workspace)[0]["production"]["registered"] == 6


def test_an_import_that_is_asked_to_wait_waits(
    control: Control, files: Path, one_attempt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("encord_provider.adapters.patience.time.sleep", waited.append)
    control.call("POST", "faults", {"match": UPLOAD, "status": 429, "retry_after": 7, "times": 2})
    control.call("POST", "faults", {"match": "GET .*/data-upload-jobs/", "status": 429, "retry_after": 3, "times": 1})
    run(importer(files, timeout=100))
    asked = zip([7, 7, 3], [seconds for seconds in waited if seconds >= 1], strict=True)
    assert all(least <= seconds <= 1.25 * least for least, seconds in asked)  # not all clients at the same moment
    assert read_report(files)[0]["production"]["registered"] == 5


def test_an_import_that_is_asked_to_wait_too_long_fails(control: Control, files: Path, one_attempt: None) -> None:
    control.call("POST", "faults", {"match": UPLOAD, "status": 429, "retry_after": 1000})
    with pytest.raises(RateLimitExceededError):
        run(importer(files, timeout=5))


def test_a_job_that_nobody_remembers_leaves_nothing_twice(
    control: Control, client: EncordUserClient, files: Path, one_attempt: None
) -> None:
    control.switch(upload_seconds=0.3)
    control.call("POST", "faults", {"match": UPLOAD, "drop": "after", "times": 1})
    with pytest.raises(RequestException):
        run(importer(files))
    # The lost job is still under way when the second attempt asks for the same units.
    done = run(importer(files))
    assert done["benchmark_registered"] == 3
    assert [len(items(client, FOLDERS[kind])) for kind in ("benchmark", "production")] == [3, 5]


def test_the_progress_of_another_manifest_is_not_gone_on_with(files: Path) -> None:
    run(importer(files))
    progress = files / "runs/manual/import/production.json"
    stale = json.loads(progress.read_text()) | {"finished": False, "asked": {"shard-00001.json": [[0, 5]]}}
    progress.write_text(json.dumps(stale | {"manifest": "of another time"}))
    run(importer(files))
    assert read_report(files)[0]["production"]["already_there"] == 5
    progress.write_text(json.dumps(stale))
    run(importer(files))
    assert read_report(files)[0]["production"]["registered"] == 5
