from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk.exceptions import AirflowSkipException

from encord_provider.hooks.encord import EncordHook
from encord_provider.links.encord import EncordProjectLink
from encord_provider.operators.base import EncordTask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.sdk import Context


class EncordApproveGroundTruthOperator(EncordTask, ApprovalOperator):
    """
    Let a person approve the ground truth before a project is made with it; Airflow's own ``ApprovalOperator``.

    Skips itself where nobody is to be asked, and where the project exists already: a retry, a second run or a backfill
    of thirty intervals asks once, not thirty times. Whoever rejects ends the run: all that comes after is skipped, and
    the next run asks again. The answer, and who gave it, is the task's result.

    :param required: whether a person is asked: a truth value or such a word (templated)
    :param project_title: the project that is made after the approval (templated)
    :param project_hash: the benchmark project that the person looks at (templated)
    :param progress: ``{"complete", "units", "required"}``, what ``EncordGroundTruthSensor`` returned (templated)
    :param encord_conn_id: the Airflow connection
    """

    template_fields: Sequence[str] = (
        *ApprovalOperator.template_fields,
        "required",
        "project_title",
        "project_hash",
        "progress",
    )
    operator_extra_links = (EncordProjectLink(),)

    def __init__(
        self,
        *,
        required: bool | str,
        project_title: str,
        project_hash: str,
        progress: Mapping[str, int],
        encord_conn_id: str = EncordHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        texts = {"subject": "Is the ground truth good enough to score annotators with?", "body": ""}
        super().__init__(**{"ignore_downstream_trigger_rules": True, **texts, **kwargs})
        self.required = required
        self.project_title = project_title
        self.project_hash = project_hash
        self.progress = progress
        self.encord_conn_id = encord_conn_id

    def execute(self, context: Context) -> Any:
        """Ask, unless nobody is to be asked or somebody has approved already."""
        if str(self.required).strip().lower() not in {"true", "yes", "1"}:
            self._skip("No approval is asked for: `approval` is off")
        if existing := self.hook.projects.find(self.project_title):
            self._skip(f"No approval is asked for: project {self.project_title!r} exists already ({existing})")
        self.body = self.body or self._what_to_look_at()
        self.log.info("%s Answer under the tab Required Actions of this task. %s", self.subject, self.body)
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Go on, or skip all that comes after."""
        [answer] = event.get("chosen_options") or ["no answer"]
        who = (event.get("responded_by_user") or {}).get("name") or "somebody"
        self.log.info("%s: %s", who, answer)
        if answer == self.REJECT:
            self.log.warning(
                "The ground truth was rejected: project %r is not made. Correct the labels in the benchmark project, "
                "then clear this task or trigger the Dag again, and you are asked again",
                self.project_title,
            )
        return super().execute_complete(context, event)

    def _skip(self, reason: str) -> None:
        self.log.info("%s", reason)  # Airflow shows the reason of a skip nowhere
        raise AirflowSkipException(reason)

    def _what_to_look_at(self) -> str:
        complete, units = self.progress["complete"], self.progress["units"]
        return (
            f"**{complete} of {units}** known units have finished ground truth. "
            f"Look through the labels in [the benchmark project]({self.hook.project_url(self.project_hash)}).\n\n"
            f"**Approve**: project *{self.project_title}* is made, and its annotators are scored against these labels."
            "\n\n**Reject**: nothing is made and the run ends; you are asked again when it is triggered again."
        )
