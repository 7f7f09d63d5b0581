from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from include.simulated_annotators.settings import TeamSettings
from include.simulated_annotators.team import Team, WorkDone
from include.simulated_annotators.web_app import Project, Submission, Task, WebAppRefusalError, WebAppUnreachableError

GROUND_TRUTH = {"email": "truth@demo.test", "role": "ground_truth", "projects": "ground truth"}
ANNOTATOR = {"email": "hasty@demo.test", "role": "annotator", "skill": "hasty", "projects": "production"}
REVIEWER = {"email": "review@demo.test", "role": "reviewer"}


class WebAppInMemory:
    """Two projects whose tasks wait in lists, by stage type; everybody is a member of both."""

    def __init__(self, ontology: dict[str, Any], label_row: dict[str, Any], **tasks: int) -> None:
        self.ontology_dict = ontology
        self.waiting = {
            (project, stage_type): [
                Task(f"{project}-{stage_type}-{n}", stage_type, f"{n}.jpg", "main", 1, label_row)
                for n in range(tasks.get(f"{project}_{stage_type}", 0))
            ]
            for project in ("truth", "work")
            for stage_type in ("ANNOTATION", "CONSENSUS_ANNOTATION", "REVIEW", "CONSENSUS_REVIEW")
        }
        self.submitted: dict[str, Submission] = {}
        self.skipped: Counter[str] = Counter()
        self.approved: list[str] = []
        self.refuse: RuntimeError | None = None

    def projects(self, email: str) -> list[Project]:
        return [Project("truth", "Demo: ground truth"), Project("work", "Demo: Production")]

    def ontology(self, email: str, project_hash: str) -> dict[str, Any]:
        return self.ontology_dict

    def take(self, email: str, project_hash: str, stage_types: Sequence[str], limit: int) -> list[Task]:
        return [task for kind in stage_types for task in self.waiting[project_hash, kind]][:limit]

    def submit(self, email: str, project_hash: str, submissions: Sequence[Submission]) -> None:
        if self.refuse:
            raise self.refuse
        self.submitted.update({submission.task_uuid: submission for submission in submissions})
        self._finish([submission.task_uuid for submission in submissions])

    def skip(self, email: str, project_hash: str, task_uuids: Sequence[str]) -> None:
        self.skipped.update(task_uuids)

    def approve(self, email: str, project_hash: str, task_uuids: Sequence[str]) -> None:
        self.approved += task_uuids
        self._finish(task_uuids)

    def _finish(self, task_uuids: Sequence[str]) -> None:
        for tasks in self.waiting.values():
            tasks[:] = [task for task in tasks if task.task_uuid not in task_uuids]


@pytest.fixture
def label_row(empty_rows: dict[str, Any]) -> dict[str, Any]:
    return empty_rows["image"]


def team_of(*members: dict[str, str], **settings: Any) -> Team:
    return Team(TeamSettings(members=members, **settings))


def work_until_idle(team: Team, web_app: Any) -> list[WorkDone]:
    rounds = [team.work_once(web_app)]
    while not rounds[-1].nothing_left:
        rounds.append(team.work_once(web_app))
        assert len(rounds) < 50
    return rounds


def test_each_role_does_its_own_tasks_and_leaves_consensus_reviews_to_airflow(
    ontology: dict[str, Any], label_row: dict[str, Any]
) -> None:
    web_app = WebAppInMemory(
        ontology,
        label_row,
        truth_ANNOTATION=3,
        truth_REVIEW=2,
        work_CONSENSUS_ANNOTATION=25,
        work_CONSENSUS_REVIEW=4,
    )
    rounds = work_until_idle(team_of(GROUND_TRUTH, ANNOTATOR, REVIEWER), web_app)
    assert [str(step) for done in rounds for step in done.progress] == [
        "truth@demo.test labelled 3 ground truth tasks",
        "hasty@demo.test labelled 20 benchmark tasks",
        "review@demo.test approved 2 review tasks",
        "hasty@demo.test labelled 5 benchmark tasks",
    ]
    assert [done.tasks for done in rounds] == [25, 5, 0]
    assert len(web_app.waiting["work", "CONSENSUS_REVIEW"]) == 4


def test_members_leave_other_projects_alone(ontology: dict[str, Any], label_row: dict[str, Any]) -> None:
    web_app = WebAppInMemory(ontology, label_row, truth_ANNOTATION=1, work_ANNOTATION=1)
    work_until_idle(team_of(GROUND_TRUTH), web_app)
    assert set(web_app.submitted) == {"truth-ANNOTATION-0"}


def test_an_annotator_stops_at_his_number_of_ordinary_tasks(
    ontology: dict[str, Any], label_row: dict[str, Any]
) -> None:
    web_app = WebAppInMemory(ontology, label_row, work_ANNOTATION=60, work_CONSENSUS_ANNOTATION=30)
    careful = {**ANNOTATOR, "skill": "careful"}
    work_until_idle(team_of(careful, max_ordinary_tasks=25), web_app)
    assert len(web_app.waiting["work", "ANNOTATION"]) == 35
    assert not web_app.waiting["work", "CONSENSUS_ANNOTATION"]


def test_a_skipped_task_is_done_when_it_comes_back(ontology: dict[str, Any], label_row: dict[str, Any]) -> None:
    web_app = WebAppInMemory(ontology, label_row, work_ANNOTATION=60, work_CONSENSUS_ANNOTATION=60)
    work_until_idle(team_of({**ANNOTATOR, "skill": "careless"}), web_app)
    assert len(web_app.submitted) == 120
    assert web_app.skipped
    assert set(web_app.skipped.values()) == {1}
    assert not any("CONSENSUS" in task_uuid for task_uuid in web_app.skipped)


def test_labels_depend_on_seed_and_person_only(ontology: dict[str, Any], label_row: dict[str, Any]) -> None:
    def hashes(member: dict[str, str], seed: int) -> dict[str, list[str]]:
        web_app = WebAppInMemory(ontology, label_row, work_CONSENSUS_ANNOTATION=5)
        work_until_idle(team_of(member, seed=seed), web_app)
        return {uuid: [*done.labels["object_answers"]] for uuid, done in web_app.submitted.items()}

    assert hashes(ANNOTATOR, 1) == hashes(ANNOTATOR, 1)
    assert hashes(ANNOTATOR, 1) != hashes(ANNOTATOR, 2)
    assert hashes(ANNOTATOR, 1) != hashes({**ANNOTATOR, "email": "other@demo.test"}, 1)


def test_time_spent_grows_with_what_was_drawn(ontology: dict[str, Any], label_row: dict[str, Any]) -> None:
    web_app = WebAppInMemory(ontology, label_row, truth_ANNOTATION=1)
    work_until_idle(team_of(GROUND_TRUTH), web_app)
    labels = web_app.submitted["truth-ANNOTATION-0"].labels
    drawn = len(labels["object_answers"]) + len(labels["classification_answers"])
    assert 0.7 * 12 * drawn <= web_app.submitted["truth-ANNOTATION-0"].seconds <= 1.3 * 12 * drawn


def test_a_refused_submission_stops_nobody_else(ontology: dict[str, Any], label_row: dict[str, Any]) -> None:
    web_app = WebAppInMemory(ontology, label_row, truth_ANNOTATION=1, truth_REVIEW=1)
    web_app.refuse = WebAppRefusalError("HTTP 400: the task has moved on")
    done = team_of(GROUND_TRUTH, REVIEWER).work_once(web_app)
    assert [*map(str, done.progress)] == ["review@demo.test approved 1 review task"]


def test_someone_unknown_is_reported_once_and_stops_nobody_else(
    ontology: dict[str, Any], label_row: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    class WithoutGroundTruth(WebAppInMemory):
        def projects(self, email: str) -> list[Project]:
            if email == GROUND_TRUTH["email"]:
                raise WebAppRefusalError("HTTP 401: unknown user")
            return super().projects(email)

    web_app = WithoutGroundTruth(ontology, label_row, truth_REVIEW=1)
    work_until_idle(team_of(GROUND_TRUTH, REVIEWER), web_app)
    assert web_app.approved == ["truth-REVIEW-0"]
    assert caplog.messages == ["truth@demo.test cannot log in: HTTP 401: unknown user"]


def test_an_unreachable_web_app_is_reported(ontology: dict[str, Any], label_row: dict[str, Any]) -> None:
    web_app = WebAppInMemory(ontology, label_row, truth_ANNOTATION=1)
    web_app.refuse = WebAppUnreachableError("restarting")
    with pytest.raises(WebAppUnreachableError):
        team_of(GROUND_TRUTH).work_once(web_app)
