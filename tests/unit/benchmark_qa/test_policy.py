from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from include.benchmark_qa.policy import plan_actions
from include.benchmark_qa.scoring.settings import DecisionSettings, PolicySettings, ScoringSettings

ACT = PolicySettings(on_pass="approve", on_fail="reject")


def submission(task, email, passed, score=0.9, reason=""):
    return SimpleNamespace(
        task_uuid=task, data_title=f"{task}.png", annotator_email=email, passed=passed, score=score, not_computed=reason
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
    ("model", "values", "field"),
    [
        (ScoringSettings, {"iou_threshold": 0}, "iou_threshold"),
        (ScoringSettings, {"iou_treshold": 0.5}, "iou_treshold"),
        (ScoringSettings, {"target_metric": "accuracy"}, "target_metric"),
        (DecisionSettings, {"required_pass_rate": 1.5}, "required_pass_rate"),
        (DecisionSettings, {"min_tasks": 0}, "min_tasks"),
        (PolicySettings, {"on_pass": "aprove"}, "on_pass"),
    ],
)
def test_wrong_settings_are_refused_by_name(model, values, field):
    with pytest.raises(ValidationError, match=field):
        model(**values)
