"""The tasks before Encord: what a run lists, and the manifest of it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from encord_provider.operators.bucket import ListBucketOperator
from encord_provider.operators.manifest import GenerateManifestOperator
from include.benchmark_qa.manifest.render import read_shard
from tests.unit.encord_provider.provider_support import run

if TYPE_CHECKING:
    from encord import EncordUserClient

MORNING, NOON, EVENING = (datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (6, 12, 18))
PREFIXES = {"benchmark_prefix": "benchmark/", "production_prefix": "production/"}


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """Return a folder of one known file of the morning and three others: of the morning, noon and the evening."""
    files = {"benchmark/a.jpg": MORNING, "production/b.jpg": MORNING, "production/c.jpg": NOON}
    files |= {"production/d.jpg": EVENING, "other/e.jpg": NOON}
    for key, modified in files.items():
        path = tmp_path / "bucket" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(key)
        os.utime(path, (modified.timestamp(), modified.timestamp()))
    return tmp_path / "bucket"


def list_files(
    bucket: Path,
    workspace: Path,
    prefixes: dict[str, str] = PREFIXES,
    filters: dict[str, Any] | None = None,
    **context: Any,
) -> dict[str, Any]:
    places = {"bucket_uri": str(bucket), "workspace": str(workspace), **prefixes}
    operator = ListBucketOperator(task_id="list", filters=filters, **places)
    return dict(run(operator, **context))


def touch(bucket: Path, key: str, modified: datetime) -> None:
    path = bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(key)
    os.utime(path, (modified.timestamp(), modified.timestamp()))


def backfilled(start: datetime, end: datetime, started: datetime | None = None) -> dict[str, Any]:
    """Return the context of a run of an interval, which started, or was cleared, at a time."""
    dag_run = SimpleNamespace(run_type="backfill", start_date=started)
    return {"dag_run": dag_run, "data_interval_start": start, "data_interval_end": end}


def generate(
    bucket: Path, workspace: Path, listing: str, context: dict[str, Any] | None = None, **rules: Any
) -> dict[str, Any]:
    operator = GenerateManifestOperator(
        task_id="generate", listing=listing, bucket_uri=str(bucket), workspace=str(workspace), rules=rules, **PREFIXES
    )
    return dict(run(operator, **context or {}))


def counts(listed: dict[str, Any]) -> dict[str, int]:
    return {kind: listed[kind]["objects"] for kind in ("benchmark", "production")}


def test_a_run_that_somebody_starts_lists_everything(bucket: Path, workspace: Path) -> None:
    interval = {"data_interval_start": NOON, "data_interval_end": EVENING}
    for run_type in ("manual", "asset_triggered"):
        assert counts(list_files(bucket, workspace, run_type=run_type, **interval)) == {"benchmark": 1, "production": 3}


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (MORNING, NOON, {"benchmark": 1, "production": 1}),
        (NOON, EVENING, {"benchmark": 0, "production": 1}),
        (datetime(2026, 1, 1, tzinfo=UTC), MORNING, {"benchmark": 0, "production": 0}),
    ],
)
def test_a_run_of_an_interval_lists_what_changed_in_it_start_included(
    bucket: Path, workspace: Path, run_type: str, start: datetime, end: datetime, expected: dict[str, int]
) -> None:
    listed = list_files(bucket, workspace, run_type=run_type, data_interval_start=start, data_interval_end=end)
    assert counts(listed) == expected


def test_an_interval_of_no_width_is_an_error_that_says_what_to_use(bucket: Path, workspace: Path) -> None:
    with pytest.raises(ValueError, match="CronDataIntervalTimetable"):
        list_files(bucket, workspace, run_type="scheduled", data_interval_start=NOON, data_interval_end=NOON)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"benchmark_prefix": ""}, "benchmark_prefix is empty"),
        ({"production_prefix": "benchmark/day/"}, "'benchmark/' and production_prefix 'benchmark/day/' overlap"),
    ],
)
def test_prefixes_that_the_form_made_overlap_are_refused_before_anything_is_listed(
    bucket: Path, workspace: Path, changed: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        list_files(bucket, workspace, PREFIXES | changed)
    assert not workspace.exists()


def test_a_prefix_without_files_is_an_error_that_names_it(bucket: Path, workspace: Path) -> None:
    with pytest.raises(ValueError, match=r"no files under \S+/bucket/bench/: correct the bucket or its prefixes"):
        list_files(bucket, workspace, PREFIXES | {"benchmark_prefix": "bench/"})


def test_the_same_run_lists_anew_once_the_files_are_there(bucket: Path, workspace: Path) -> None:
    moved = bucket / "benchmark"
    moved.rename(bucket / "elsewhere")
    with pytest.raises(ValueError, match="no files under"):
        list_files(bucket, workspace)
    (bucket / "elsewhere").rename(moved)
    assert counts(list_files(bucket, workspace)) == {"benchmark": 1, "production": 3}


def test_filters_that_leave_a_kind_without_files_are_an_error_that_says_so(bucket: Path, workspace: Path) -> None:
    assert list_files(bucket, workspace, filters={"exclude": "[bc].jpg"})["production"] == {
        "objects": 1,
        "bytes": len("production/d.jpg"),
        "filtered": 2,
    }
    said = r"`bucket.filters` leave out all 3 files under \S+/bucket/production/: correct them in the campaign"
    with pytest.raises(ValueError, match=said):
        list_files(bucket, workspace, filters={"glob": "a.*"})


def test_a_listing_becomes_a_manifest_a_kind(bucket: Path, workspace: Path) -> None:
    rules = [{"match": "[abc].jpg", "type": "image"}]
    made = generate(bucket, workspace, list_files(bucket, workspace)["listing"], rules=rules)
    assert made["units"] == {"benchmark": 1, "production": 2}
    assert made["quarantined"] == {"benchmark": 0, "production": 1}
    units = {
        kind: [
            unit.client_metadata["source_key"]
            for path in shards
            for unit in read_shard(path.read_bytes(), f"{bucket.as_uri()}/")
        ]
        for kind in ("benchmark", "production")
        if (shards := sorted((workspace / made["manifest"] / kind).glob("*[0-9].json")))
    }
    assert units == {"benchmark": ["benchmark/a.jpg"], "production": ["production/b.jpg", "production/c.jpg"]}


@pytest.mark.parametrize("is_interval", [False, True])
def test_rows_of_a_table_that_describe_nothing_are_told_unless_a_run_is_of_an_interval(
    bucket: Path, workspace: Path, *, is_interval: bool
) -> None:
    (bucket / "table.csv").write_text("key,site\nbenchmark/a.jpg,n\nproduction/b.jpg,s\nproduction/typo.jpg,w\n")
    rules = [{"match": [".jpg"], "type": "image", "metadata": {"table": {"path": "table.csv"}}}]
    interval = {"run_type": "scheduled", "data_interval_start": MORNING, "data_interval_end": EVENING}
    listing = list_files(bucket, workspace)["listing"]
    with capture_logs() as logged:
        generate(bucket, workspace, listing, interval if is_interval else None, rules=rules)
    said = [one["event"] for one in logged if "describe no unit" in one["event"]]
    assert said == ([] if is_interval else ["table table.csv: 1 row(s) describe no unit, such as production/typo.jpg"])


@pytest.mark.emulator
def test_metadata_is_checked_against_the_schema_of_the_organisation(
    bucket: Path, workspace: Path, client: EncordUserClient, encord_default: str
) -> None:
    schema = client.metadata_schema()
    schema.add_enum("light", values=["day", "night"])
    schema.save()
    listing = list_files(bucket, workspace)["listing"]
    metadata = {"light": "{stem}", "note": "{stem}"}
    operator = GenerateManifestOperator(
        task_id="generate",
        listing=listing,
        bucket_uri=str(bucket),
        workspace=str(workspace),
        rules={"rules": [{"match": [".jpg"], "type": "image", "client_metadata": metadata}]},
        encord_conn_id=encord_default,
        **PREFIXES,
    )
    made = run(operator)
    assert made["units"] == {"benchmark": 0, "production": 0}
    quarantine = workspace / made["manifest"] / "benchmark" / "quarantine.jsonl"
    [line] = map(json.loads, quarantine.read_text(encoding="utf-8").splitlines())
    assert (line["key"], line["field"]) == ("benchmark/a.jpg", "clientMetadata.light")
    assert "day" in line["reason"]


def test_intervals_meet_without_gap_or_overlap(bucket: Path, workspace: Path) -> None:
    edges = [MORNING + timedelta(hours=hour) for hour in range(0, 13, 4)]
    instants = [edge + timedelta(microseconds=step) for edge in edges[1:3] for step in (-1, 0, 1)]
    for number, modified in enumerate(instants):
        touch(bucket, f"production/edge/{number}.jpg", modified)
    found = [
        list_files(bucket, workspace / str(start.hour), **backfilled(start, end))["production"]["objects"]
        for start, end in pairwise(edges)
    ]
    assert found == [2, 4, 2]  # b; two edges and c; the last edge: d is of the evening


def test_a_late_file_is_found_when_its_interval_is_cleared(bucket: Path, workspace: Path) -> None:
    listed = list_files(bucket, workspace, **backfilled(MORNING, EVENING))
    touch(bucket, "production/a late one.jpg", NOON)
    again = list_files(bucket, workspace, **backfilled(MORNING, EVENING))
    assert (listed["production"]["objects"], again["production"]["objects"]) == (2, 3)


@pytest.mark.parametrize(("cleared", "expected"), [(False, 2), (True, 3)])
def test_a_listing_that_was_cut_short_is_gone_on_with_by_a_retry_only(
    bucket: Path, workspace: Path, cleared: bool, expected: int
) -> None:
    began = datetime.now(UTC)
    list_files(bucket, workspace, **backfilled(MORNING, EVENING, began))
    (workspace / "runs/manual/listing/listing_index.json").unlink()
    touch(bucket, "production/a late one.jpg", NOON)
    started = datetime.now(UTC) if cleared else began
    assert list_files(bucket, workspace, **backfilled(MORNING, EVENING, started))["production"]["objects"] == expected


GROUPS = [
    {"match": "**/series/*/*.dcm", "type": "dicom_series", "group_by": "directory"},
    {"pattern": r"(?P<group>frames/.+)_(?P<position>\d+)\.png", "type": "image_group"},
    {"match": [".jpg"], "type": "image"},
]


def test_a_group_of_two_intervals_is_taken_whole_by_each(bucket: Path, workspace: Path) -> None:
    for number, modified in enumerate((MORNING, NOON)):
        touch(bucket, f"production/x/series/1/{number}.dcm", modified)
        touch(bucket, f"production/frames/{number}/a_{number}.png", modified)
        touch(bucket, f"production/frames/b_{number}.png", modified)
    touch(bucket, "production/x/series/1/not a slice.jpg", MORNING)
    touch(bucket, "production/x/series/2/0.dcm", MORNING)
    made = {}
    for start, end in ((MORNING, NOON), (NOON, EVENING)):
        context = backfilled(start, end)
        listing = list_files(bucket, workspace, **context)["listing"]
        with capture_logs() as logs:
            manifest = generate(bucket, workspace, listing, context, rules=GROUPS)["manifest"]
        [shard] = (workspace / manifest / "production").glob("shard-*.json")
        units = read_shard(shard.read_bytes(), f"{bucket.as_uri()}/")
        made[start] = {unit.title: len(unit.object_urls) for unit in units}
        grown = [log for log in logs if "got files after others" in str(log)]
        assert len(grown) == (1 if start is NOON else 0), logs
    # A group of frames/0 or frames/1 has one picture, which is none, in whatever interval.
    assert made[NOON] == {"production/c.jpg": 1, "production/frames/b": 2, "production/x/series/1": 2}
    assert made[MORNING] == {
        "production/b.jpg": 1,
        "production/x/series/1/not a slice.jpg": 1,
        "production/frames/b": 2,
        "production/x/series/1": 2,
        "production/x/series/2": 1,
    }
