from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from encord_provider import metrics
from encord_provider.adapters.labels import MAIN_BRANCH
from encord_provider.exceptions import EncordNotFoundError, EncordOntologyError
from encord_provider.links.encord import EncordProjectLink, EncordStageLink
from encord_provider.operators.base import EncordBaseOperator
from include.benchmark_qa import paths
from include.benchmark_qa.submissions import Submission, batch_name, dump_batch, load_batch, split_batches

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.labels import BranchKey, SavedLabels
    from encord_provider.adapters.reviews import ConsensusTask
    from include.benchmark_qa.ledger.facts import ScoreFacts
    from include.benchmark_qa.ledger.model import Ledger, TruthRow
    from include.benchmark_qa.results.batch import ScoredBatch
    from include.object_storage.protocol import Bucket


class EncordListSubmissionsOperator(EncordBaseOperator):
    """
    Find what there is to score, in bounded batches: what is new or was edited since it was last scored.

    The ledger in the workspace remembers what was scored, and with what. Compared with it are the branches of all tasks
    that wait in the scored stage; where ground truth or settings changed, also those of tasks that have left it. No
    labels are read for that. Writes each batch to the workspace and returns, to map over,
    ``[{"batch": key, "submissions": count, "benchmark_project": hash, "ontology": hash}, ...]``.

    :param project_hash: the production project (templated)
    :param scored_stage: title of the consensus block whose review holds finished benchmark tasks (templated)
    :param benchmark_project_title: the project whose ``main`` labels are the ground truth (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param settings: the fields of ``ScoringSettings``; other settings than the last time score all anew (templated)
    :param batch_size: submissions in a batch; a unit's submissions stay together
    """

    template_fields: Sequence[str] = (
        "project_hash",
        "scored_stage",
        "benchmark_project_title",
        "workspace",
        "settings",
    )
    operator_extra_links = (EncordProjectLink(), EncordStageLink())

    def __init__(
        self,
        *,
        project_hash: str,
        scored_stage: str,
        benchmark_project_title: str,
        workspace: str,
        settings: Mapping[str, Any],
        batch_size: int = 500,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project_hash = project_hash
        self.scored_stage = scored_stage
        self.benchmark_project_title = benchmark_project_title
        self.workspace = workspace
        self.settings = settings
        self.batch_size = batch_size

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """
        List, compare with the ledger, and write the batches.

        :raises EncordWorkflowError: the project has no such stage
        :raises EncordNotFoundError: the benchmark project does not exist
        :raises EncordOntologyError: the two projects carry different ontologies
        """
        import orjson

        from include.benchmark_qa.ledger.planning import benchmark_units
        from include.benchmark_qa.ledger.store import LedgerStore
        from include.object_storage import open_bucket

        workspace = open_bucket(self.workspace)
        store = LedgerStore(workspace, self.project_hash)
        ledger = store.read()
        store.take_in(ledger, ledger.outstanding)
        tasks = self.hook.workflow.consensus_tasks(self.project_hash, self.scored_stage)
        waiting = [submission for task in tasks for submission in submissions_of(task)]
        if not waiting and not ledger.entries:
            self.log.info("Nothing was submitted yet")
            return []
        benchmark_hash = self._benchmark_project()
        self._note_edits(ledger, tasks, benchmark_hash)
        chosen = self._choose(ledger, waiting)
        self.log.info("%d submission(s) wait; %d to look at", len(waiting), len(chosen))
        shared = {"benchmark_project": benchmark_hash, "ontology": self._ontology(benchmark_hash)} if chosen else {}
        batches = [batch | shared for batch in self._write(workspace, self._timed(chosen))]
        ledger.outstanding += [name_of(batch) for batch in batches]
        workspace.write(paths.BENCHMARK_UNITS, orjson.dumps(benchmark_units(ledger)))
        store.write(ledger)
        return batches

    def _note_edits(self, ledger: Ledger, tasks: Sequence[ConsensusTask], benchmark_hash: str) -> None:
        from include.benchmark_qa.ledger.moments import edited_after, latest, stamp
        from include.benchmark_qa.ledger.planning import note_submitted, note_truths

        labels = self.hook.labels
        if ledger.entries:
            since = edited_after(ledger.submitted_until)
            note_submitted(ledger, labels.edited_rows(self.project_hash, since, branches=True))
        # What is scored from now on was edited after these tasks came to be as they are, by Encord's own clock.
        ledger.submitted_until = latest(ledger.submitted_until, *(stamp(task.updated_at) for task in tasks))
        note_truths(ledger, labels.edited_rows(benchmark_hash, edited_after(ledger.truth_until), branches=False))

    def _choose(self, ledger: Ledger, waiting: Sequence[Submission]) -> list[Submission]:
        from include.benchmark_qa.ledger.planning import choose_gone, choose_waiting, find_truths, keep_branches
        from include.benchmark_qa.scoring.settings import ScoringSettings
        from include.benchmark_qa.scoring.versions import settings_version

        ledger.settings_version = settings_version(ScoringSettings.model_validate(self.settings))
        keep_branches(ledger, waiting)
        truths: dict[str, TruthRow] = find_truths(ledger, {one.data_hash for one in waiting}, self._items)
        chosen = choose_waiting(ledger, waiting, truths, ledger.settings_version)
        if gone := choose_gone(ledger, waiting, ledger.settings_version):
            annotated = self.hook.workflow.being_annotated(self.project_hash)
            chosen += [one for one in gone if one.data_hash not in annotated]
        return chosen

    def _items(self, data_hashes: Collection[str]) -> dict[str, str | None]:
        return {row.data_hash: row.backing_item_uuid for row in self.hook.labels.rows(self.project_hash, data_hashes)}

    def _timed(self, chosen: Sequence[Submission]) -> list[Submission]:
        """Add to submissions how long they took and when they were made, where Encord tells."""
        if not chosen:
            return []
        times = self.hook.times.annotation_times(self.project_hash, self.scored_stage)
        keys = [(one.data_hash, one.annotator_email) for one in chosen]
        return [
            replace(one, submitted_at=times.submitted_at.get(key), seconds=times.seconds.get(key))
            for one, key in zip(chosen, keys, strict=True)
        ]

    def _write(self, workspace: Bucket, chosen: Sequence[Submission]) -> list[dict[str, Any]]:
        batches = []
        for batch in split_batches(chosen, self.batch_size):
            content = dump_batch(batch)
            key = paths.batch(batch_name(content))
            workspace.write(key, content)
            batches.append({"batch": key, "submissions": len(batch)})
        return batches

    def _benchmark_project(self) -> str:
        if benchmark_hash := self.hook.projects.find(self.benchmark_project_title):
            return benchmark_hash
        raise EncordNotFoundError(f"no project is called {self.benchmark_project_title!r}: there is no ground truth")

    def _ontology(self, benchmark_hash: str) -> str:
        truth, submitted = (self.hook.projects.ontology_hash(one) for one in (benchmark_hash, self.project_hash))
        if truth != submitted:
            raise EncordOntologyError(
                f"benchmark project {benchmark_hash} carries ontology {truth}, production project {self.project_hash} "
                f"carries {submitted}: labels can only be compared under the same one"
            )
        return truth


class EncordScoreLabelsOperator(EncordBaseOperator):
    """
    Score one batch of submissions against the ground truth, into Parquet in the workspace.

    Labels that turn out to be what was scored before keep their score. What cannot be compared is counted as not
    computed; it never fails the batch. Returns ``{"batch": name, "scores": key or None, "submissions": scored,
    "unchanged": count, "not_computed": count}``.

    :param batch: one entry of what :class:`EncordListSubmissionsOperator` returned (templated)
    :param campaign: name of the campaign, written into each row (templated)
    :param project_hash: the production project (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param settings: the fields of ``ScoringSettings`` (templated)
    """

    template_fields: Sequence[str] = ("batch", "campaign", "project_hash", "workspace", "settings")
    operator_extra_links = (EncordProjectLink(), EncordStageLink())

    def __init__(
        self,
        *,
        batch: Mapping[str, Any],
        campaign: str,
        project_hash: str,
        workspace: str,
        settings: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.campaign = campaign
        self.project_hash = project_hash
        self.workspace = workspace
        self.settings = settings

    def execute(self, context: Context) -> dict[str, Any]:
        """Fetch both sides, score what is not as it was, write."""
        from include.benchmark_qa.ledger.looks import gone_entries, look_at, with_scores
        from include.benchmark_qa.ledger.store import LedgerStore
        from include.benchmark_qa.results.batch import LabelPair, score_batch
        from include.benchmark_qa.scoring.settings import ScoringSettings
        from include.benchmark_qa.scoring.versions import settings_version
        from include.object_storage import open_bucket

        workspace = open_bucket(self.workspace)
        submissions = load_batch(workspace.read(self.batch["batch"]))
        looked_at = context["ti"].start_date
        looks = look_at(submissions, *self._labels(submissions), looked_at)
        new = [look for look in looks if look.is_new]
        settings = ScoringSettings.model_validate(self.settings)
        facts: dict[BranchKey, ScoreFacts] = {}
        if new:
            scored = score_batch(
                campaign=self.campaign,
                project_hash=self.project_hash,
                ontology=self.hook.ontologies.structure(self.batch["ontology"]),
                pairs=[LabelPair(look.submission, look.ground_truth, look.submitted) for look in new],
                settings=settings,
                scored_at=looked_at,
            )
            facts = self._write(workspace, scored)
        entries = with_scores(looks, facts, settings_version(settings))
        # Last: what the ledger knows to be scored has its results.
        name = name_of(self.batch)
        gone = gone_entries(submissions, looks, looked_at)
        LedgerStore(workspace, self.project_hash).write_batch(name, [*entries, *gone])
        summary = self._summary(len(submissions), len(looks), facts)
        metrics.count(context, "submissions_scored", summary["submissions"] - summary["not_computed"])
        metrics.count(context, "submissions_not_computed", summary["not_computed"])
        return summary

    def _labels(self, submissions: Sequence[Submission]) -> tuple[dict[BranchKey, SavedLabels], dict[str, SavedLabels]]:
        saved = {(one.data_hash, one.label_branch_name) for one in submissions if one.label_hash}
        homes = {(one.truth_hash, MAIN_BRANCH) for one in submissions if one.truth_hash}
        truths = self.hook.labels.labels(self.batch["benchmark_project"], homes)
        submitted = self.hook.labels.labels(self.project_hash, saved)
        return submitted, {data_hash: labels for (data_hash, _), labels in truths.items()}

    def _write(self, workspace: Bucket, scored: ScoredBatch) -> dict[BranchKey, ScoreFacts]:
        from include.benchmark_qa.ledger.facts import read_facts

        name = name_of(self.batch)
        workspace.write(f"{paths.VERDICTS}{name}.parquet", scored.verdicts)
        # After the verdicts: whoever sees a submission's score finds them.
        workspace.write(f"{paths.SUBMISSIONS}{name}.parquet", scored.submissions)
        return read_facts(scored.submissions, scored.verdicts)

    def _summary(self, submissions: int, looks: int, facts: Mapping[BranchKey, ScoreFacts]) -> dict[str, Any]:
        if submissions > looks:
            self.log.warning("%d of %d submission(s) have no labels to read any more", submissions - looks, submissions)
        not_computed = sum(one.score is None for one in facts.values())
        unchanged = looks - len(facts)
        self.log.info("Scored %d submission(s), %d not computed; %d unchanged", len(facts), not_computed, unchanged)
        name = name_of(self.batch)
        return {
            "batch": name,
            "scores": f"{paths.SUBMISSIONS}{name}.parquet" if facts else None,
            "submissions": len(facts),
            "unchanged": unchanged,
            "not_computed": not_computed,
        }


def name_of(batch: Mapping[str, Any]) -> str:
    """Return the name of a batch, which its files carry."""
    name: str = batch["batch"].rpartition("/")[2].removesuffix(".json")
    return name


def submissions_of(task: ConsensusTask) -> list[Submission]:
    """Return the submissions of a task, one for each annotator."""
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
