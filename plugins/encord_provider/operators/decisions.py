from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from encord_provider.links.encord import EncordProjectLink
from encord_provider.operators.base import EncordBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class EncordApplyDecisionsOperator(EncordBaseOperator):
    """
    Act on scores: approve, reject or leave each scored benchmark task, as the campaign's policy says.

    A task that has left the stage is passed over, so repeating a pass acts at most once. Returns
    ``{"scored": tasks looked at, "acted": tasks acted on}``.

    :param scores: what the mapped :class:`EncordScoreLabelsOperator` returned, None for nothing (templated)
    :param project_hash: the production project (templated)
    :param scored_stage: title of the consensus block (templated)
    :param workspace: URI of the campaign's workspace (templated)
    :param policy: the fields of ``PolicySettings``
    """

    template_fields: Sequence[str] = ("scores", "project_hash", "scored_stage", "workspace")
    operator_extra_links = (EncordProjectLink(),)

    def __init__(
        self,
        *,
        scores: Sequence[Mapping[str, Any]] | None,
        project_hash: str,
        scored_stage: str,
        workspace: str,
        policy: Mapping[str, Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scores = scores
        self.project_hash = project_hash
        self.scored_stage = scored_stage
        self.workspace = workspace
        self.policy = policy

    def execute(self, context: Context) -> dict[str, int]:
        """Plan, act, and log each action with its reason."""
        from include.benchmark_qa.policy import plan_actions
        from include.benchmark_qa.results.tables import submissions_from_parquet
        from include.benchmark_qa.scoring.settings import PolicySettings
        from include.object_storage import open_bucket

        workspace = open_bucket(self.workspace)
        # A slice fetches all mapped results at once; iterating would be one call each, and one more to find the end.
        keys = [] if self.scores is None else [score["scores"] for score in self.scores[:]]
        rows = [row for key in keys for row in submissions_from_parquet(workspace.read(key))]
        actions = plan_actions(rows, PolicySettings.model_validate(self.policy))
        for action in actions:
            self.log.info("%s %s (%s): %s", action.action, action.data_title, action.task_uuid, action.reason)
        verdicts = {one.task_uuid: one.action for one in actions if one.action != "leave"}
        acted = self.hook.workflow.review(self.project_hash, self.scored_stage, verdicts) if verdicts else 0
        self.log.info("Acted on %d of %d scored task(s)", acted, len(actions))
        return {"scored": len(actions), "acted": acted}
