from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, conf

from encord_provider.exceptions import EncordTimeoutError, EncordTriggerEventError
from encord_provider.hooks.encord import EncordHook
from encord_provider.links.encord import EncordProjectLink
from encord_provider.operators.base import EncordTask
from encord_provider.triggers.project import EncordGroundTruthCompleteTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context


class EncordGroundTruthSensor(EncordTask, BaseSensorOperator):
    """
    Wait until people have made the ground truth: every unit of the benchmark project is in its final stage.

    :param project_hash: the benchmark project (templated)
    :param complete_stage: title of the final stage (templated)
    :param encord_conn_id: the Airflow connection
    :param deferrable: wait in the triggerer, without a worker slot; default: Airflow's ``default_deferrable``
    """

    template_fields: Sequence[str] = ("project_hash", "complete_stage", "poke_interval", "timeout")
    operator_extra_links = (EncordProjectLink(),)

    def __init__(
        self,
        *,
        project_hash: str,
        complete_stage: str = "Complete",
        encord_conn_id: str = EncordHook.default_conn_name,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project_hash = project_hash
        self.complete_stage = complete_stage
        self.encord_conn_id = encord_conn_id
        self.deferrable = deferrable

    def poke(self, context: Context) -> bool:
        """Look once."""
        progress = self.hook.progress(self.project_hash, self.complete_stage)
        where = self.hook.project_url(self.project_hash)
        self.log.info("Ground truth: %s in stage %r. People label at %s", progress, self.complete_stage, where)
        return progress.is_complete

    def execute(self, context: Context) -> Any:
        """Wait, in the triggerer where ``deferrable`` says so; a first look may make that needless."""
        if not self.deferrable:
            return super().execute(context)
        if not self.poke(context):
            self.defer(
                trigger=EncordGroundTruthCompleteTrigger(
                    project_hash=self.project_hash,
                    complete_stage=self.complete_stage,
                    encord_conn_id=self.encord_conn_id,
                    poll_interval=self.poke_interval,
                    end_time=time.time() + self.timeout,
                ),
                method_name="execute_complete",
            )
        return None

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> None:
        """
        Go on after the wait.

        :raises EncordTimeoutError: people did not finish in time; says how far they are
        :raises EncordTriggerEventError: the wait failed, or ended in a way that this task does not know
        """
        status = event.get("status") if event else None
        if event and status == "success":
            self.log.info("Ground truth: %s of %s complete", event["complete"], event["units"])
            return
        if event and status == "timeout":
            raise EncordTimeoutError(
                f"ground truth of project {self.project_hash} was not complete after {self.timeout:.0f} s: "
                f"{event.get('complete', 0)} of {event.get('units', '?')} units in stage {self.complete_stage!r}"
            )
        message = event.get("message") if event else None
        raise EncordTriggerEventError(message or f"unexpected trigger event {event!r}")
