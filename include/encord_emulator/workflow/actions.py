"""
Actions on tasks, as the API and the web app ask for them.

A request is a list. It is checked whole before anything is done: one task that has left the stage and, unless the
switch ``stale_action`` says otherwise, nothing at all happens (known of agent stages: encord-agents 0.2.10).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import Record, fetch_in
from include.encord_emulator.store.tables import SUBTASKS, TASKS
from include.encord_emulator.workflow import engine
from include.encord_emulator.workflow.template import Pathway, Stage, Workflow

ALLOWED = {
    "AGENT": {"PATHWAY_ACTION", "ASSIGN", "RELEASE"},
    "ANNOTATION": {"SUBMIT", "ASSIGN", "RELEASE", "SKIP"},
    "REVIEW": {"APPROVE", "REJECT", "ASSIGN", "RELEASE", "SKIP"},
    "CONSENSUS_ANNOTATION": {"SUBMIT", "ASSIGN", "RELEASE", "SKIP"},
    "CONSENSUS_REVIEW": {"APPROVE", "REJECT", "ASSIGN", "RELEASE", "SKIP"},
    "DONE": set(),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A task, and in consensus annotation the subtask that is meant."""

    task: Record
    subtask: Record | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One action on one target."""

    call: Call
    workflow: Workflow
    stage: Stage
    target: Target
    action: dict[str, Any]


def apply_actions(
    call: Call, workflow: Workflow, project_hash: str, stage: Stage, actions: Sequence[dict[str, Any]]
) -> None:
    """Do all actions of a request, or refuse it with 400."""
    for action in actions:
        if action.get("action") not in ALLOWED[stage.type]:
            raise invalid(f"{action.get('action')} is not possible at stage {stage.title!r} ({stage.type})")
    targets = find_targets(call, project_hash, stage, [str(action.get("taskUuid")) for action in actions])
    gone = [str(action["taskUuid"]) for action in actions if str(action["taskUuid"]) not in targets]
    if gone and call.switches["stale_action"] == "400":
        raise invalid(f"{len(gone)} of {len(actions)} tasks are not at stage {stage.title!r}, the first is {gone[0]}")
    ready = [action for action in actions if str(action["taskUuid"]) in targets]
    if stage.type == "AGENT":
        _proceed(call, workflow, stage, [action for action in ready if action["action"] == "PATHWAY_ACTION"], targets)
    for action in ready:
        if action["action"] != "PATHWAY_ACTION":
            target = targets[str(action["taskUuid"])]
            _SINGLE[action["action"]](Step(call, workflow, stage, target, action))


def find_targets(call: Call, project_hash: str, stage: Stage, uuids: Sequence[str]) -> dict[str, Target]:
    """Return what of ``uuids`` is at the stage and open, by uuid."""
    here = sa.select(TASKS).where(
        TASKS.c.project_hash == project_hash, TASKS.c.stage == stage.uuid, TASKS.c.visible_at <= call.now
    )
    if stage.type != "CONSENSUS_ANNOTATION":
        return {task["uuid"]: Target(task) for task in fetch_in(call.connection, here, TASKS.c.uuid, uuids)}
    open_subtasks = sa.select(SUBTASKS).where(SUBTASKS.c.status != engine.COMPLETED)
    subtasks = fetch_in(call.connection, open_subtasks, SUBTASKS.c.uuid, uuids)
    parents = [subtask["task_uuid"] for subtask in subtasks]
    tasks = {task["uuid"]: task for task in fetch_in(call.connection, here, TASKS.c.uuid, parents)}
    return {row["uuid"]: Target(tasks[row["task_uuid"]], row) for row in subtasks if row["task_uuid"] in tasks}


def move(call: Call, workflow: Workflow, project_hash: str, stage: Stage, body: dict[str, Any]) -> None:
    """Move tasks to another stage, past whatever lies between."""
    destination = workflow.stage(str(body.get("destinationStageUuid")))
    if destination is None:
        raise invalid(f"destinationStageUuid: {body.get('destinationStageUuid')} is no stage of the project")
    if destination.type == "CONSENSUS_REVIEW" and stage.uuid != destination.back:
        raise invalid(f"tasks reach {destination.title!r} only from its annotation stage")
    uuids = [str(uuid) for uuid in body.get("taskUuids", [])]
    here = sa.select(TASKS).where(TASKS.c.project_hash == project_hash, TASKS.c.stage == stage.uuid)
    tasks = fetch_in(call.connection, here, TASKS.c.uuid, uuids)
    if len(tasks) < len(set(uuids)) and call.switches["stale_action"] == "400":
        raise invalid(f"{len(set(uuids)) - len(tasks)} tasks are not at stage {stage.title!r}")
    engine.record_actions(call, "move", tasks)
    engine.enter(call, destination, tasks)


def _proceed(
    call: Call, workflow: Workflow, stage: Stage, actions: Sequence[dict[str, Any]], targets: dict[str, Target]
) -> None:
    """Send agent tasks down their pathways, all of one pathway at once."""
    parted: dict[Pathway, list[Record]] = defaultdict(list)
    for action in actions:
        parted[_pathway(stage, action)].append(targets[str(action["taskUuid"])].task)
    for pathway, tasks in parted.items():
        # The listing of task actions has no word for an agent's decision; submit is the nearest.
        engine.record_actions(call, "submit", tasks, pathway=pathway.uuid)
        engine.enter(call, workflow.stage(pathway.destination), tasks)


def _pathway(stage: Stage, action: dict[str, Any]) -> Pathway:
    wanted = action.get("pathwayUuid") or action.get("pathwayName")
    for pathway in stage.pathways:
        if str(wanted) in {pathway.uuid, pathway.title}:
            return pathway
    raise invalid(f"stage {stage.title!r} has no pathway {wanted!r}; it has {[way.title for way in stage.pathways]}")


def _submit(step: Step) -> None:
    engine.record_actions(step.call, "submit", [step.target.task])
    if step.target.subtask is None:
        engine.enter(step.call, step.workflow.stage(step.stage.onward), [step.target.task])
        return
    subtask = step.target.subtask | {"assignee": step.action.get("assignee") or step.target.subtask["assignee"]}
    engine.submit_subtask(step.call, step.workflow, step.stage, step.target.task, subtask)


def _approve(step: Step) -> None:
    engine.record_actions(step.call, "approve", [step.target.task])
    engine.enter(step.call, step.workflow.stage(step.stage.onward), [step.target.task])


def _reject(step: Step) -> None:
    engine.record_actions(step.call, "reject", [step.target.task])
    back = step.workflow.stage(step.stage.back)
    engine.enter(step.call, back, [step.target.task], returned=True)
    if back is not None and back.type == "ANNOTATION":
        engine.give_back(step.call, back, step.target.task)


def _assign(step: Step) -> None:
    if not step.action.get("assignee"):
        raise invalid("ASSIGN: assignee is missing")
    _set_state(step, engine.ASSIGNED, step.action["assignee"], "assign")


def _release(step: Step) -> None:
    _set_state(step, engine.RELEASED, None, "release")


def _skip(step: Step) -> None:
    _set_state(step, engine.SKIPPED, None, "skip")


def _set_state(step: Step, status: str, assignee: str | None, action: str) -> None:
    engine.record_actions(step.call, action, [step.target.task])
    if step.target.subtask is None:
        engine.change_task(step.call, step.target.task["uuid"], status=status, assignee=assignee)
    else:
        engine.change_subtask(step.call, step.target.subtask["uuid"], status=status, assignee=assignee)


_SINGLE: dict[str, Callable[[Step], None]] = {
    "SUBMIT": _submit,
    "APPROVE": _approve,
    "REJECT": _reject,
    "ASSIGN": _assign,
    "RELEASE": _release,
    "SKIP": _skip,
}
