from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from include.benchmark_qa.manifest.__main__ import main

RULES = {
    "rules": [
        {"match": "groups/*/*.jpg", "type": "image_group"},
        {"match": [".jpg"], "type": "image", "title": "{name}"},
        {"match": [".wav"], "type": "audio"},
    ]
}
KEYS = ("a.jpg", "b c.jpg", "groups/g/9.jpg", "groups/g/10.jpg", "sound.wav", "notes.md")


@pytest.fixture
def folder(tmp_path) -> Path:
    return fill(tmp_path / "bucket", KEYS)


@pytest.fixture
def rules(tmp_path) -> Path:
    return write_yaml(tmp_path / "rules.yaml", RULES)


def fill(folder: Path, keys: tuple[str, ...]) -> Path:
    for key in keys:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(b"x")
    return folder


def write_yaml(path: Path, content: object) -> Path:
    path.write_text(yaml.safe_dump(content))
    return path


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_folder_becomes_a_manifest_and_a_summary(folder, rules, tmp_path, capsys):
    assert run(folder, "--rules", rules, "--out", tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["production"]
    written = tmp_path / "out" / "production"
    assert set(contents(written)) == {"shard-00001.json", "quarantine.jsonl", "manifest_index.json"}
    manifest = json.loads((written / "shard-00001.json").read_bytes())
    assert [entry["title"] for entry in manifest["images"]] == ["a.jpg", "b c.jpg"]
    assert manifest["images"][1]["objectUrl"] == (folder / "b c.jpg").as_uri()
    assert manifest["image_groups"][0]["objectUrl_0"] == (folder / "groups/g/9.jpg").as_uri()
    assert [entry["clientMetadata"]["source_key"] for entry in manifest["audio"]] == ["sound.wav"]
    (left_out,) = map(json.loads, (written / "quarantine.jsonl").read_bytes().splitlines())
    assert left_out["key"] == "notes.md"
    printed = capsys.readouterr()
    assert "production: 6 objects, of which 5 in 4 units" in printed.out
    assert "left out: 1 object" in printed.out
    assert str(written) in printed.out
    assert printed.err == ""


def test_a_bucket_is_opened_with_the_options_of_the_campaign(tmp_path, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        client.create_bucket(Bucket="pictures")
        for key in KEYS:
            client.put_object(Bucket="pictures", Key=f"raw/{key}", Body=b"x")
        base = "https://pictures.s3.eu-west-2.amazonaws.com"
        options = {"endpoint_url": endpoint, "region": "us-east-1", "object_url_base": base}
        filters = {"exclude": "*.md"}
        campaign = {"title": "T", "manifest": RULES, "bucket": {"options": options, "filters": filters}}
        path = write_yaml(tmp_path / "campaign.yaml", campaign)
        assert run("s3://pictures/raw", "--rules", path, "--out", tmp_path / "out", "--strict") == 0
    finally:
        server.stop()
    manifest = json.loads((tmp_path / "out/production/shard-00001.json").read_bytes())
    assert manifest["images"][1]["objectUrl"] == f"{base}/raw/b%20c.jpg"


def test_a_campaign_that_names_prefixes_gives_two_manifests(tmp_path, capsys):
    folder = fill(tmp_path / "bucket", ("known/a.jpg", "work/b.jpg", "work/c.jpg", "elsewhere/d.jpg"))
    bucket = {"uri": "s3://elsewhere", "benchmark_prefix": "known/", "production_prefix": "work/"}
    path = write_yaml(tmp_path / "campaign.yaml", {"manifest": RULES, "bucket": bucket})
    assert run(folder, "--rules", path, "--out", tmp_path / "out") == 0
    kinds = {}
    for kind in ("benchmark", "production"):
        manifest = json.loads((tmp_path / "out" / kind / "shard-00001.json").read_bytes())
        kinds[kind] = [entry["clientMetadata"] for entry in manifest["images"]]
    assert [metadata["source_key"] for metadata in kinds["benchmark"]] == ["known/a.jpg"]
    assert [metadata["source_key"] for metadata in kinds["production"]] == ["work/b.jpg", "work/c.jpg"]
    assert {metadata["kind"] for metadata in kinds["benchmark"]} == {"benchmark"}
    assert "benchmark: 1 object, of which 1 in 1 unit" in capsys.readouterr().out


def test_csv_is_written_without_what_it_cannot_carry(folder, rules, tmp_path, capsys):
    assert run(folder, "--rules", rules, "--out", tmp_path / "out", "--format", "csv") == 0
    written = contents(tmp_path / "out" / "production")
    assert set(written) == {"shard-00001.csv", "quarantine.jsonl"}
    url = folder.as_uri()
    assert written["shard-00001.csv"].decode().splitlines() == [
        "ObjectURL,Image title",
        f"{url}/a.jpg,a.jpg",
        f"{url}/b%20c.jpg,b c.jpg",
        "ObjectURL,Image group title,Create video",
        f"{url}/groups/g/9.jpg,groups/g,false",
        f"{url}/groups/g/10.jpg,groups/g,false",
    ]
    problems = [json.loads(line) for line in written["quarantine.jsonl"].splitlines()]
    assert [problem["key"] for problem in problems] == ["notes.md", "sound.wav"]
    assert "audio" in problems[1]["reason"]
    printed = capsys.readouterr().out
    assert "6 objects, of which 4 in 3 units" in printed
    assert "left out: 2 objects" in printed


def test_what_an_earlier_run_wrote_and_this_one_did_not_is_removed(folder, rules, tmp_path):
    small = write_yaml(tmp_path / "small.yaml", RULES | {"shard_items": 1})
    out = tmp_path / "out"
    assert run(folder, "--rules", small, "--out", out) == 0
    assert (out / "production" / "shard-00004.json").exists()
    (out / "production" / "mine.json").touch()
    assert run(folder, "--rules", rules, "--out", out, "--format", "csv") == 0
    assert set(contents(out / "production")) == {"shard-00001.csv", "quarantine.jsonl", "mine.json"}


def test_strictness_fails_where_an_object_is_left_out(folder, rules, tmp_path, capsys):
    assert run(folder, "--rules", rules, "--out", tmp_path / "out") == 0
    assert "Encord cannot fetch" in capsys.readouterr().out
    assert run(folder, "--rules", rules, "--out", tmp_path / "out", "--strict") == 1
    assert "notes.md" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out" / "production").iterdir()] == ["quarantine.jsonl"]
    (folder / "notes.md").unlink()
    (folder / ".hidden").touch()
    assert run(folder, "--rules", rules, "--out", tmp_path / "out", "--strict") == 0
    assert run(folder, "--rules", rules, "--out", tmp_path / "out", "--strict", "--format", "csv") == 1


def test_validation_lists_what_would_be_left_out_and_writes_nothing(folder, rules, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    assert run(folder, "--rules", rules, "--validate-only", "--format", "csv") == 1
    printed = capsys.readouterr().out
    assert [line.split(": ")[1] for line in printed.splitlines()[:2]] == ["notes.md", "sound.wav"]
    assert sorted(tmp_path.rglob("*")) == before
    (folder / "notes.md").unlink()
    assert run(folder, "--rules", rules, "--validate-only", "--out", tmp_path / "out") == 0
    assert not (tmp_path / "out").exists()


def test_manifest_files_are_checked_without_a_bucket(folder, rules, tmp_path, capsys):
    assert run(folder, "--rules", rules, "--out", tmp_path / "out") == 0
    capsys.readouterr()
    assert main([str(tmp_path / "out" / "production" / "shard-00001.json")]) == 1
    assert "file:" in capsys.readouterr().out  # a folder's addresses are none that Encord could fetch
    sound, faulty = tmp_path / "sound.csv", tmp_path / "faulty.json"
    sound.write_text("ObjectURL,Image title\nhttps://h/1.jpg,\n")
    assert main([str(sound)]) == 0
    assert capsys.readouterr().out == "files: 1; problems: 0; sound units: 1 image\n"
    faulty.write_text('{"images": [{"objectUrl": "https://h/1.jpg"}, {"objectUrl": "https://h/a b.jpg"}]}')
    assert main(["--validate-only", str(sound), str(faulty)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[:3] for line in lines[:2]] == [
        [str(faulty), "images[1]", "objectUrl"],
        [str(faulty), "images[0]", "objectUrl"],
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("rules: [{type: image}]", "rules.yaml: rules.0"),
        ("rulez: []", "rules.yaml: rulez: no such field"),
        ("manifest: {shard_items: 0}", "rules.yaml: manifest.shard_items: "),
        ("bucket: {filters: {min_size: -1}}", "rules.yaml: bucket.filters.min_size: "),
        ("bucket: s3://bucket", "rules.yaml: bucket: "),
        ("bucket: {options: {colour: red}}", "colour"),
        ("{bucket: {}, manifst: {}}", "rules.yaml: manifst: no such field"),
        ("[]", "rules.yaml: holds list"),
        ("a: [", "rules.yaml: not valid YAML"),
    ],
)
def test_wrong_rules_are_one_line_and_status_2(content, message, folder, tmp_path, capsys):
    path = tmp_path / "rules.yaml"
    path.write_text(content)
    assert run(folder, "--rules", path, "--out", tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_bucket_or_a_file_that_is_not_there_is_status_2(tmp_path, rules, capsys):
    assert run(tmp_path / "nowhere", "--rules", rules, "--out", tmp_path / "out") == 2
    assert "nowhere" in capsys.readouterr().err
    assert run(tmp_path, "--rules", tmp_path / "none.yaml", "--out", tmp_path / "out") == 2
    assert "none.yaml" in capsys.readouterr().err
    assert run(tmp_path / "none.json") == 2
    assert "none.json" in capsys.readouterr().err


def test_a_table_that_is_not_there_is_status_2(folder, tmp_path, capsys):
    rule = {"match": [".jpg"], "type": "image", "metadata": {"table": {"path": "nowhere.csv"}}}
    rules = write_yaml(tmp_path / "rules.yaml", {"rules": [rule]})
    assert run(folder, "--rules", rules, "--out", tmp_path / "out") == 2
    assert "nowhere.csv" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["s3://bucket"], ["a", "b", "--out", "c"], ["a", "--format", "xml"]])
def test_wrong_arguments_are_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_starting_needs_neither_airflow_nor_encord_nor_any_client():
    heavy = (
        "{'airflow', 'encord', 'boto3', 'obstore', 'google.cloud.storage', 'azure.storage.blob', 'numpy', 'pyarrow'}"
    )
    code = f"import sys, include.benchmark_qa.manifest.__main__; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


MOMENTS = (
    ".listing/plan.json",
    ".listing/*/*.parquet",
    ".listing/listing_index.json",
    "production/shard-00001.json",
    "production/shard-00040.json",
    "production/quarantine.jsonl",
)


def was_written(folder: Path, pattern: str, since: float) -> bool:
    try:
        return any(path.stat().st_mtime >= since for path in folder.glob(pattern))
    except FileNotFoundError:  # replaced or removed just now
        return False


@pytest.mark.system
def test_killed_at_any_moment_and_started_again_it_ends_with_the_same_files(tmp_path):
    folder = fill(tmp_path / "bucket", tuple(f"{number % 7}/{number:05d}.jpg" for number in range(3_000)))
    rules = write_yaml(tmp_path / "rules.yaml", RULES | {"shard_items": 50})
    arguments = [str(folder), "--rules", str(rules), "--out"]
    assert main([*arguments, str(tmp_path / "whole")]) == 0
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "include.benchmark_qa.manifest", *arguments, str(out)]
    kills = 0
    for moment in MOMENTS:
        started = time.time()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None and not was_written(out, moment, started):
            time.sleep(0.001)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
    assert kills >= 3
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert contents(out / "production") == contents(tmp_path / "whole" / "production")
