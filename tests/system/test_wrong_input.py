"""What a newcomer gets wrong: the run fails in the right task, at once, with one line that says what and where."""

from __future__ import annotations

import copy
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import yaml
from moto.server import ThreadedMotoServer

from include.encord_emulator.server import RunningEmulator
from include.simulated_annotators.settings import TeamSettings
from include.simulated_annotators.team import Team
from include.simulated_annotators.web_app import WebApp
from tests.emulator.emulator_support import MANAGER, Key, new_key
from tests.support.demo_runs import ROOT, Home, read_encord

pytestmark = pytest.mark.system

BUCKET = "wrong-input"
REGION = "eu-west-1"
URL_BASE = f"https://{BUCKET}.s3.{REGION}.amazonaws.com"
NOBODY = "00000000-0000-4000-8000-000000000000"
PASSWORD = "Sesame-open-0815"
AWS_SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
ODD_NAMES = (
    "two  spaces .jpg",
    "a+b=c&d.jpg",
    "100% sure.jpg",
    "already%20escaped%2F.jpg",
    "日本語/写真 №1.jpg",
    "Ελλάδα/ça va? #7.jpg",
    "quotes'\"(1).jpg",
)
DAG_FILE = """from benchmark_qa_wiring.campaign_dag import campaign_dag
from include.benchmark_qa.campaign import load_campaign

# Airflow looks for the words "airflow" and "dag" in a file before it reads it.
campaign_dag(load_campaign({name!r}))
"""


@dataclass(frozen=True)
class Mistake:
    """A change of a good campaign, the task that must fail, and what its one line must say."""

    changes: Mapping[str, Any]
    task: str
    says: tuple[str, ...]


MISTAKES = {
    "unknown_bucket": Mistake(
        {"bucket.uri": "s3://no-such-bucket-4711"}, "list_bucket", ("s3://no-such-bucket-4711", "no such bucket")
    ),
    "empty_prefix": Mistake(
        {"bucket.benchmark_prefix": "nothing/here/"}, "list_bucket", (f"no files under s3://{BUCKET}/nothing/here/",)
    ),
    "unknown_integration": Mistake(
        {"integration": "My S3"}, "import_files", ("cloud integration", "'My S3'", "'Demo bucket'")
    ),
    "unknown_template": Mistake(
        {"benchmark_project.workflow_template": NOBODY},
        "create_benchmark_project",
        (f"workflow template '{NOBODY}'", "not found"),
    ),
    "template_by_title": Mistake(
        {"benchmark_project.workflow_template": "Establishing Benchmarks"},
        "create_benchmark_project",
        ("workflow template 'Establishing Benchmarks'", "copy the hash"),
    ),
    "ontology_by_title": Mistake(
        {"ontology": {"title": "No such ontology"}},
        "create_benchmark_project",
        ("no ontology is called 'No such ontology'", "`ontology.title`"),
    ),
    "ontology_by_hash": Mistake(
        {"ontology": {"hash": NOBODY}}, "create_benchmark_project", (f"ontology {NOBODY}", "`ontology.hash`")
    ),
    "no_key": Mistake({"encord_connection": "no_key"}, "import_files", ("connection 'no_key'", "PEM private key")),
    "unknown_key": Mistake(
        {"encord_connection": "stranger"},
        "import_files",
        ("connection 'stranger'", "http://127.0.0.1", "does not know this key", "region"),
    ),
    "no_connection": Mistake(
        {"encord_connection": "not_there"}, "import_files", ("no Airflow connection 'not_there'", "`encord_connection`")
    ),
    "misnamed_stage": Mistake(
        {"workflow.agent_stage": "Benchmark task"}, "route_tasks", ("'Benchmark task'", "'Benchmark Task?' (AGENT)")
    ),
    "misnamed_pathway": Mistake(
        {"workflow.benchmark_pathway": "JA"}, "route_tasks", ("'JA'", "'Benchmark Task?'", "'YES', 'NO'")
    ),
}
WELL = {"odd_keys": {"bucket.benchmark_prefix": "odd/known/", "bucket.production_prefix": "odd/work/"}}
TYPO = {"typo": {"bucket.benchmark_prefx": "benchmark/"}}


@dataclass
class DagRun:
    """What one run printed: its end state, how long it took, and the lines of tasks that failed."""

    state: str = ""
    seconds: float = 0.0
    failed: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Story:
    """All the runs, and where to look further."""

    home: Path
    runs: dict[str, DagRun]
    printed: str
    bucket_url: str
    source_keys: dict[str, list[str]]
    secrets: list[str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = Home(tmp_path_factory.mktemp("wrong"))
    keys = {name: new_key() for name in ("encord_default", "stranger")}
    try:
        with running_bucket() as bucket_url, RunningEmulator(seed=seed(keys["encord_default"])) as emulator:
            write_campaigns(home.path)
            environment = airflow_environment(home.path, emulator.url, bucket_url, keys)
            runs = run_all(home, environment, emulator.url)
            printed = (home.path / "progress.txt").read_text(encoding="utf-8")
            content = read_encord(emulator.url, keys["encord_default"].private_pem)
            secrets = [line for key in keys.values() for line in key.private_pem.splitlines()[1:-1] if len(line) > 20]
            yield Story(home.path, runs, printed, bucket_url, content.source_keys, [*secrets, PASSWORD, AWS_SECRET])
    finally:
        home.end_all()


@contextmanager
def running_bucket() -> Iterator[str]:
    """Serve a bucket with a few ordinary and a few oddly named files; each holds its own key."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name=REGION, aws_access_key_id="demo", aws_secret_access_key="demo"
    )
    client.create_bucket(Bucket=BUCKET, ACL="public-read", CreateBucketConfiguration={"LocationConstraint": REGION})
    ordinary = [f"{prefix}/street {number}.jpg" for prefix in ("benchmark", "production") for number in range(3)]
    odd = [f"odd/{prefix}/{name}" for prefix in ("known", "work") for name in ODD_NAMES]
    for key in ordinary + odd:
        client.put_object(Bucket=BUCKET, Key=key, Body=key.encode(), ACL="public-read")
    try:
        yield url
    finally:
        server.stop()


def seed(key: Key) -> dict[str, Any]:
    emails = [f"{name}@demo.example" for name in ("truth", "reviewer", "careful", "steady", "hasty", "careless")]
    return {
        "organisation": "Demo",
        "users": [
            {"email": MANAGER, "public_key": key.public_hex, "role": "admin"},
            *({"email": email} for email in emails),
        ],
        "integrations": [{"title": "Demo bucket"}],
        "switches": {"upload_seconds": 0},
    }


def write_campaigns(home: Path) -> None:
    """Write a campaign and a Dag file for each case: the demo's, with titles of its own and one change."""
    base = yaml.safe_load((ROOT / "include" / "campaigns" / "demo.yaml").read_text(encoding="utf-8"))
    (home / "campaigns").mkdir()
    for name, changes in {**{one: mistake.changes for one, mistake in MISTAKES.items()}, **WELL, **TYPO}.items():
        campaign = copy.deepcopy(base) | {"workspace": str(home / "workspaces" / name)}
        campaign["bucket"] |= {"uri": f"s3://{BUCKET}", "options": {"region": REGION, "object_url_base": URL_BASE}}
        for project in (campaign["benchmark_project"], campaign["production_project"]):
            project |= {part: project[part].replace("Demo", name) for part in ("title", "folder", "dataset")}
        for dotted, value in changes.items():
            *path, last = dotted.split(".")
            room = campaign
            for part in path:
                room = room.setdefault(part, {})
            room[last] = value
        (home / "campaigns" / f"{name}.yaml").write_text(yaml.safe_dump(campaign), encoding="utf-8")
        dag_file = home / "dags" / name / f"{name}.py"
        dag_file.parent.mkdir(parents=True)
        dag_file.write_text(DAG_FILE.format(name=name), encoding="utf-8")


def airflow_environment(home: Path, encord_url: str, bucket_url: str, keys: Mapping[str, Key]) -> dict[str, str]:
    def connection(password: str) -> str:
        return json.dumps({"conn_type": "encord", "host": encord_url, "password": password})

    return {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "BENCHMARK_QA_CAMPAIGNS": str(home / "campaigns"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "dags")]),
        "AIRFLOW_CONN_ENCORD_DEFAULT": connection(keys["encord_default"].private_pem),
        "AIRFLOW_CONN_STRANGER": connection(keys["stranger"].private_pem),
        "AIRFLOW_CONN_NO_KEY": connection(PASSWORD),
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
        "AWS_ENDPOINT_URL": bucket_url,
    }


def run_all(home: Home, environment: dict[str, str], encord_url: str) -> dict[str, DagRun]:
    """Run every case in one process, with people who make ground truth beside it."""
    names = [*MISTAKES, *WELL]
    members = [
        {"email": "truth@demo.example", "role": "ground_truth"},
        {"email": "reviewer@demo.example", "role": "reviewer"},
    ]
    team = Team(TeamSettings.model_validate({"members": members}))
    dag_ids = [f"benchmark_qa__{name}" for name in names]
    log = home.path / "progress.txt"
    process = home.start("tests.support.dag_runs", log, *dag_ids, **environment)
    with WebApp(encord_url) as web_app:
        while process.poll() is None:
            if team.work_once(web_app).nothing_left:
                time.sleep(0.2)
    assert process.returncode == 0, log.read_text(encoding="utf-8")[-5000:]
    return {name: read_run(log, f"benchmark_qa__{name}") for name in names}


def read_run(log: Path, dag_id: str) -> DagRun:
    run = DagRun()
    _, _, rest = log.read_text(encoding="utf-8").partition(f"== {dag_id}\n")
    part, _, end = rest.partition(f"== {dag_id} ")
    run.state, seconds = end.splitlines()[0].split()
    run.seconds = float(seconds)
    for task, line in re.findall(r"^  (\w+) FAILED: (.*)$", part, flags=re.MULTILINE):
        run.failed.setdefault(task, []).append(line)
    return run


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_fails_the_right_task_with_one_line_that_says_what_and_where(story: Story, name: str) -> None:
    run, mistake = story.runs[name], MISTAKES[name]
    assert (run.state, list(run.failed)) == ("failed", [mistake.task])
    [line] = run.failed[mistake.task]  # a second one would be a useless retry
    assert run.seconds < 60  # on a busy machine; the retries of three attempts would take more
    print(line)
    assert [words for words in mistake.says if words not in line] == []
    assert len(line) < 500
    assert not re.search(r"timestamp=|trace_id=|Traceback|object at 0x", line)


def test_a_typo_in_a_campaign_is_named_with_its_file_and_its_field(story: Story) -> None:
    [line] = [line for line in story.printed.splitlines() if line.startswith("import error")]
    assert line.startswith("import error typo.py: ")
    assert str(story.home / "campaigns" / "typo.yaml") in line
    assert "bucket.benchmark_prefx: no such field" in line


def test_files_with_odd_names_go_all_the_way(story: Story) -> None:
    assert (story.runs["odd_keys"].state, story.runs["odd_keys"].failed) == ("success", {})
    for kind, prefix in (("benchmark", "known"), ("production", "work")):
        keys = story.source_keys[f"odd_keys: {kind} files"]
        assert sorted(keys) == sorted(f"odd/{prefix}/{name}" for name in ODD_NAMES)


def test_the_address_of_an_oddly_named_file_leads_to_that_file(story: Story) -> None:
    shards = (story.home / "workspaces" / "odd_keys").rglob("manifest/*/*.json")
    units = [unit for shard in shards for unit in json.loads(shard.read_bytes()).get("images", [])]
    assert len(units) == 2 * len(ODD_NAMES)
    for unit in units:
        address = unit["objectUrl"].replace(URL_BASE, f"{story.bucket_url}/{BUCKET}")
        assert httpx.get(address).text == unit["clientMetadata"]["source_key"]


def test_no_log_holds_a_secret(story: Story) -> None:
    files = [path for path in story.home.rglob("*") if path.is_file()]
    assert "EncordConnectionError" in story.printed  # the log is there
    found = [(path, secret[:6]) for path in files for secret in story.secrets if secret.encode() in path.read_bytes()]
    assert found == []
