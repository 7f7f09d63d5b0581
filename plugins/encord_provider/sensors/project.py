from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue, conf
from airflow.sdk.exceptions import AirflowSensorTimeout

from encord_provider import metrics
from encord_provider.adapters.patience import PASSING, is_one_of, patiently
from encord_provider.adapters.progress import Progress, Requirement
from encord_provider.exceptions import EncordTimeoutError, EncordTriggerEventError
from encord_provider.hooks.encord import EncordHook
from encord_provider.links.encord import EncordProjectLink
from encord_provider.operators.base import EncordTask
from encord_provider.sensors.deadline import keep_deadline
from encord_provider.triggers.base import PROGRESS_KEY
from encord_provider.triggers.project import EncordGroundTruthCompleteTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

# Past the deadline, the scheduler ends a wait that no triggerer has ended: none is running.
GRACE_SECONDS = 600.0


class EncordGroundTruthSensor(EncordTask, BaseSensorOperator):
    """
    Wait until people have made the ground truth: enough units of the benchmark project are far enough.

    Returns ``{"complete", "units", "required"}``, in units. How far people are is XCom ``progress`` while they work.
    The deadline is the first try's, also for a retry; a person who clears the task starts a new one.

    :param project_hash: the benchmark project (templated)
    :param complete_stage: title of the final stage (templated)
    :param require: ``all`` units in the final stage; a share of them above 0 and up to 1; or ``{"stage": title}``:
        all units in that stage or in the final one (templated)
    :param encord_conn_id: the Airflow connection
    :param deferrable: wait in the triggerer, without a worker slot; default: Airflow's ``default_deferrable``
    """

    template_fields: Sequence[str] = ("project_hash", "complete_stage", "require", "poke_interval", "timeout")
    operator_extra_links = (EncordProjectLink(),)

    def __init__(
        self,
        *,
        project_hash: str,
        complete_stage: str = "Complete",
        require: Any = "all",
        encord_conn_id: str = EncordHook.default_conn_name,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.project_hash = project_hash
        self.complete_stage = complete_stage
        self.require = require
        self.encord_conn_id = encord_conn_id
        self.deferrable = deferrable
        self._end_time = 0.0
        self._seen: Progress | None = None

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once; in a worker slot that waits anyway, past faults that pass."""
        end_time = self._end_time or time.time() + self.timeout
        progress = (
            self._look()
            if self.deferrable
            else patiently(self._look, pause=self.poke_interval, end_time=end_time, passing=PASSING)
        )
        metrics.gauge(context, "ground_truth_complete", progress.complete)
        metrics.gauge(context, "ground_truth_units", progress.units)
        if progress != self._seen:
            where = self.hook.project_url(self.project_hash)
            self.log.info("Ground truth: %s. People label at %s", progress, where)
            context["ti"].xcom_push(key=PROGRESS_KEY, value=f"Ground truth: {progress}")
        self._seen = progress
        counts = {"complete": progress.complete, "units": progress.units, "required": progress.required}
        return PokeReturnValue(is_done=progress.is_complete, xcom_value=counts)

    def execute(self, context: Context) -> Any:
        """
        Wait, in the triggerer where ``deferrable`` says so; a first look may make that needless.

        :raises ValueError: ``require`` is none of the three
        :raises EncordTimeoutError: people did not finish in time; says how far they are and what to do
        """
        self._end_time = keep_deadline(context, self.timeout)
        if not self.deferrable:
            return self._wait_here(context)
        try:
            if seen := self.poke(context):
                return self._conclude(seen.xcom_value)
        except Exception as error:
            if not is_one_of(error, PASSING):
                raise
            self.log.warning("Encord did not answer; the triggerer looks again: %s", error)
        trigger = EncordGroundTruthCompleteTrigger(
            project_hash=self.project_hash,
            complete_stage=self.complete_stage,
            require=self.require,
            encord_conn_id=self.encord_conn_id,
            poll_interval=self.poke_interval,
            end_time=self._end_time,
        )
        latest = timedelta(seconds=max(self._end_time - time.time(), 0.0) + GRACE_SECONDS)
        self.defer(trigger=trigger, method_name="execute_complete", timeout=latest)
        return None

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Airflow's hook: go on after the wait, or when the scheduler has ended it.

        :raises EncordTimeoutError: the deadline is past, and no triggerer was there to say so
        """
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout:
            raise self._too_late(str(self._look()), "No triggerer ended this wait: is one running? ") from None

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """
        Go on after the wait.

        :raises EncordTimeoutError: people did not finish in time; says how far they are and what to do
        :raises EncordTriggerEventError: the wait failed, or ended in a way that this task does not know
        """
        seen = {name: value for name, value in (event or {}).items() if name in {"complete", "units", "required"}}
        progress = Progress(**seen, stage=Requirement.read(self.require).stage) if len(seen) == 3 else None
        if event and event.get("status") == "success" and progress:
            self.log.info("Ground truth: %s", progress)
            context["ti"].xcom_push(key=PROGRESS_KEY, value=f"Ground truth: {progress}")
            return self._conclude(seen)
        if event and event.get("status") == "timeout":
            raise self._too_late(str(progress) if progress else "Encord did not answer, so nobody knows how far it is")
        message = event.get("message") if event else None
        raise EncordTriggerEventError(message or f"unexpected trigger event {event!r}")

    @cached_property
    def _hook_for_looks(self) -> EncordHook:
        # No retries of the SDK's own: it would sleep for hours, past all deadlines, if Retry-After says so.
        return EncordHook(self.encord_conn_id, retries=0)

    def _look(self) -> Progress:
        requirement = Requirement.read(self.require)
        return self._hook_for_looks.progress(self.project_hash, self.complete_stage, requirement)

    def _wait_here(self, context: Context) -> Any:
        try:
            return self._conclude(super().execute(context))
        except AirflowSensorTimeout:
            raise self._too_late(str(self._seen)) from None

    def _conclude(self, counts: Any) -> dict[str, Any]:
        if unfinished := counts["units"] - counts["complete"]:
            self.log.warning(
                "%d of %d known units have no finished ground truth. They are routed as known units all the same: what "
                "annotators submit for them is scored once somebody has saved labels in the benchmark project",
                unfinished,
                counts["units"],
            )
        return dict(counts)

    def _too_late(self, progress: str, hint: str = "") -> EncordTimeoutError:
        return EncordTimeoutError(
            f"the ground truth was not made within {timedelta(seconds=self.timeout)}: {progress}. {hint}"
            f"Ask the people who label project {self.project_hash}, then clear this task: it waits as long again. "
            "ground_truth.timeout_hours and ground_truth.require are in the campaign's file"
        )
