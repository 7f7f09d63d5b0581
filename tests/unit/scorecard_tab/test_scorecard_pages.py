from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from include.benchmark_qa.campaign import CAMPAIGNS_VARIABLE, PROJECT_ROOT
from include.scorecard_tab.lookup import campaign_name

SCORECARD = "<!doctype html><title>Annotator scorecard</title>"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make ``pilot`` the only campaign, and return its workspace, which does not exist yet."""
    fields = yaml.safe_load((PROJECT_ROOT / "include/campaigns/demo.yaml").read_text(encoding="utf-8"))
    folder = tmp_path / "campaigns"
    folder.mkdir()
    content = yaml.safe_dump(fields | {"workspace": f"file://{tmp_path}/workspace"})
    (folder / "pilot.yaml").write_text(content, encoding="utf-8")
    (tmp_path / "secret.yaml").write_text("title: not a campaign", encoding="utf-8")
    monkeypatch.setenv(CAMPAIGNS_VARIABLE, str(folder))
    return tmp_path / "workspace"


@pytest.fixture
def anonymous(workspace: Path) -> Iterator[TestClient]:
    from include.scorecard_tab.lazy import scorecard_app

    with TestClient(scorecard_app) as client:
        yield client


@pytest.fixture
def viewer(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Return a client that is logged in with the least of roles."""
    from airflow.api_fastapi.app import create_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.security import get_user
    from airflow.models.dag import DagModel

    from include.scorecard_tab.pages import create_app

    create_auth_manager()
    monkeypatch.setattr(DagModel, "get_team_name", lambda _: None)  # else it asks Airflow's database
    app = create_app()
    app.dependency_overrides[get_user] = lambda: SimpleAuthManagerUser(username="viewer", role="VIEWER")
    with TestClient(app) as client:
        yield client


def publish(workspace: Path) -> None:
    workspace.mkdir()
    (workspace / "scorecard.html").write_text(SCORECARD, encoding="utf-8")


@pytest.mark.parametrize("dag_id", ["benchmark_qa__pilot", "benchmark_qa_loop__pilot"])
def test_both_dags_of_a_campaign_show_its_scorecard(viewer: TestClient, workspace: Path, dag_id: str) -> None:
    publish(workspace)
    answer = viewer.get(f"/{dag_id}")
    assert (answer.status_code, answer.text) == (200, SCORECARD)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_nobody_sees_a_scorecard_without_logging_in(anonymous: TestClient, workspace: Path) -> None:
    publish(workspace)
    answer = anonymous.get("/benchmark_qa__pilot")
    assert answer.status_code == 401
    assert "scorecard" not in answer.text.lower()


def test_a_scorecard_may_run_nothing_in_airflows_name(viewer: TestClient, workspace: Path) -> None:
    publish(workspace)
    policy = viewer.get("/benchmark_qa__pilot").headers["content-security-policy"]
    assert {"default-src 'none'", "sandbox"} <= {part.strip() for part in policy.split(";")}


def test_before_the_first_scores_a_page_says_what_writes_them(viewer: TestClient) -> None:
    answer = viewer.get("/benchmark_qa__pilot")
    assert answer.status_code == 200
    assert "No scorecard yet" in answer.text
    assert "publish_scores" in answer.text


def test_a_dag_of_no_campaign_gets_a_page_that_says_so_and_quotes_it_safely(viewer: TestClient) -> None:
    answer = viewer.get("/<script>alert(1)")
    assert answer.status_code == 200
    assert "belongs to no Benchmark QA campaign" in answer.text
    assert "<script>" not in answer.text


def test_a_wrong_campaign_file_is_named_with_its_field(viewer: TestClient, workspace: Path) -> None:
    file = workspace.parent / "campaigns" / "pilot.yaml"
    file.write_text("titel: Pilot", encoding="utf-8")
    answer = viewer.get("/benchmark_qa__pilot")
    assert answer.status_code == 500
    assert "pilot.yaml" in answer.text
    assert "titel: no such field" in answer.text


@pytest.mark.parametrize(
    ("dag_id", "name"),
    [
        ("benchmark_qa__pilot", "pilot"),
        ("benchmark_qa_loop__pilot", "pilot"),
        ("benchmark_qa__demo", None),
        ("benchmark_qa__../secret", None),
        ("benchmark_qa__", None),
        ("pilot", None),
        ("benchmark_qa__benchmark_qa__pilot", None),
    ],
)
def test_only_a_campaign_that_exists_is_ever_looked_up(workspace: Path, dag_id: str, name: str | None) -> None:
    assert campaign_name(dag_id) == name


def test_the_plugin_puts_one_tab_on_dags_and_one_on_runs() -> None:
    import benchmark_qa_scorecard

    plugin = benchmark_qa_scorecard.BenchmarkQAScorecardPlugin
    assert {view["destination"]: view["href"] for view in plugin.external_views} == {
        "dag": "/benchmark-qa/scorecard/{DAG_ID}",
        "dag_run": "/benchmark-qa/scorecard/{DAG_ID}",
    }
    routes = [view["url_route"] for view in plugin.external_views]
    assert len(set(routes)) == len(routes)
