"""A campaign whose workspace lies in a bucket: what it comes to, and the scorecard that Airflow shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
import yaml

from include.benchmark_qa import paths
from include.benchmark_qa.campaign import PROJECT_ROOT
from include.object_storage import open_bucket
from include.scorecard_tab.pages import scorecard_page
from tests.faults.test_switches import EXPECTED, journey, world  # noqa: F401 - fixtures
from tests.support.object_servers import moto_server
from tests.support.operator_journey import Journey

pytestmark = pytest.mark.emulator

BUCKET = "tab-workspaces"  # moto keeps the buckets of all tests of one process
WORKSPACES = f"s3://{BUCKET}/qa"


@pytest.fixture
def workspaces(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a bucket that cloud clients find by what stands in the environment alone."""
    with moto_server() as url:
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "BENCHMARK_QA_WORKSPACES": WORKSPACES,
        }.items():
            monkeypatch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield WORKSPACES


def test_a_campaign_comes_to_the_same_with_its_workspace_in_a_bucket_and_the_tab_shows_it(
    journey: Journey,  # noqa: F811
    workspaces: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert replace(journey, place=f"{workspaces}/journey").run() == EXPECTED
    assert not (journey.folder / "workspace").exists()
    fields = yaml.safe_load((PROJECT_ROOT / "include/campaigns/demo.yaml").read_text(encoding="utf-8"))
    (journey.folder / "pilot.yaml").write_text(yaml.safe_dump(fields | {"workspace": "journey"}), encoding="utf-8")
    monkeypatch.setenv("BENCHMARK_QA_CAMPAIGNS", str(journey.folder))
    page = scorecard_page("benchmark_qa_loop__pilot")
    assert (page.status_code, page.body) == (200, open_bucket(f"{workspaces}/journey").read(paths.SCORECARD))


@pytest.mark.usefixtures("workspaces")
def test_a_workspace_bucket_that_is_not_there_is_named_on_the_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHMARK_QA_WORKSPACES", "s3://nowhere")
    page = scorecard_page("benchmark_qa_loop__demo")
    assert page.status_code == 500
    assert "s3://nowhere" in bytes(page.body).decode()
