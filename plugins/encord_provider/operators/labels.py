from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from encord_provider import metrics
from encord_provider.adapters.labels import MAIN_BRANCH
from encord_provider.links.encord import EncordProjectLink, EncordStageLink
from encord_provider.operators.base import EncordBaseOperator
from include.benchmark_qa import paths
from include.benchmark_qa.submissions import Submission, load_batch

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.labels import BranchKey, SavedLabels
    from include.benchmark_qa.ledger.facts import ScoreFacts
    from include.benchmark_qa.ledger.looks import Look
    from include.benchmark_qa.results.batch import LabelPair, ScoredBatch
    from include.object_storage.protocol import Bucket


class EncordScoreLabelsOperator(EncordBaseOperator):
    """
    Score one batch of submissions against the ground truth, into Parquet in the workspace.

    Labels that turn out to be what was scored before keep their score. What cannot be compared is counted as not
    computed; it never fails the batch. Returns ``{"batch": name, "scores": key or None, "submissions": scored,
    "unchanged": count, "not_computed": count}``.

    :param batch: one entry of what ``EncordListSubmissionsOperator`` returned (templated)
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
        from include.benchmark_qa.results.batch import score_batch
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
                pairs=[pair_of(look) for look in new],
                settings=settings,
                scored_at=looked_at,
            )
            facts = self._write(workspace, scored)
        entries = with_scores(looks, facts, settings_version(settings))
        # Last: what the ledger knows to be scored has its results.
        name = paths.batch_name(self.batch["batch"])
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

        name = paths.batch_name(self.batch["batch"])
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
        name = paths.batch_name(self.batch["batch"])
        return {
            "batch": name,
            "scores": f"{paths.SUBMISSIONS}{name}.parquet" if facts else None,
            "submissions": len(facts),
            "unchanged": unchanged,
            "not_computed": not_computed,
        }


def pair_of(look: Look) -> LabelPair:
    """Return what is to be compared of a look, with the versions that it knows already."""
    from include.benchmark_qa.results.batch import LabelPair

    versions = (look.entry.submission_version, look.entry.ground_truth_version)
    return LabelPair(look.submission, look.ground_truth, look.submitted, *versions, look.problem)
