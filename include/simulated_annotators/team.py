"""The team at work: each member takes tasks in the web app, labels or reviews them, and submits."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from random import Random
from typing import Any

from include.benchmark_qa.labels.blob import Edit
from include.simulated_annotators.draw import count_labels, draw_labels
from include.simulated_annotators.settings import Member, Role, TeamSettings
from include.simulated_annotators.web_app import Project, Submission, Task, WebApp, WebAppRefusalError

log = logging.getLogger(__name__)

BATCH = 20
"""Tasks taken at once: few enough that nobody hoards, many enough that the requests do not count."""

ORDINARY, CONSENSUS, REVIEW = "ANNOTATION", "CONSENSUS_ANNOTATION", "REVIEW"
"""Stage types as Encord names them. CONSENSUS_REVIEW is nobody's here: Airflow decides it."""


@dataclass(frozen=True)
class Progress:
    """What one member got done in one go: `did` so many `tasks` of a `kind`."""

    email: str
    did: str
    tasks: int
    kind: str

    def __str__(self) -> str:
        return f"{self.email} {self.did} {self.tasks} {self.kind} task{'' if self.tasks == 1 else 's'}"


@dataclass(frozen=True)
class WorkDone:
    """What the team got done in one round."""

    progress: tuple[Progress, ...]

    @property
    def nothing_left(self) -> bool:
        """Whether the whole round found nothing to do."""
        return not self.progress

    @property
    def tasks(self) -> int:
        """How many tasks were finished or skipped."""
        return sum(step.tasks for step in self.progress)


class Team:
    """
    The members of a team file, with what they remember between rounds: ontologies, skipped and counted tasks.

    All labels depend on the seed, the member, the unit's title and the branch alone, so a repeat draws them again.
    """

    def __init__(self, settings: TeamSettings) -> None:
        self._settings = settings
        self._ontologies: dict[str, dict[str, Any]] = {}
        self._skipped: set[tuple[str, str]] = set()
        self._ordinary_tasks: Counter[str] = Counter()
        self._told: set[str] = set()

    def work_once(self, web_app: WebApp) -> WorkDone:
        """
        Let everybody do at most one batch of each kind of task in each of his projects.

        :raises WebAppUnreachableError: the web app did not answer; what was submitted before is kept there.
        """
        return WorkDone(tuple(step for member in self._settings.members for step in self._work(member, web_app)))

    def _work(self, member: Member, web_app: WebApp) -> list[Progress]:
        progress = []
        try:
            projects = [project for project in web_app.projects(member.email) if member.works_in(project.title)]
        except WebAppRefusalError as refusal:
            self._tell_once(f"{member.email} cannot log in: {refusal}")
            return []
        for project, stage_type in product(projects, _stage_types(member.role)):
            try:
                progress += self._work_at(member, project, stage_type, web_app)
            except WebAppRefusalError as refusal:
                # A task can move on between taking and submitting it; the next round takes what is there then.
                self._tell_once(f"{member.email} was refused in {project.title!r}: {refusal}")
        return progress

    def _work_at(self, member: Member, project: Project, stage_type: str, web_app: WebApp) -> list[Progress]:
        limit = self._limit(member, stage_type)
        tasks = web_app.take(member.email, project.project_hash, [stage_type], limit) if limit else []
        if not tasks:
            return []
        if stage_type == REVIEW:
            web_app.approve(member.email, project.project_hash, [task.task_uuid for task in tasks])
            return [Progress(member.email, "approved", len(tasks), "review")]
        skipped = self._skip(member, project, tasks, web_app)
        labelled = [task for task in tasks if task.task_uuid not in skipped]
        self._label(member, project, labelled, web_app)
        if stage_type == ORDINARY:
            self._ordinary_tasks[member.email] += len(tasks)
        kind = _kind(member, stage_type)
        steps = [
            Progress(member.email, "labelled", len(labelled), kind),
            Progress(member.email, "skipped", len(skipped), kind),
        ]
        return [step for step in steps if step.tasks]

    def _tell_once(self, warning: str) -> None:
        """Log a warning that may hold for many rounds, such as a role that does not fit the project."""
        if warning not in self._told:
            self._told.add(warning)
            log.warning("%s", warning)

    def _limit(self, member: Member, stage_type: str) -> int:
        most = self._settings.max_ordinary_tasks
        if stage_type != ORDINARY or member.role is not Role.ANNOTATOR or most is None:
            return BATCH
        return max(0, min(BATCH, most - self._ordinary_tasks[member.email]))

    def _skip(self, member: Member, project: Project, tasks: Sequence[Task], web_app: WebApp) -> set[str]:
        """Skip some ordinary tasks, once each; a consensus waits for everybody, so nobody skips there."""
        skipped = {
            task.task_uuid
            for task in tasks
            if task.stage_type == ORDINARY
            and (member.email, task.task_uuid) not in self._skipped
            and self._rng(member, task, "skip").random() < member.hand.skip_rate
        }
        if skipped:
            web_app.skip(member.email, project.project_hash, sorted(skipped))
            self._skipped.update((member.email, task_uuid) for task_uuid in skipped)
        return skipped

    def _label(self, member: Member, project: Project, tasks: Sequence[Task], web_app: WebApp) -> None:
        if not tasks:
            return
        if project.project_hash not in self._ontologies:
            self._ontologies[project.project_hash] = web_app.ontology(member.email, project.project_hash)
        ontology = self._ontologies[project.project_hash]
        submissions = [self._submission(member, task, ontology) for task in tasks]
        web_app.submit(member.email, project.project_hash, submissions)

    def _submission(self, member: Member, task: Task, ontology: Mapping[str, Any]) -> Submission:
        edit = Edit(by=member.email, at=datetime.now(UTC))
        rng = self._rng(member, task, "draw")
        labels = draw_labels(task.label_row, task.unit, ontology, member.hand, rng, edit)
        pace = rng.uniform(0.7, 1.3)
        seconds = member.hand.seconds_per_object * count_labels(labels) * pace
        return Submission(task.task_uuid, labels, round(seconds, 1))

    def _rng(self, member: Member, task: Task, purpose: str) -> Random:
        # Not by the branch: its name is another in each new world, and the same people should make the same mistakes.
        return Random("|".join([purpose, str(self._settings.seed), member.email, task.data_title]))


def _stage_types(role: Role) -> tuple[str, ...]:
    match role:
        case Role.GROUND_TRUTH:
            return (ORDINARY,)
        case Role.ANNOTATOR:
            return (CONSENSUS, ORDINARY)
        case Role.REVIEWER:
            return (REVIEW,)


def _kind(member: Member, stage_type: str) -> str:
    if member.role is Role.GROUND_TRUTH:
        return "ground truth"
    return "benchmark" if stage_type == CONSENSUS else "ordinary"
