from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.models.pool import Pool
from airflow.models.team import Team
from airflow.sdk import DAG, task
from airflow.serialization.serialized_objects import DagSerialization
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import Session

from encord_provider import pool_listener
from encord_provider.pools import call_pool, create_pool, make_missing_pools
from tests.conftest import ROOT


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Return a session of a database that has nothing but pools, with one that somebody has set."""
    engine = create_engine(f"sqlite:///{tmp_path}/pools.db")
    for model in (Team, Pool):
        model.__table__.create(engine)
    with Session(engine) as session:
        session.add(Pool(pool="encord_default", slots=3, description="ours", include_deferred=True))
        session.commit()
        yield session


def pools(session: Session) -> dict[str, tuple[int, bool]]:
    return {pool.pool: (pool.slots, pool.include_deferred) for pool in session.scalars(select(Pool))}


@pytest.mark.parametrize(
    ("conn_id", "name"),
    [("encord_default", "encord_default"), ("encord-eu.2", "encord-eu.2"), ("team/encord (eu)!", "team_encord__eu__")],
)
def test_a_pool_is_called_as_the_connection_is_where_metrics_can_be(conn_id: str, name: str) -> None:
    assert (call_pool(conn_id), create_pool(conn_id)) == (name, f"{name}_create")


def test_only_missing_pools_are_made_and_what_somebody_set_stays(session: Session) -> None:
    names = ["encord_default", "encord_default_create", "default_pool"]
    assert make_missing_pools(names, session) == ["default_pool", "encord_default_create"]
    assert pools(session) == {
        "encord_default": (3, True),
        "encord_default_create": (1, False),
        "default_pool": (8, False),
    }
    assert make_missing_pools(names, session) == []


def test_one_that_comes_second_makes_nothing_and_its_transaction_goes_on(session: Session) -> None:
    with Session(session.get_bind()) as other:
        assert make_missing_pools(["encord_eu"], other) == ["encord_eu"]
        other.commit()
    # As if the other had come between the look and the write.
    session.scalars = lambda _query: []  # type: ignore[method-assign, assignment, return-value]
    assert make_missing_pools(["encord_eu"], session) == []
    del session.scalars
    assert make_missing_pools(["encord_us"], session) == ["encord_us"]
    session.commit()
    assert {"encord_eu", "encord_us"} < set(pools(session))


def test_the_schedulers_own_transaction_is_not_committed(session: Session) -> None:
    def forbid(_session: Any) -> None:
        raise AssertionError("committed")

    event.listen(session, "before_commit", forbid)
    session.add(Pool(pool="as the run's new state", slots=1, include_deferred=False))
    assert make_missing_pools(["encord_eu"], session) == ["encord_eu"]
    session.rollback()
    assert set(pools(session)) == {"encord_default"}


@pytest.mark.parametrize(("tag", "made"), [("benchmark-qa", {"encord_new", "encord_mapped"}), ("others", set())])
def test_a_run_that_starts_makes_the_pools_of_its_dag_and_of_no_other(
    session: Session, monkeypatch: pytest.MonkeyPatch, tag: str, made: set[str]
) -> None:
    with DAG("any", tags=[tag], schedule=None) as dag:

        @task(pool="encord_new")
        def plain() -> list[int]:
            return [1]

        @task(pool="encord_mapped")
        def mapped(one: int) -> None: ...

        mapped.expand(one=plain())
    run = SimpleNamespace(dag=DagSerialization.from_dict(DagSerialization.to_dict(dag)))
    monkeypatch.setattr("sqlalchemy.orm.object_session", lambda _run: session)
    pool_listener.on_dag_run_running(run)  # type: ignore[arg-type]
    assert set(pools(session)) == made | {"encord_default"}


def test_a_wrong_campaign_keeps_no_other_from_its_pools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    demo = (ROOT / "include" / "campaigns" / "demo.yaml").read_text()
    (tmp_path / "demo.yaml").write_text(demo.replace("encord_default", "encord/eu"))
    (tmp_path / "broken.yaml").write_text(demo.replace("title: Demo", "tittle: Demo"))
    monkeypatch.setenv("BENCHMARK_QA_CAMPAIGNS", str(tmp_path))
    assert pool_listener.pools_of_campaigns() == {"encord_eu", "encord_eu_create"}
    assert "broken.yaml: " in caplog.text


def test_a_tasks_process_asks_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.utils.session.create_session", lambda: pytest.fail("asked"))
    pool_listener.on_starting(SimpleNamespace())
