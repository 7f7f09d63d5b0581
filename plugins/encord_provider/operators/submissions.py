from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from encord_provider.exceptions import EncordNotFoundError, EncordOntologyError
from encord_provider.links.encord import EncordProjectLink, EncordStageLink
from encord_provider.operators.base import EncordBaseOperator
from include.benchmark_qa import paths
from include.benchmark_qa.submissions import Submission, batch_name, batch_title, dump_batch, split_batches

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.reviews import ConsensusTask
    from include.benchmark_qa.ledger.model import Ledger, TruthRow
    from include.benchmark_qa.ledger.store import LedgerStore
    from include.object_storage.protocol import Bucket


class EncordListSubmissionsOperator(EncordBaseOperator):
    """
    Find what there is to score, in bounded batches: what is new or was edited since it was last scored.

    The ledger in the workspace remembers what was scored, and with what. Compared with it are the branches of all tasks
    that wait in the scored stage; where ground truth or settings changed, also those of tasks that have left it. No
    labels are read for that. Writes each batch to the workspace and returns, to map over,
    ``[{"batch": key, "submissions": count, "title": text, "benchmark_project": hash, "ontology": hash}, ...]``; where
    Airflow maps over no more, the rest is left to the next pass.

    :param project_hash: the production project (templated)
    :param scored_stage: title of the consensus block whose review holds finished benchmark tasks (templated)
    :param benchmark_project_title: the project whose ``main`` labels are the ground truth (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param settings: the fields of ``ScoringSettings``; other settings than the last time score all anew (templated)
    :param batch_size: about how many submissions a batch holds at most; a unit's submissions stay together
    :param batch_frames: about how many frames a batch holds at most; all its labels are in memory at once
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
        batch_size: int = 2000,
        batch_frames: int = 30_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project_hash = project_hash
        self.scored_stage = scored_stage
        self.benchmark_project_title = benchmark_project_title
        self.workspace = workspace
        self.settings = settings
        self.batch_size = batch_size
        self.batch_frames = batch_frames

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
        if not waiting and not ledger.entries and not ledger.archived:
            self.log.info("Nothing was submitted yet")
            return []
        benchmark_hash = ledger.benchmark_project = self._benchmark_project()
        if self._are_terms_new(ledger, tasks, benchmark_hash):
            store.bring_back(ledger)
        chosen = self._choose(ledger, waiting)
        self.log.info("%d submission(s) wait; %d to look at", len(waiting), len(chosen))
        shared = {"benchmark_project": benchmark_hash, "ontology": self._ontology(benchmark_hash)} if chosen else {}
        batches = [batch | shared for batch in self._write(workspace, self._described(chosen))]
        ledger.outstanding += [paths.batch_name(batch["batch"]) for batch in batches]
        self._put_away(store, ledger, {one.data_hash for one in (*waiting, *chosen)})
        workspace.write(paths.BENCHMARK_UNITS, orjson.dumps(benchmark_units(ledger)))
        store.write(ledger)
        return batches

    def _are_terms_new(self, ledger: Ledger, tasks: Sequence[ConsensusTask], benchmark_hash: str) -> bool:
        """Note what was edited; say whether ground truth or settings are others than those of the scores there are."""
        from include.benchmark_qa.scoring.settings import ScoringSettings
        from include.benchmark_qa.scoring.versions import settings_version

        before = ledger.settings_version, dict(ledger.truths)
        self._note_edits(ledger, tasks, benchmark_hash)
        ledger.settings_version = settings_version(ScoringSettings.model_validate(self.settings))
        return before != (ledger.settings_version, ledger.truths)

    def _put_away(self, store: LedgerStore, ledger: Ledger, at_hand: Collection[str]) -> None:
        """Leave to the archive what no later pass needs, unless ground truth or settings change."""
        from include.benchmark_qa.ledger.archive import gone_units

        gone = gone_units(ledger, at_hand)
        annotated = self.hook.workflow.being_annotated(self.project_hash, gone)
        store.put_away(ledger, [one for one in gone if one not in annotated])

    def _note_edits(self, ledger: Ledger, tasks: Sequence[ConsensusTask], benchmark_hash: str) -> None:
        from include.benchmark_qa.ledger.moments import edited_after, latest, stamp
        from include.benchmark_qa.ledger.planning import note_submitted, note_truths

        labels = self.hook.labels
        if ledger.entries or ledger.archived:
            since = edited_after(ledger.submitted_until)
            note_submitted(ledger, labels.edited_rows(self.project_hash, since, branches=True))
        # What is scored from now on was edited after these tasks came to be as they are, by Encord's own clock.
        ledger.submitted_until = latest(ledger.submitted_until, *(stamp(task.updated_at) for task in tasks))
        note_truths(ledger, labels.edited_rows(benchmark_hash, edited_after(ledger.truth_until), branches=False))

    def _choose(self, ledger: Ledger, waiting: Sequence[Submission]) -> list[Submission]:
        from include.benchmark_qa.ledger.planning import choose_gone, choose_waiting, find_truths, keep_branches

        keep_branches(ledger, waiting)
        truths: dict[str, TruthRow] = find_truths(ledger, {one.data_hash for one in waiting}, self._items)
        chosen = choose_waiting(ledger, waiting, truths, ledger.settings_version)
        if gone := choose_gone(ledger, waiting, ledger.settings_version):
            annotated = self.hook.workflow.being_annotated(self.project_hash)
            chosen += [one for one in gone if one.data_hash not in annotated]
        return chosen

    def _items(self, data_hashes: Collection[str]) -> dict[str, str | None]:
        return {row.data_hash: row.backing_item_uuid for row in self.hook.labels.rows(self.project_hash, data_hashes)}

    def _described(self, chosen: Sequence[Submission]) -> list[Submission]:
        """Add how many frames the units have and, where Encord tells, how long people took and when they submitted."""
        if not chosen:
            return []
        units = {one.data_hash for one in chosen}
        times = self.hook.times.annotation_times(self.project_hash, self.scored_stage, units)
        frames = {row.data_hash: row.frames for row in self.hook.labels.rows(self.project_hash, units)}
        keys = [(one.data_hash, one.annotator_email) for one in chosen]
        return [
            replace(
                one,
                submitted_at=times.submitted_at.get(key),
                seconds=times.seconds.get(key),
                frames=frames.get(one.data_hash, 1),
            )
            for one, key in zip(chosen, keys, strict=True)
        ]

    def _write(self, workspace: Bucket, chosen: Sequence[Submission]) -> list[dict[str, Any]]:
        from airflow.sdk.configuration import conf

        found = list(split_batches(chosen, self.batch_size, self.batch_frames))
        most = conf.getint("core", "max_map_length")  # Airflow maps over no more
        if left := sum(map(len, found[most:])):
            self.log.warning("%d submission(s) are left to the next pass: %d batches are the most", left, most)
        batches = []
        for batch in found[:most]:
            content = dump_batch(batch)
            key = paths.batch(batch_name(content))
            workspace.write(key, content)
            batches.append({"batch": key, "submissions": len(batch), "title": batch_title(batch)})
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
