from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from encord.exceptions import RequestException

from encord_provider.exceptions import (
    EncordNotFoundError,
    EncordTimeoutError,
    EncordTriggerEventError,
    EncordUploadError,
)
from encord_provider.hooks.encord import EncordHook
from tests.emulator.emulator_support import BUCKET_URL
from tests.unit.encord_provider.provider_support import (
    DATASETS,
    FOLDERS,
    MANIFEST,
    images,
    importer,
    run,
    run_to_the_end,
    task_context,
    write_manifest,
)

if TYPE_CHECKING:
    from encord import EncordUserClient

    from tests.emulator.emulator_support import Control

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("encord_default")]

SINGLE_FILES = {
    ".jpg": "image",
    ".mp4": "video",
    ".wav": "audio",
    ".txt": "text",
    ".pdf": "pdf",
    ".nii.gz": "nifti",
}
THREE_AND_FIVE = {"benchmark": images("benchmark", 3), "production": images("production", 5)}


@pytest.fixture
def files(workspace: Path) -> Path:
    """Return a workspace with a manifest of 3 known and 5 other images."""
    write_manifest(workspace, THREE_AND_FIVE)
    return workspace


def held(control: Control, things: str, count: str) -> dict[str, int]:
    """Return how much each folder or dataset holds, by title."""
    return {one.get("title") or one["name"]: one[count] for one in control.call("GET", "state")[things]}


def nothing_new(benchmark: int, production: int) -> dict[str, int]:
    """Return what an import says when so many units were there already."""
    counts = {"benchmark": benchmark, "production": production}
    there = {f"{kind}_already_there": count for kind, count in counts.items()}
    return there | {f"{kind}_{what}": 0 for kind in counts for what in ("registered", "linked")}


def spoil(workspace: Path, key: str) -> None:
    """Put a space into the address of a file, which Encord refuses."""
    for shard in (workspace / MANIFEST).rglob("*.json"):
        shard.write_text(shard.read_text().replace(f"{BUCKET_URL}/{key}", f"{BUCKET_URL}/ {key}"))


def test_every_type_of_unit_arrives_as_what_it_is(client: EncordUserClient, workspace: Path) -> None:
    names = ["a.jpg", "a.mp4", "a.wav", "a.txt", "a.pdf", "a.nii.gz", "scan/1.dcm", "scan/2.dcm"]
    names += ["group/1.png", "group/2.png", "sequence/1.png", "sequence/2.png", "sequence/3.png"]
    rules = [
        {"match": "group/*.png", "type": "image_group", "group_by": "directory"},
        {"match": "sequence/*.png", "type": "image_sequence", "group_by": "directory"},
        {"match": [".dcm"], "type": "dicom_series", "group_by": "directory"},
        *({"match": [end], "type": unit_type} for end, unit_type in SINGLE_FILES.items()),
    ]
    keys = {"benchmark": [f"benchmark/{name}" for name in names], "production": ["production/ü 1.jpg"]}
    write_manifest(workspace, keys, rules=rules)
    done = run(importer(workspace))
    items = list(client.get_storage_folder(done["benchmark_folder"]).list_items(include_client_metadata=True))
    assert {item.client_metadata["source_key"]: item.item_type.value for item in items} == {
        "benchmark/a.jpg": "image",
        "benchmark/a.mp4": "video",
        "benchmark/a.wav": "audio",
        "benchmark/a.txt": "plainText",
        "benchmark/a.pdf": "pdf",
        "benchmark/a.nii.gz": "nifti",
        "benchmark/scan": "dicomSeries",
        "benchmark/group": "imageGroup",
        "benchmark/sequence": "imageSequence",
    }
    rows = client.get_dataset(done["benchmark_dataset"]).data_rows
    assert {str(row.backing_item_uuid) for row in rows} == {str(item.uuid) for item in items}
    [other] = client.get_storage_folder(done["production_folder"]).list_items(include_client_metadata=True)
    assert other.client_metadata == {"source_key": "production/ü 1.jpg", "kind": "production"}


def test_an_import_fills_one_folder_and_one_dataset_a_kind(control: Control, files: Path) -> None:
    done = run(importer(files))
    assert {name: done[name] for name in done if isinstance(done[name], int)} == {
        "benchmark_registered": 3,
        "benchmark_already_there": 0,
        "benchmark_refused": 0,
        "benchmark_linked": 3,
        "production_registered": 5,
        "production_already_there": 0,
        "production_refused": 0,
        "production_linked": 5,
    }
    assert held(control, "folders", "items") == {FOLDERS["benchmark"]: 3, FOLDERS["production"]: 5}
    assert held(control, "datasets", "rows") == {DATASETS["benchmark"]: 3, DATASETS["production"]: 5}


@pytest.mark.parametrize("link_skip_result", ["new rows only", "all rows"])
def test_a_second_run_asks_for_nothing_and_a_later_one_for_what_is_new(
    control: Control, files: Path, link_skip_result: str
) -> None:
    control.switch(link_skip_result=link_skip_result)
    first = run(importer(files))
    jobs = control.call("GET", "state")["upload_jobs"]
    again = run(importer(files))
    assert again == first | nothing_new(3, 5)
    assert control.call("GET", "state")["upload_jobs"] == jobs

    write_manifest(files, THREE_AND_FIVE | {"production": images("production", 7)})
    later = run(importer(files))
    assert (later["production_linked"], later["production_registered"], later["production_already_there"]) == (2, 2, 5)
    [new] = [job for job in control.call("GET", "state")["upload_jobs"] if job not in jobs]
    assert new["units_done"] == 2


def test_a_manifest_of_several_shards_arrives_whole(control: Control, workspace: Path) -> None:
    write_manifest(workspace, THREE_AND_FIVE, shard_items=2)
    run(importer(workspace))
    assert held(control, "datasets", "rows") == {DATASETS["benchmark"]: 3, DATASETS["production"]: 5}
    assert len(control.call("GET", "state")["upload_jobs"]) == 2 + 3


def test_a_task_killed_before_it_links_is_finished_by_the_next_attempt(
    control: Control, files: Path, one_attempt: None
) -> None:
    control.call("POST", "faults", {"match": " datasetlinkitems ", "drop": "before", "times": 1})
    with pytest.raises(RequestException):
        run(importer(files))
    assert held(control, "datasets", "rows") == {DATASETS["benchmark"]: 0}
    done = run(importer(files))
    assert (done["benchmark_linked"], done["production_linked"]) == (3, 5)
    assert held(control, "datasets", "rows") == {DATASETS["benchmark"]: 3, DATASETS["production"]: 5}
    assert len(control.call("GET", "state")["upload_jobs"]) == 2


@pytest.mark.parametrize("deferrable", [False, True])
def test_an_import_left_running_is_waited_for_and_nothing_is_asked_for_twice(
    control: Control, files: Path, deferrable: bool
) -> None:
    control.switch(upload_seconds=0.5)
    with pytest.raises(TaskDeferred):  # the worker leaves, and nothing ever comes back to it
        run(importer(files, deferrable=True))
    jobs = [job["uuid"] for job in control.call("GET", "state")["upload_jobs"]]
    done = run_to_the_end(lambda: importer(files, deferrable=True)) if deferrable else run(importer(files))
    assert (done["benchmark_registered"], done["production_registered"]) == (3, 5)
    assert [job["uuid"] for job in control.call("GET", "state")["upload_jobs"]] == jobs
    assert len(jobs) == 2
    assert held(control, "folders", "items") == {FOLDERS["benchmark"]: 3, FOLDERS["production"]: 5}


def test_a_deferred_import_ends_as_one_that_waits_itself(control: Control, files: Path) -> None:
    control.switch(upload_seconds=0.2)
    done = run_to_the_end(lambda: importer(files, deferrable=True))
    assert run(importer(files)) == done | nothing_new(3, 5)


def test_an_import_whose_answer_is_lost_registers_nothing_twice(
    control: Control, files: Path, one_attempt: None
) -> None:
    control.switch(upload_seconds=0.2)
    control.call("POST", "faults", {"match": "POST .*upload-jobs$", "drop": "after", "times": 1})
    with pytest.raises(RequestException):
        run(importer(files))
    run(importer(files))
    assert held(control, "folders", "items") == {FOLDERS["benchmark"]: 3, FOLDERS["production"]: 5}


def test_a_file_that_encord_refuses_is_named_with_the_reason_when_all_else_is_done(
    control: Control, files: Path
) -> None:
    spoil(files, "production/2.jpg")
    with pytest.raises(EncordUploadError, match=r"1 unit\(s\).*production/2\.jpg \(.*contains whitespace"):
        run(importer(files))
    assert held(control, "datasets", "rows") == {DATASETS["benchmark"]: 3, DATASETS["production"]: 4}
    # Asked for twice: once with all others, once again.
    assert [job["units_error"] for job in control.call("GET", "state")["upload_jobs"]] == [0, 1, 1]


def test_as_many_as_the_campaign_allows_may_be_refused(control: Control, files: Path) -> None:
    spoil(files, "production/2.jpg")
    spoil(files, "production/4.jpg")
    with pytest.raises(EncordUploadError, match=r"2 unit\(s\).*production/2.jpg .*; production/4.jpg "):
        run(importer(files, max_failed=1))
    done = run(importer(files, max_failed=2))
    assert (done["production_already_there"], done["production_refused"], done["production_linked"]) == (3, 2, 0)
    assert held(control, "datasets", "rows") == {DATASETS["benchmark"]: 3, DATASETS["production"]: 3}


def test_an_unknown_integration_fails_before_anything_is_asked_for(control: Control, files: Path) -> None:
    with pytest.raises(EncordNotFoundError, match="'Nowhere'; this key may use: 'Local bucket'"):
        run(importer(files, integration="Nowhere"))
    assert control.call("GET", "state")["upload_jobs"] == []


def test_an_import_that_takes_too_long_says_so(control: Control, files: Path) -> None:
    control.switch(upload_seconds=60)
    with pytest.raises(EncordTimeoutError, match=r"2 import\(s\) were not finished after 0 s"):
        run(importer(files, timeout=0.1))


@pytest.mark.parametrize("method", ["begin", "go_on"])
@pytest.mark.parametrize(
    ("event", "error", "message"),
    [
        (None, EncordTriggerEventError, "unexpected trigger event None"),
        ({}, EncordTriggerEventError, "unexpected trigger event {}"),
        ({"status": "fine"}, EncordTriggerEventError, "'fine'"),
        ({"status": "error", "message": "AuthenticationError: no"}, EncordTriggerEventError, "AuthenticationError: no"),
        ({"status": "timeout", "pending": 2}, EncordTimeoutError, r"2 import\(s\)"),
    ],
)
def test_only_a_good_event_lets_an_import_go_on(
    control: Control, files: Path, method: str, event: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        getattr(importer(files), method)(task_context(), event=event)
    assert control.call("GET", "state")["folders"] == []


def test_the_oldest_of_two_items_of_one_file_is_the_one_that_counts(
    control: Control, hook: EncordHook, files: Path
) -> None:
    done = run(importer(files))
    before = hook.storage.contents(done["benchmark_folder"]).by_source(["benchmark/0.jpg"])
    client = hook.get_conn()
    [integration] = client.get_cloud_integrations()
    twin = {"objectUrl": f"{BUCKET_URL}/moved/0.jpg", "clientMetadata": {"source_key": "benchmark/0.jpg"}}
    folder = client.get_storage_folder(done["benchmark_folder"])
    job = folder.add_private_data_to_folder_start(integration.id, {"images": [twin]})
    folder.add_private_data_to_folder_get_result(job, timeout_seconds=5)
    assert held(control, "folders", "items")[FOLDERS["benchmark"]] == 4
    assert hook.storage.contents(done["benchmark_folder"]).by_source(["benchmark/0.jpg"]) == before != [None]
