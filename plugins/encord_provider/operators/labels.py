from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from encord_provider.adapters.labels import MAIN_BRANCH
from encord_provider.exceptions import EncordNotFoundError, EncordOntologyError
from encord_provider.links.encord import EncordProjectLink
from encord_provider.operators.base import EncordBaseOperator
from include.benchmark_qa import paths
from include.benchmark_qa.submissions import Submission, batch_name, dump_batch, load_batch, split_batches

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.labels import BranchKey
    from encord_provider.adapters.workflow import ConsensusTask
    from include.benchmark_qa.results.batch import LabelPair

NO_KEY = ("", "")


class EncordListSubmissionsOperator(EncordBaseOperator):
    """
    Find what there is to score: the branches of all tasks that wait in the scored stage, in bounded batches.

    Writes each batch to the workspace and returns ``[{"batch": key, "submissions": count}, ...]``, to map over.

    :param project_hash: the production project (templated)
    :param scored_stage: title of the consensus block whose review holds finished benchmark tasks (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param batch_size: submissions in a batch; a unit's submissions stay together
    """

    template_fields: Sequence[str] = ("project_hash", "scored_stage", "workspace")
    operator_extra_links = (EncordProjectLink(),)

    def __init__(
        self,
        *,
        project_hash: str,
        scored_stage: str,
        workspace: str,
        batch_size: int = 500,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project_hash = project_hash
        self.scored_stage = scored_stage
        self.workspace = workspace
        self.batch_size = batch_size

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """
        List, and write the batches.

        :raises EncordWorkflowError: the project has no such stage
        """
        from include.object_storage import open_bucket

        tasks = self.hook.workflow.consensus_tasks(self.project_hash, self.scored_stage)
        submissions = [submission for task in tasks for submission in _submissions(task)]
        self.log.info("%d submission(s) of %d task(s) to score", len(submissions), len(tasks))
        workspace = open_bucket(self.workspace)
        batches = []
        for batch in split_batches(submissions, self.batch_size):
            content = dump_batch(batch)
            key = paths.batch(batch_name(content))
            workspace.write(key, content)
            batches.append({"batch": key, "submissions": len(batch)})
        return batches


class EncordScoreLabelsOperator(EncordBaseOperator):
    """
    Score one batch of submissions against the ground truth, into Parquet in the workspace.

    What cannot be compared is counted as not computed; it never fails the batch. Returns
    ``{"scores": key, "submissions": count, "not_computed": count}``.

    :param batch: one entry of what :class:`EncordListSubmissionsOperator` returned (templated)
    :param campaign: name of the campaign, written into each row (templated)
    :param project_hash: the production project (templated)
    :param benchmark_project_title: the project whose ``main`` labels are the ground truth (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param settings: the fields of ``ScoringSettings`` (templated)
    """

    template_fields: Sequence[str] = (
        "batch",
        "campaign",
        "project_hash",
        "benchmark_project_title",
        "workspace",
        "settings",
    )
    operator_extra_links = (EncordProjectLink(),)

    def __init__(
        self,
        *,
        batch: Mapping[str, Any],
        campaign: str,
        project_hash: str,
        benchmark_project_title: str,
        workspace: str,
        settings: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.campaign = campaign
        self.project_hash = project_hash
        self.benchmark_project_title = benchmark_project_title
        self.workspace = workspace
        self.settings = settings

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Fetch both sides, score, write.

        :raises EncordNotFoundError: the benchmark project does not exist
        :raises EncordOntologyError: the two projects carry different ontologies
        """
        from include.benchmark_qa.results.batch import score_batch
        from include.benchmark_qa.scoring.settings import ScoringSettings
        from include.object_storage import open_bucket

        workspace = open_bucket(self.workspace)
        submissions = load_batch(workspace.read(self.batch["batch"]))
        benchmark_hash, ontology_hash = self._shared_ontology()
        scored = score_batch(
            campaign=self.campaign,
            project_hash=self.project_hash,
            ontology=self.hook.ontologies.structure(ontology_hash),
            pairs=self._pairs(submissions, benchmark_hash),
            settings=ScoringSettings.model_validate(self.settings),
            scored_at=context["ti"].start_date,
        )
        name = self.batch["batch"].rpartition("/")[2].removesuffix(".json")
        workspace.write(f"{paths.VERDICTS}{name}.parquet", scored.verdicts)
        key = f"{paths.SUBMISSIONS}{name}.parquet"
        workspace.write(key, scored.submissions)  # last: whoever sees a submission's score finds its verdicts
        self.log.info("Scored %d submission(s), %d not computed", scored.count, scored.not_computed)
        return {"scores": key, "submissions": scored.count, "not_computed": scored.not_computed}

    def _shared_ontology(self) -> tuple[str, str]:
        benchmark_hash = self.hook.projects.find(self.benchmark_project_title)
        if benchmark_hash is None:
            raise EncordNotFoundError(
                f"no project is called {self.benchmark_project_title!r}: there is no ground truth"
            )
        truth, submitted = (self.hook.projects.ontology_hash(one) for one in (benchmark_hash, self.project_hash))
        if truth != submitted:
            raise EncordOntologyError(
                f"benchmark project {benchmark_hash} carries ontology {truth}, production project {self.project_hash} "
                f"carries {submitted}: labels can only be compared under the same one"
            )
        return benchmark_hash, truth

    def _pairs(self, submissions: Sequence[Submission], benchmark_hash: str) -> list[LabelPair]:
        from include.benchmark_qa.results.batch import LabelPair

        saved = {(one.data_hash, one.label_branch_name) for one in submissions if one.label_hash}
        submitted = self.hook.labels.labels(self.project_hash, saved)
        truth_keys = self._truth_keys({one.data_hash for one in submissions}, benchmark_hash)
        truths = self.hook.labels.labels(benchmark_hash, truth_keys.values())
        return [
            LabelPair(
                submission=one,
                ground_truth=truths.get(truth_keys.get(one.data_hash, NO_KEY)),
                submitted=submitted.get((one.data_hash, one.label_branch_name)),
            )
            for one in submissions
        ]

    def _truth_keys(self, data_hashes: Iterable[str], benchmark_hash: str) -> dict[str, BranchKey]:
        """Return where the ground truth of each unit is: by data hash, else by the storage item behind it."""
        rows = self.hook.labels.rows(benchmark_hash)
        by_hash = {row.data_hash: row for row in rows}
        if missing := [data_hash for data_hash in data_hashes if data_hash not in by_hash]:
            by_item = {row.backing_item_uuid: row for row in rows if row.backing_item_uuid}
            for row in self.hook.labels.rows(self.project_hash, missing):
                if row.backing_item_uuid in by_item:
                    by_hash[row.data_hash] = by_item[row.backing_item_uuid]
        return {one: (by_hash[one].data_hash, MAIN_BRANCH) for one in data_hashes if one in by_hash}


def _submissions(task: ConsensusTask) -> list[Submission]:
    return [
        Submission(
            task_uuid=task.task_uuid,
            data_hash=task.data_hash,
            data_title=task.data_title,
            annotator_email=option.annotator_email,
            label_branch_name=option.label_branch_name,
            label_hash=option.label_hash,
        )
        for option in task.options
    ]
