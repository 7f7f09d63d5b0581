"""Local files: uploaded through the SDK, with the same rules, counts and quarantine as those of a cloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from encord_provider.exceptions import EncordConnectionError, EncordUploadError
from include.object_storage import open_bucket
from tests.unit.encord_provider.provider_support import (
    DATASETS,
    FOLDERS,
    importer,
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
RULES: list[dict[str, Any]] = [
    {"match": "group/*.png", "type": "image_group", "group_by": "directory"},
    {"match": "sequence/*.png", "type": "image_sequence", "group_by": "directory"},
    {"match": [".dcm"], "type": "dicom_series", "group_by": "directory"},
    {"match": [".jpg"], "type": "image", "title": "{stem}"},
    {"match": [".mp4"], "type": "video"},
    {"match": [".wav"], "type": "audio"},
    {"match": [".txt"], "type": "text"},
    {"match": [".pdf"], "type": "pdf"},
    {"match": [".nii", ".nii.gz"], "type": "nifti"},
]
NAMES = ["ü %20 1.jpg", "a.mp4", "a.wav", "a.txt", "a.pdf", "a.nii", "scan/1.dcm", "scan/2.dcm"]
NAMES += ["group/1.png", "group/2.png", "sequence/1.png", "sequence/2.png", "sequence/10.png"]


def make_files(folder: Path, names: dict[str, list[str]]) -> None:
    for kind, some in names.items():
        for name in some:
            path = folder / kind / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"the bytes of {name}".encode())


@pytest.fixture
def local(tmp_path: Path, workspace: Path) -> Path:
    """Return a workspace with a manifest of every type of unit and of 6 images, in a folder of this machine."""
    names = {"benchmark": NAMES, "production": [f"{number}.jpg" for number in range(6)]}
    make_files(tmp_path / "files", names)
    keys = {kind: [f"{kind}/{name}" for name in some] for kind, some in names.items()}
    write_manifest(workspace, keys, open_bucket(str(tmp_path / "files")), rules=RULES)
    return workspace


def local_importer(workspace: Path, **more: Any) -> Any:
    return importer(workspace, integration="", settle_seconds=1.0, **more)


def items(client: EncordUserClient, kind: str) -> list[Any]:
    [folder] = client.list_storage_folders(search=FOLDERS[kind])
    return list(folder.list_items())


@pytest.mark.parametrize("deferrable", [False, True])
def test_every_type_of_local_unit_is_uploaded_as_what_it_is(
    client: EncordUserClient, local: Path, deferrable: bool
) -> None:
    done = run_to_the_end(lambda: local_importer(local, deferrable=deferrable))
    found = {item.client_metadata["source_key"]: item for item in items(client, "benchmark")}
    assert {source: item.item_type.value for source, item in found.items()} == {
        "benchmark/ü %20 1.jpg": "image",
        "benchmark/a.mp4": "video",
        "benchmark/a.wav": "audio",
        "benchmark/a.txt": "plainText",
        "benchmark/a.pdf": "pdf",
        "benchmark/a.nii": "nifti",
        "benchmark/scan": "dicomSeries",
        "benchmark/group": "imageGroup",
        "benchmark/sequence": "imageSequence",
    }
    assert found["benchmark/ü %20 1.jpg"].name == "ü %20 1"
    frames = [frame.name for frame in found["benchmark/sequence"].get_child_items()]
    assert frames == ["1.png", "2.png", "10.png"]
    assert (done["benchmark_registered"], done["benchmark_linked"], done["production_linked"]) == (9, 9, 6)
    report, quarantine = read_report(local)
    assert (report["benchmark"]["registered"], report["production"]["registered"], quarantine) == (13, 6, [])
    assert len(client.get_dataset(done["benchmark_dataset"]).data_rows) == 9


def test_a_second_run_uploads_nothing(control: Control, local: Path) -> None:
    run(local_importer(local))
    before = len(control.call("GET", "state")["upload_jobs"])
    done = run(local_importer(local))
    assert (done["production_already_there"], done["production_registered"]) == (6, 0)
    assert len(control.call("GET", "state")["upload_jobs"]) == before


def test_a_file_that_cannot_be_uploaded_is_named_and_the_others_are_there(
    control: Control, tmp_path: Path, local: Path
) -> None:
    (tmp_path / "files/production/3.jpg").unlink()
    with pytest.raises(
        EncordUploadError, match=r"1 unit\(s\).*production/3.jpg \(FileNotFoundError: .*3.jpg is no file"
    ):
        run(local_importer(local))
    report, [line] = read_report(local)
    assert (report["production"]["registered"], report["production"]["quarantined_by_encord"]) == (5, 1)
    assert line["key"] == "production/3.jpg"
    rows = {one["title"]: one["rows"] for one in control.call("GET", "state")["datasets"]}
    assert rows == {DATASETS["benchmark"]: 9, DATASETS["production"]: 5}


def test_what_fails_once_is_uploaded_again(control: Control, client: EncordUserClient, local: Path) -> None:
    control.call("POST", "faults", {"match": UPLOAD, "status": 500, "times": 3})
    done = run(local_importer(local))
    assert (done["benchmark_registered"], done["production_registered"]) == (9, 6)
    assert (len(items(client, "benchmark")), len(items(client, "production"))) == (9, 6)


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"drop": "before"}, {"status": 429, "retry_after": 0.1}], ids=str)
def test_an_answer_that_is_lost_on_the_way_leaves_nothing_twice(
    control: Control, client: EncordUserClient, local: Path, one_attempt: None, fault: dict[str, Any]
) -> None:
    control.switch(upload_seconds=0.3)
    control.call("POST", "faults", {"match": UPLOAD, "times": 2} | fault)
    done = run(local_importer(local))
    assert (done["benchmark_registered"], done["production_registered"]) == (9, 6)
    assert (len(items(client, "benchmark")), len(items(client, "production"))) == (9, 6)


def test_a_key_without_the_right_stops_the_upload_at_once(control: Control, local: Path) -> None:
    control.call("POST", "faults", {"match": "POST .*/upload-signed-urls", "status": 403})
    with pytest.raises(EncordConnectionError, match="does the user of this key have access"):
        run(local_importer(local))
    assert control.call("GET", "state")["upload_jobs"] == []
