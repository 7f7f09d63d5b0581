from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from include.encord_emulator.errors import ApiError
from include.encord_emulator.workflow.template import Stage, Workflow, parse_template

DONE = {"title": "Complete", "type": "DONE"}
ANNOTATE = {"title": "Annotate", "type": "ANNOTATION", "to": "Complete"}
AGENT = {"title": "Agent", "type": "AGENT", "pathways": [{"name": "on", "to": "Complete"}]}
REVIEW = {"title": "Review", "type": "REVIEW", "approve_to": "Complete", "reject_to": "Annotate"}
BLOCK = {"title": "Block", "type": "CONSENSUS", "annotators": 2, "approve_to": "Complete"}
HALVES = {"title": "Half", "type": "PERCENTAGE_ROUTER"}
PEOPLE = {
    "title": "Whose",
    "type": "USER_ROUTER",
    "routes": [{"users": ["a@x"], "to": "Review"}],
    "otherwise": "Annotate",
}


def template(*stages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"title": "T", "stages": list(stages), **more}


def shares(*routes: tuple[float, str]) -> dict[str, Any]:
    return HALVES | {"routes": [{"percentage": percentage, "to": to} for percentage, to in routes]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "t: Input should be a valid dictionary"),
        ({"stages": [DONE]}, "t.title: Field required"),
        (template(), "t.stages: List should have at least 1 item"),
        (template(ANNOTATE | {"to": "X"}, DONE), "t.stages[0].to: no stage is called 'X'"),
        (template(ANNOTATE, REVIEW | {"reject_to": "X"}, DONE), "t.stages[1].reject_to: no stage is called 'X'"),
        (template(ANNOTATE, BLOCK | {"approve_to": "X"}, DONE), "t.stages[1].approve_to: no stage is called 'X'"),
        (template(AGENT | {"pathways": [{"name": "on", "to": "X"}]}, DONE), "t.stages[0].pathways[0].to: no stage is"),
        (template(AGENT | {"pathways": [{"name": False, "to": "Complete"}]}, DONE), "t.stages[0].pathways[0].name: "),
        (template(AGENT | {"pathways": AGENT["pathways"] * 2}, DONE), "t.stages[0].pathways: two pathways have the"),
        (template(ANNOTATE | {"colour": "red"}, DONE), "t.stages[0].colour: Extra inputs are not permitted"),
        (template(ANNOTATE | {"type": "PAINT"}, DONE), "t.stages[0]: Input tag 'PAINT' found using 'type'"),
        (template(ANNOTATE | {"uuid": "17"}, DONE), "t.stages[0].uuid: "),
        (template(BLOCK | {"annotators": 0}, DONE), "t.stages[0].annotators: Input should be greater than"),
        (template(BLOCK | {"review": "vote"}, DONE), "t.stages[0].review: Input should be 'review_and_refine'"),
        (template(ANNOTATE, ANNOTATE, DONE), "t.stages[0].title: another stage is called 'Annotate' too"),
        (template(ANNOTATE | {"to": "Annotate"}), "t.stages: none is of type DONE or ARCHIVE"),
        (template(ANNOTATE, DONE, start="X"), "t.start: no stage is called 'X'"),
        (template(shares((100, "Complete")), DONE), "t.start: 'Half' is a router, and a workflow"),
        (template(ANNOTATE, shares((40, "Complete")), DONE), "t.stages[1].routes: the percentages add up to 40"),
        (template(ANNOTATE, shares((100, "Half")), DONE), "t.stages[1]: tasks could go round in a circle of routers"),
        (template(ANNOTATE, PEOPLE | {"otherwise": "X"}, REVIEW, DONE), "t.stages[1].otherwise: no stage is called"),
        (
            template(*(stage | {"uuid": "11111111-1111-4111-8111-111111111111"} for stage in (ANNOTATE, DONE))),
            "t.stages: two of them have the uuid 11111111",
        ),
    ],
)  # fmt: skip
def test_a_template_that_does_not_hold_together_is_refused_with_the_field(document: Any, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_template(document, "t")
    assert caught.value.message.startswith(message)
    assert caught.value.status == 400


def workflow_of(*stages: dict[str, Any], **more: Any) -> Workflow:
    workflow = parse_template(template(*stages, **more)).workflow(suffixed_titles=False)
    # What a project stores is what a project reads.
    assert Workflow.from_dict(workflow.to_dict()) == workflow
    return workflow


def test_missing_uuids_follow_from_the_title_and_given_ones_are_kept() -> None:
    first, second = (workflow_of(AGENT, ANNOTATE, BLOCK, DONE) for _ in range(2))
    assert first == second
    other = parse_template(template(AGENT, ANNOTATE, BLOCK, DONE) | {"title": "U"}).workflow(suffixed_titles=False)
    assert not {stage.uuid for stage in first.stages} & {stage.uuid for stage in other.stages}
    uuid, way = str(uuid4()), {"name": "on", "uuid": str(uuid4()).upper(), "to": "Complete"}
    [agent, _] = workflow_of(AGENT | {"uuid": uuid, "pathways": [way]}, DONE).stages
    assert (agent.uuid, agent.pathways[0].uuid) == (uuid, way["uuid"].lower())


def test_tasks_begin_at_the_stage_named_or_the_first() -> None:
    assert workflow_of(ANNOTATE, DONE).start == workflow_of(ANNOTATE, DONE).stages[0].uuid
    workflow = workflow_of(DONE, ANNOTATE, start="Annotate")
    assert workflow.start == workflow.stages[1].uuid


def test_a_consensus_block_shows_two_stages_with_the_titles_and_uuids_given() -> None:
    halves = {
        "annotation": {"title": "Label", "uuid": str(uuid4())},
        "reviewing": {"title": "Decide", "uuid": str(uuid4())},
    }
    [label, decide, done] = workflow_of(BLOCK | halves | {"review": "determine_consensus"}, DONE).stages
    assert label == Stage(
        halves["annotation"]["uuid"], "CONSENSUS_ANNOTATION", "Label", onward=decide.uuid, annotators=2
    )
    assert decide == Stage(
        halves["reviewing"]["uuid"], "CONSENSUS_REVIEW", "Decide", done.uuid, label.uuid, review="determine_consensus"
    )


def test_an_archive_is_final_and_not_where_finished_work_ends() -> None:
    workflow = workflow_of(BLOCK | {"reject_to": "Archive"}, {"title": "Archive", "type": "ARCHIVE"}, DONE)
    _, decide, archive, done = workflow.stages
    assert (archive.type, decide.back, workflow.complete) == ("DONE", archive.uuid, done)


def test_a_percentage_router_sends_each_unit_the_same_way_and_about_as_many_as_it_should() -> None:
    workflow = workflow_of(ANNOTATE | {"to": "Half"}, shares((25, "Complete"), (75, "Review")), REVIEW, DONE)
    assert [stage.title for stage in workflow.stages] == ["Annotate", "Review", "Complete"]
    units = [f"unit-{number}" for number in range(2000)]
    ways = [workflow.destination(workflow.routers[0].uuid, unit, "a@x").title for unit in units]
    assert ways == [workflow.destination(workflow.routers[0].uuid, unit, "b@x").title for unit in units]
    assert 400 < Counter(ways)["Complete"] < 600


def test_a_router_without_share_gets_nothing() -> None:
    workflow = workflow_of(ANNOTATE | {"to": "Half"}, shares((0, "Complete"), (100, "Review")), REVIEW, DONE)
    ways = {workflow.destination(workflow.routers[0].uuid, f"unit-{number}", "a@x").title for number in range(500)}
    assert ways == {"Review"}


def test_routers_may_follow_each_other() -> None:
    workflow = workflow_of(ANNOTATE | {"to": "Half"}, shares((100, "Whose")), PEOPLE, REVIEW, DONE)
    half = workflow.stages[0].onward
    ways = [workflow.destination(half, "unit", person).title for person in ("a@x", "b@x")]
    assert ways == ["Review", "Annotate"]
    assert workflow.after(workflow.stages[0]) == {workflow.stages[0].uuid, workflow.stages[1].uuid}
