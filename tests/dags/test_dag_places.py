"""A folder on one machine is refused where tasks run on several."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
errors = [error.splitlines()[-1] for error in bag.import_errors.values()]
print(json.dumps({"dags": sorted(bag.dags), "errors": errors}))
"""


def write_campaign(folder: Path, **changes: Any) -> None:
    """Write the demo's campaign with other values of some fields."""
    fields = yaml.safe_load((ROOT / "include" / "campaigns" / "demo.yaml").read_text(encoding="utf-8"))
    (folder / "demo.yaml").write_text(yaml.safe_dump(fields | changes))


def parse(folder: Path, executor: str, **more: str) -> dict[str, Any]:
    """Return what a process of its own, with this executor in Airflow's settings, makes of the demo's Dag file."""
    (folder / "dags").mkdir(exist_ok=True)
    shutil.copy(ROOT / "dags" / "benchmark_qa__demo.py", folder / "dags")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in ("plugins", "dags", "")),
        "AIRFLOW__CORE__EXECUTOR": executor,
        "BENCHMARK_QA_CAMPAIGNS": str(folder),
        "BENCHMARK_QA_HOME": str(folder / "home"),
    }
    command = [sys.executable, "-c", PARSE, str(folder / "dags")]
    done = subprocess.run(command, env=environment | more, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_a_workspace_on_a_disk_is_refused_under_celery(tmp_path: Path) -> None:
    write_campaign(tmp_path)
    found = parse(tmp_path, "CeleryExecutor")
    assert found == {
        "dags": [],
        "errors": [
            "include.benchmark_qa.campaign.CampaignError: campaign 'demo', field workspace: "
            f"{tmp_path}/home/build/demo/workspace is on one machine's disk, and CeleryExecutor uses several: "
            "write a bucket's address, such as s3://name/prefix, or set BENCHMARK_QA_WORKSPACES to one"
        ],
    }


def test_the_same_campaign_is_welcome_where_workspaces_lie_in_a_bucket(tmp_path: Path) -> None:
    write_campaign(tmp_path)
    found = parse(tmp_path, "CeleryExecutor", BENCHMARK_QA_WORKSPACES="s3://workspaces")
    assert found == {"dags": ["benchmark_qa__demo", "benchmark_qa_loop__demo"], "errors": []}


def test_a_bucket_on_a_disk_is_refused_under_celery(tmp_path: Path) -> None:
    write_campaign(tmp_path, workspace="s3://workspaces/demo", bucket={"uri": "file:///files"})
    [error] = parse(tmp_path, "CeleryExecutor")["errors"]
    assert error.endswith(
        "campaign 'demo', field bucket: file:///files is on one machine's disk, and CeleryExecutor uses several: "
        "copy the files to a bucket and write its address"
    )


@pytest.mark.parametrize(
    ("setting", "executor"),
    [
        ("LocalExecutor", None),
        ("airflow.executors.local_executor.LocalExecutor", None),
        ("near:LocalExecutor", None),
        ("CeleryExecutor", "CeleryExecutor"),
        ("KubernetesExecutor", "KubernetesExecutor"),
        ("airflow.providers.edge3.executors.EdgeExecutor", "EdgeExecutor"),
        ("LocalExecutor, CeleryExecutor", "CeleryExecutor"),
        ("LocalExecutor,far:airflow.providers.celery.executors.celery_executor.CeleryExecutor", "CeleryExecutor"),
        ("LocalExecutor;team=KubernetesExecutor", "KubernetesExecutor"),
        ("=LocalExecutor;team=LocalExecutor,own:company.executors.OurExecutor", "OurExecutor"),
    ],
)
def test_any_executor_that_leaves_the_machine_counts(
    monkeypatch: pytest.MonkeyPatch, setting: str, executor: str | None
) -> None:
    from benchmark_qa_wiring.places import executor_over_machines

    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", setting)
    assert executor_over_machines() == executor


def test_a_form_that_names_a_folder_fails_the_first_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmark_qa_wiring.form import for_run
    from include.benchmark_qa.campaign import CampaignError, load_campaign

    write_campaign(tmp_path, bucket={"uri": "s3://files"})
    monkeypatch.setenv("BENCHMARK_QA_CAMPAIGNS", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("BENCHMARK_QA_WORKSPACES", "s3://workspaces")
    params = {"bucket_uri": "/files"}
    context = {"params": params, "dag": type("", (), {"params": params})}
    with pytest.raises(CampaignError) as caught:
        for_run(load_campaign("demo"), "bucket.benchmark_prefix")(context, None)
    assert str(caught.value) == (
        "this run's form: campaign 'demo', field bucket: /files is on one machine's disk, and CeleryExecutor uses "
        "several: copy the files to a bucket and write its address"
    )
