from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from include.benchmark_qa.mixing import ORDINARY, Waiting, plan_priorities
from include.benchmark_qa.work_queue import WorkQueue

if TYPE_CHECKING:
    from encord_provider.adapters.priorities import UnitInQueue
    from encord_provider.hooks.encord import EncordHook
    from include.benchmark_qa.campaign_parts import BenchmarkMix

# So far Encord may round a priority.
_ROUNDING = 0.01
_HOW = {"interleave": "spread evenly", "first": "before all others", "none": "wherever Encord puts them"}


class TaskMixing:
    """
    Puts known units where they belong in the queue of waiting tasks.

    :param known: data hashes of known units
    """

    def __init__(self, hook: EncordHook, project_hash: str, known: Collection[str], mix: BenchmarkMix) -> None:
        self.hook = hook
        self.project_hash = project_hash
        self.known = {data_hash.lower() for data_hash in known}
        self.mix = mix
        self._set: dict[str, float] = {}
        self.log = logging.getLogger(__name__)

    def ensure(self, as_of: datetime) -> WorkQueue:
        """
        Give each waiting task its priority, if it has another, and say how many of which sort wait.

        To be called before tasks are routed, so that no annotator ever sees them unmixed, and a pass that is killed in
        between leaves no task without.
        """
        units = self.hook.priorities.units(self.project_hash)
        past = self.hook.workflow.past_annotators(self.project_hash)
        waiting = [unit for unit in units if unit.stage_uuid and unit.stage_uuid not in past]
        known, real = self._parted(waiting)
        changes = plan_priorities(
            [Waiting(unit.data_hash, unit.priority) for unit in known],
            [Waiting(unit.data_hash, unit.priority) for unit in real],
            self.mix,
        )
        self.hook.priorities.set(self.project_hash, changes)
        self._set |= changes
        all_known, all_real = self._parted(units)
        queue = WorkQueue(as_of, len(known), len(real), len(all_known), len(all_real))
        self._tell(queue, len(changes))
        return queue

    @property
    def is_lost(self) -> bool:
        """
        Whether routed tasks have lost the priority that they were given; a look at one of them says it of all.

        That tasks keep it from stage to stage is likely, but not settled.
        """
        if not self._set:
            return False
        data_hash, given = max(self._set.items(), key=lambda one: abs(one[1] - ORDINARY))
        units = self.hook.priorities.units(self.project_hash, data_hash)
        return any(unit.priority is not None and abs(unit.priority - given) > _ROUNDING for unit in units)

    def _parted(self, units: Sequence[UnitInQueue]) -> tuple[list[UnitInQueue], list[UnitInQueue]]:
        known = [unit for unit in units if unit.data_hash.lower() in self.known]
        return known, [unit for unit in units if unit.data_hash.lower() not in self.known]

    def _tell(self, queue: WorkQueue, changes: int) -> None:
        self.log.info(
            "Known units: %d of %d waiting tasks (%.0f %%), %s; %d priorities set",
            queue.known_waiting,
            queue.waiting,
            (queue.known_share or 0) * 100,
            _HOW[self.mix],
            changes,
        )
