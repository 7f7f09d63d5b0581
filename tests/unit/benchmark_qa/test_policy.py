from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from include.benchmark_qa.policy import plan_actions, plan_annotator_actions
from include.benchmark_qa.scoring.settings import DecisionSettings, PolicySettings, ScoringSettings
from include.benchmark_qa.suspects import suspect_units

ACT = PolicySettings(on_pass="approve", on_fail="reject")


def submission(task, email, passed, score=0.9, reason="", hints=()):
    fields = {"passed": passed, "score": score, "not_computed": reason, "hints": hints}
    return SimpleNamespace(
        task_uuid=task, data_hash=f"{task} hash", data_title=f"{task}.png", annotator_email=email, **fields
    )


def test_a_task_passes_when_every_submission_of_it_passed():
    (action,) = plan_actions([submission("t", "bob", True, 0.85), submission("t", "ann", True, 0.95)], ACT)
    assert (action.task_uuid, action.data_title, action.action) == ("t", "t.png", "approve")
    assert action.reason == "every submission passed: ann (0.95), bob (0.85)"


def test_one_failed_submission_fails_the_task():
    (action,) = plan_actions([submission("t", "ann", True), submission("t", "bob", False, 0.41)], ACT)
    assert (action.action, action.reason) == ("reject", "below the pass mark: bob (0.41)")


def test_a_task_is_left_alone_while_a_submission_is_not_computed():
    unknown = submission("t", "bob", None, None, "no ground truth")
    (action,) = plan_actions([submission("t", "ann", False), unknown], ACT)
    assert (action.action, action.reason) == ("leave", "not computed: bob: no ground truth")


def test_one_action_per_task_in_a_steady_order():
    rows = [submission("u", "ann", False), submission("t", "ann", True), submission("u", "bob", True)]
    actions = [(action.task_uuid, action.action) for action in plan_actions(rows, ACT)]
    assert actions == [("t", "approve"), ("u", "reject")]
    assert plan_actions(rows[::-1], ACT) == plan_actions(rows, ACT)


def test_by_default_nothing_is_done():
    actions = plan_actions([submission("t", "ann", True), submission("u", "ann", False)], PolicySettings())
    assert {action.action for action in actions} == {"leave"}


def test_a_submission_without_a_task_has_nothing_to_act_on():
    assert plan_actions([submission("", "ann", False)], ACT) == []


@pytest.mark.parametrize(
    ("step", "action", "target"),
    [("approve", "approve", ""), ({"move": "Rework"}, "move", "Rework"), ({"proceed": "NO"}, "proceed", "NO")],
)
@pytest.mark.parametrize("passed", [True, False])
def test_a_step_may_name_where_the_task_goes(step, action, target, passed):
    settings = PolicySettings.model_validate({"on_pass" if passed else "on_fail": step})
    (planned,) = plan_actions([submission("t", "ann", passed)], settings)
    assert (planned.action, planned.target, planned.verdict) == (action, target, "pass" if passed else "fail")
    assert PolicySettings.model_validate(settings.model_dump()) == settings


def test_a_fail_takes_the_hints_of_those_who_failed_along():
    rows = [submission("t", "ann", True, hints=()), submission("t", "bob", False, hints=("Car not labelled",))]
    (planned,) = plan_actions(rows, ACT)
    assert planned.hints == (("bob", ("Car not labelled",)),)
    assert planned.issue is False
    assert plan_actions(rows, PolicySettings(issues=True))[0].issue is True


FIRM = DecisionSettings(required_pass_rate=0.8, min_tasks=10)


def work(email, passes, fails, unknown=0):
    outcomes = [True] * passes + [False] * fails + [None] * unknown
    return [submission(f"t{number}", email, passed) for number, passed in enumerate(outcomes)]


def test_an_annotator_who_fails_is_named_with_the_reason():
    # Wilson's interval of 19 of 38 is 0.3485 to 0.6515 (scoring.md, section 5).
    rows = work("bob", 19, 19) + work("ann", 48, 2) + work("cat", 18, 2)
    (planned,) = plan_annotator_actions(rows, PolicySettings(on_annotator_fail="remove"), FIRM)
    assert (planned.annotator_email, planned.action, planned.submissions, planned.passes) == ("bob", "remove", 38, 19)
    said = "19 of 38 submissions passed: with 95 % confidence 35% to 65% pass, 80% are required"
    assert planned.reason == said
    assert plan_annotator_actions(rows[::-1], PolicySettings(on_annotator_fail="remove"), FIRM) == [planned]


def test_nobody_fails_before_the_fewest_tasks_and_what_is_not_computed_counts_for_nothing():
    notify = PolicySettings(on_annotator_fail="notify")
    assert plan_annotator_actions(work("bob", 0, 9, unknown=5), notify, FIRM) == []
    assert [one.action for one in plan_annotator_actions(work("bob", 0, 10), notify, FIRM)] == ["notify"]
    assert plan_annotator_actions(work("bob", 0, 50), PolicySettings(), FIRM) == []


@pytest.mark.parametrize(
    ("model", "values", "field"),
    [
        (ScoringSettings, {"iou_threshold": 0}, "iou_threshold"),
        (ScoringSettings, {"iou_treshold": 0.5}, "iou_treshold"),
        (ScoringSettings, {"target_metric": "acuracy"}, "target_metric"),
        (DecisionSettings, {"required_pass_rate": 1.5}, "required_pass_rate"),
        (DecisionSettings, {"min_tasks": 0}, "min_tasks"),
        (PolicySettings, {"on_pass": "aprove"}, "on_pass"),
        (PolicySettings, {"on_fail": "move"}, "on_fail"),
        (PolicySettings, {"on_fail": {"move": ""}}, "on_fail"),
        (PolicySettings, {"on_fail": {"move": "A", "proceed": "B"}}, "on_fail"),
        (PolicySettings, {"on_fail": {"approve": "A"}}, "on_fail"),
        (PolicySettings, {"on_fail": ["reject"]}, "on_fail"),
        (PolicySettings, {"on_annotator_fail": "fire"}, "on_annotator_fail"),
    ],
)
def test_wrong_settings_are_refused_by_name(model, values, field):
    with pytest.raises(ValidationError, match=field):
        model(**values)


def test_suspect_units_count_against_nobody_where_they_are_retired():
    # Three who pass nine units fail the tenth and the eleventh, whose ground truth is to blame; dan fails them all.
    rows = [submission(f"t{unit}", who, unit < 9) for who in ("ann", "bob", "cat") for unit in range(11)]
    rows += [submission(f"t{unit}", "dan", False) for unit in range(11)]
    assert suspect_units(rows, FIRM) == {"t9 hash", "t10 hash"}
    assert suspect_units(rows, FIRM.model_copy(update={"suspect_min_annotators": 4})) == frozenset()
    notify = PolicySettings(on_annotator_fail="notify")
    assert [one.annotator_email for one in plan_annotator_actions(rows, notify, FIRM)] == ["dan"]
    # Nine are left of eleven: too few to decide on.
    retiring = FIRM.model_copy(update={"retire_suspect_ground_truth": True})
    assert plan_annotator_actions(rows, notify, retiring) == []
