"""
Actions on tasks, as the API and the web app ask for them.

A request is a list. One task that has left the stage and, unless the switch ``stale_action`` says otherwise, nothing at
all happens (known of agent stages: encord-agents 0.2.10).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from include.encord_emulator.call import Call
from include.encord_emulator.errors import invalid
from include.encord_emulator.store.database import Record, fetch_in, update_in
from include.encord_emulator.store.projects import project_role
from include.encord_emulator.store.tables import SUBTASKS, TASKS
from include.encord_emulator.wire.actions import AnyAction, Approve, Assign, MoveTasks, Proceed, Reject, Submit
from include.encord_emulator.workflow import consensus, engine, label_reviews, words
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
class Place:
    """
    A stage of a project, and the request that acts on its tasks.

    :param merges: whether approving consensus may change main; not where a reviewer has done so himself.
    """

    call: Call
    project_hash: str
    workflow: Workflow
    stage: Stage
    merges: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """A task, and in consensus annotation the subtask that is meant."""

    task: Record
    subtask: Record | None = None

    @property
    def holder(self) -> Record:
        """What has the uuid, the status and the assignee."""
        return self.subtask or self.task


@dataclass(frozen=True, slots=True)
class Order:
    """
    What is done to several targets at once.

    :param person: who is to have done it.
    :param label_reviews: whether reviews of single labels follow the task.
    """

    kind: str
    person: str
    pathway: Pathway | None = None
    label_reviews: bool = False


def apply_actions(place: Place, actions: Sequence[AnyAction]) -> None:
    """Do all actions of a request in their order, or refuse it with 400."""
    limit = int(place.call.switches["actions_limit"])
    if limit and len(actions) > limit:
        raise invalid(f"{len(actions)} actions in one request; {limit} are allowed")
    for action in actions:
        if action.action not in ALLOWED[place.stage.type]:
            raise invalid(f"{action.action} is not possible at stage {place.stage.title!r} ({place.stage.type})")
    for once in _rounds(actions):
        targets = _targets_here(place, [action.task_uuid for action in once])
        orders: dict[Order, list[Target]] = defaultdict(list)
        for action in once:
            if action.task_uuid in targets:
                orders[_order(place, action, targets[action.task_uuid])].append(targets[action.task_uuid])
        _require_members(place, {order.person for order in orders})
        for order, chosen in orders.items():
            _DO[order.kind](place, order, chosen)


def _rounds(actions: Sequence[AnyAction]) -> Iterator[list[AnyAction]]:
    """Yield the actions in parts that name no task twice, so that a part can be done all at once."""
    once: dict[str, AnyAction] = {}
    for action in actions:
        if action.task_uuid in once:
            yield list(once.values())
            once = {}
        once[action.task_uuid] = action
    yield list(once.values())


def _targets_here(place: Place, uuids: Sequence[str]) -> dict[str, Target]:
    targets = find_targets(place.call, place.project_hash, place.stage, uuids)
    gone = [uuid for uuid in dict.fromkeys(uuids) if uuid not in targets]
    if gone and place.call.switches["stale_action"] == "400":
        raise invalid(
            f"{len(gone)} of {len(uuids)} tasks are not at stage {place.stage.title!r}, the first is {gone[0]}"
        )
    return targets


def find_targets(call: Call, project_hash: str, stage: Stage, uuids: Sequence[str]) -> dict[str, Target]:
    """Return what of ``uuids`` is at the stage and open, by uuid."""
    here = sa.select(TASKS).where(
        TASKS.c.project_hash == project_hash, TASKS.c.stage == stage.uuid, TASKS.c.visible_at <= call.now
    )
    if stage.type != "CONSENSUS_ANNOTATION":
        return {task["uuid"]: Target(task) for task in fetch_in(call.connection, here, TASKS.c.uuid, uuids)}
    open_subtasks = sa.select(SUBTASKS).where(SUBTASKS.c.status != words.COMPLETED)
    subtasks = fetch_in(call.connection, open_subtasks, SUBTASKS.c.uuid, uuids)
    parents = list({subtask["task_uuid"] for subtask in subtasks})
    tasks = {task["uuid"]: task for task in fetch_in(call.connection, here, TASKS.c.uuid, parents)}
    return {row["uuid"]: Target(tasks[row["task_uuid"]], row) for row in subtasks if row["task_uuid"] in tasks}


def _order(place: Place, action: AnyAction, target: Target) -> Order:
    match action:
        case Proceed():
            return Order(action.action, place.call.user, pathway=_pathway(place.stage, action))
        case Assign():
            return Order(action.action, action.assignee)
        case Submit():
            return Order(action.action, _person(place, action, target), label_reviews=action.resolve_label_reviews)
        case Approve():
            return Order(action.action, _person(place, action, target), label_reviews=action.approve_label_reviews)
        case Reject():
            return Order(action.action, _person(place, action, target), label_reviews=action.reject_label_reviews)
        case _:
            return Order(action.action, place.call.user)


def _person(place: Place, action: Submit | Approve | Reject, target: Target) -> str:
    """Return who is to have done it; the rule is in the SDK's docstrings."""
    if action.assignee is not None or not action.retain_assignee:
        return action.assignee or place.call.user
    if target.holder["assignee"] is None:
        raise invalid(f"{action.action}: task {action.task_uuid} has no assignee to retain")
    return str(target.holder["assignee"])


def _pathway(stage: Stage, action: Proceed) -> Pathway:
    wanted = action.pathway_uuid or action.pathway_name
    for pathway in stage.pathways:
        if wanted in {pathway.uuid, pathway.title}:
            return pathway
    raise invalid(f"stage {stage.title!r} has no pathway {wanted!r}; it has {[way.title for way in stage.pathways]}")


def _require_members(place: Place, people: set[str]) -> None:
    """Refuse people who are not in the project; the caller himself was let in already."""
    if not place.call.switches["assignee_is_member"]:
        return
    for person in sorted(people - {place.call.user}):
        if project_role(place.call, place.project_hash, person) is None:
            raise invalid(f"assignee: {person} is no member of the project")


def move(place: Place, wanted: MoveTasks) -> None:
    """Move tasks to another stage, past whatever lies between."""
    call, stage = place.call, place.stage
    destination = place.workflow.stage(wanted.destination_stage_uuid)
    if destination is None:
        raise invalid(f"destinationStageUuid: {wanted.destination_stage_uuid} is no stage of the project")
    _require_legal_move(place, destination)
    uuids = list(dict.fromkeys(wanted.task_uuids))
    here = sa.select(TASKS).where(TASKS.c.project_hash == place.project_hash, TASKS.c.stage == stage.uuid)
    tasks = fetch_in(call.connection, here.where(TASKS.c.visible_at <= call.now), TASKS.c.uuid, uuids)
    if len(tasks) < len(uuids) and call.switches["stale_action"] == "400":
        raise invalid(f"{len(uuids) - len(tasks)} of {len(uuids)} tasks are not at stage {stage.title!r}")
    engine.record_actions(call, "move", tasks)
    engine.enter(call, destination, tasks)


def _require_legal_move(place: Place, destination: Stage) -> None:
    stage, legal = place.stage, place.call.switches["legal_moves"]
    if destination.type == "CONSENSUS_REVIEW" and stage.onward != destination.uuid:
        raise invalid(f"tasks reach {destination.title!r} only from its annotation stage")
    if legal == "not_from_final" and stage.type == "DONE":
        raise invalid(f"tasks cannot be moved out of {stage.title!r}, which is final")
    if legal == "connected" and destination.uuid not in place.workflow.after(stage):
        raise invalid(f"tasks cannot be moved from {stage.title!r} to {destination.title!r}: it does not come next")


def _proceed(place: Place, order: Order, targets: Sequence[Target]) -> None:
    if order.pathway is not None:
        tasks = [target.task for target in targets]
        engine.record_actions(place.call, place.call.switches["proceed_action"], tasks, pathway=order.pathway.uuid)
        engine.send(place.call, place.workflow, order.pathway.destination, tasks, order.person)


def _submit(place: Place, order: Order, targets: Sequence[Target]) -> None:
    tasks = [target.task for target in targets]
    engine.record_actions(place.call, "submit", tasks, order.person)
    if order.label_reviews:
        label_reviews.decide(place.call, None, tasks, {words.REJECTED}, words.RESOLVED)
    if place.stage.type == "CONSENSUS_ANNOTATION":
        pairs = [(target.task, target.subtask) for target in targets if target.subtask is not None]
        tasks = consensus.finish_subtasks(place.call, pairs, order.person)
    engine.send(place.call, place.workflow, place.stage.onward, tasks, order.person)


def _approve(place: Place, order: Order, targets: Sequence[Target]) -> None:
    call, tasks = place.call, [target.task for target in targets]
    engine.record_actions(call, "approve", tasks, order.person)
    if order.label_reviews:
        label_reviews.decide(call, place.stage.uuid, tasks, label_reviews.UNDECIDED, words.APPROVED)
    elif call.switches["undecided_label_reviews"] == "refused":
        label_reviews.require_decided(call, place.stage, tasks)
    if place.merges and _merges_first(place):
        consensus.merge_first(call, tasks)
    engine.send(call, place.workflow, place.stage.onward, tasks, order.person)


def _merges_first(place: Place) -> bool:
    merges, review = place.call.switches["consensus_approve_merges"], place.stage.review
    return (merges == "first" and review != "") or (merges == "by_review" and review == "determine_consensus")


def _reject(place: Place, order: Order, targets: Sequence[Target]) -> None:
    tasks = [target.task for target in targets]
    engine.record_actions(place.call, "reject", tasks, order.person)
    if order.label_reviews:
        label_reviews.decide(place.call, place.stage.uuid, tasks, label_reviews.UNDECIDED, words.REJECTED)
    engine.send(place.call, place.workflow, place.stage.back, tasks, order.person, returned=True)


def _set_state(place: Place, order: Order, targets: Sequence[Target]) -> None:
    """Assign, release or skip: the task stays where it is."""
    status = _STATUS_AFTER[order.kind]
    engine.record_actions(place.call, order.kind.lower(), [target.task for target in targets])
    table = SUBTASKS if place.stage.type == "CONSENSUS_ANNOTATION" else TASKS
    assignee = order.person if status == words.ASSIGNED else None
    changes = {"status": status, "assignee": assignee, "updated_at": place.call.now}
    update_in(place.call.connection, table, "uuid", [target.holder["uuid"] for target in targets], changes)


_STATUS_AFTER = {"ASSIGN": words.ASSIGNED, "RELEASE": words.RELEASED, "SKIP": words.SKIPPED}
_DO: Mapping[str, Callable[[Place, Order, Sequence[Target]], None]] = {
    "PATHWAY_ACTION": _proceed,
    "SUBMIT": _submit,
    "APPROVE": _approve,
    "REJECT": _reject,
    "ASSIGN": _set_state,
    "RELEASE": _set_state,
    "SKIP": _set_state,
}
