from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from encord_provider import metrics
from encord_provider.operators.score_files import download_tables, listed, read_history, read_if_there
from encord_provider.outlets import describe_outlets
from include.benchmark_qa import paths
from include.benchmark_qa.decisions import Decision

if TYPE_CHECKING:
    from airflow.sdk import Context

    from include.benchmark_qa.results.report import ScoreReport
    from include.benchmark_qa.work_queue import WorkQueue
    from include.object_storage.protocol import Bucket


class PublishScoresOperator(BaseOperator):
    """
    Sum up all scores of a campaign and publish them in the workspace: as a page, as JSON and as a Parquet table.

    How many benchmark units an annotator has left is told where the workspace says which units there are: a JSON list
    of their data hashes, ``scores/benchmark_units.json``.

    Who will have too few of them for the real work ahead is told where ``route_tasks`` has written down how much waits.

    Returns ``{"scorecard": key, "annotators": count, "submissions": count, "not_computed": count}``.

    :param campaign_title: what the page is headed with (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param decision: the fields of ``DecisionSettings`` (templated)
    :param settings: the fields of ``ScoringSettings`` (templated)
    """

    template_fields: Sequence[str] = ("campaign_title", "workspace", "decision", "settings")

    def __init__(
        self,
        *,
        campaign_title: str,
        workspace: str,
        decision: Mapping[str, Any],
        settings: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_title = campaign_title
        self.workspace = workspace
        self.decision = decision
        self.settings = settings

    def execute(self, context: Context) -> dict[str, Any]:
        """Read every score there is, sum up, write; a campaign without scores gets a page that says so."""
        from include.benchmark_qa.results.actions import read_actions
        from include.benchmark_qa.results.scorecard import render_scorecard, scorecard_text
        from include.benchmark_qa.scoring.settings import ScoringSettings
        from include.object_storage import open_bucket

        workspace = open_bucket(self.workspace)
        report = self._report(workspace)
        as_of: datetime = context["ti"].start_date
        page = render_scorecard(
            report,
            campaign=self.campaign_title,
            as_of=f"{as_of:%Y-%m-%d %H:%M} UTC",
            pass_mark=ScoringSettings.model_validate(self.settings).pass_mark,
            actions=read_actions(read_history(workspace), map(workspace.read, listed(workspace, paths.DRY_RUNS))),
        )
        workspace.write(paths.SCORECARD, page.encode())
        workspace.write(paths.SUMMARY, _as_json(report, as_of))
        workspace.write(paths.ANNOTATORS, report.table)
        self.log.info("Scorecard of %r\n%s", self.campaign_title, scorecard_text(report.annotators))
        for one in report.running_out:
            self.log.warning("Known units run out: %s. More of them keep the scores meaningful", one)
        decisions = Counter(annotator.decision.value for annotator in report.annotators)
        for decision in Decision:
            metrics.gauge(context, "annotators", decisions[decision.value], decision=decision.value)
        result = {
            "scorecard": paths.SCORECARD,
            "annotators": len(report.annotators),
            "submissions": sum(annotator.submissions for annotator in report.annotators),
            "not_computed": len(report.not_computed),
        }
        facts = {decision.value.lower(): decisions[decision.value] for decision in Decision}
        describe_outlets(context, self.outlets, result | facts | {"workspace": self.workspace})
        return result

    def _report(self, workspace: Bucket) -> ScoreReport:
        from include.benchmark_qa.results.report import read_report
        from include.benchmark_qa.scoring.settings import DecisionSettings

        with tempfile.TemporaryDirectory() as folder:
            return read_report(
                download_tables(workspace, paths.SUBMISSIONS, Path(folder, "submissions")),
                download_tables(workspace, paths.VERDICTS, Path(folder, "verdicts")),
                DecisionSettings.model_validate(self.decision),
                _benchmark_units(workspace),
                _work_queue(workspace),
            )


def _benchmark_units(workspace: Bucket) -> list[str] | None:
    import orjson

    content = read_if_there(workspace, paths.BENCHMARK_UNITS)
    return None if content is None else list(map(str, orjson.loads(content)))


def _work_queue(workspace: Bucket) -> WorkQueue | None:
    from include.benchmark_qa.work_queue import WorkQueue

    content = read_if_there(workspace, paths.WORK_QUEUE)
    return None if content is None else WorkQueue.from_json(content)


def _as_json(report: ScoreReport, as_of: datetime) -> bytes:
    import orjson

    content = {field.name: getattr(report, field.name) for field in fields(report) if field.name != "table"} | {
        "as_of": as_of,
        "decision": report.decision.model_dump(),
        "suspects": [unit.data_hash for unit in report.suspects],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
