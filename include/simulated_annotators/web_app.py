"""The web app as people use it: the local Encord's `/_emulator/ui/` endpoints, where the work is done by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from include.simulated_annotators.scene import Unit

TIMEOUT = 30.0


class WebAppRefusalError(RuntimeError):
    """The web app refused a request."""


class WebAppUnreachableError(RuntimeError):
    """The web app did not answer, or not sensibly: it is starting, or being restarted."""


@dataclass(frozen=True)
class Project:
    """A project as its member sees it in the list."""

    project_hash: str
    title: str


@dataclass(frozen=True)
class Task:
    """A task that is assigned to the annotator, with the empty label row that the editor opens with."""

    task_uuid: str
    stage_type: str
    data_title: str
    label_branch_name: str
    frames: int | None
    label_row: Mapping[str, Any]

    @classmethod
    def from_dict(cls, task: Mapping[str, Any]) -> Self:
        return cls(**{name: task[name] for name in cls.__dataclass_fields__})

    @property
    def unit(self) -> Unit:
        """What the scene depends on, read from the label row and the task."""
        data_units = self.label_row["data_units"].values()
        duration_s = max((data_unit.get("data_duration") or 0.0 for data_unit in data_units), default=0.0)
        data_type = str(self.label_row["data_type"]).lower()
        frames = len(data_units) if data_type == "img_group" else self.frames or 1
        return Unit(self.data_title, data_type, frames, round(duration_s * 1000))


@dataclass(frozen=True)
class Submission:
    """A finished task: the labels part of its label row, and how long the work took, in seconds."""

    task_uuid: str
    labels: Mapping[str, Any]
    seconds: float


class WebApp:
    """
    A browser pointed at the local Encord; every call says who clicks.

    :param url: the local Encord's address, such as `http://127.0.0.1:8090`.
    """

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/_emulator/ui", timeout=TIMEOUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def projects(self, email: str) -> list[Project]:
        """List the projects that the person is a member of."""
        projects = self._request(email, "GET", "/projects")
        return [Project(project["project_hash"], project["title"]) for project in projects]

    def ontology(self, email: str, project_hash: str) -> dict[str, Any]:
        """Return the ontology's editor dictionary."""
        ontology: dict[str, Any] = self._request(email, "GET", f"/projects/{quote(project_hash)}/ontology")
        return ontology

    def take(self, email: str, project_hash: str, stage_types: Sequence[str], limit: int) -> list[Task]:
        """Have up to `limit` tasks of these stages assigned, those assigned before first."""
        wish = {"limit": limit, "stage_types": list(stage_types)}
        tasks = self._request(email, "POST", f"/projects/{quote(project_hash)}/take", wish)
        return [Task.from_dict(task) for task in tasks]

    def submit(self, email: str, project_hash: str, submissions: Sequence[Submission]) -> None:
        """Save the labels and submit the tasks: all of them, or none if one is refused."""
        body = [{"task_uuid": s.task_uuid, "labels": s.labels, "seconds": s.seconds} for s in submissions]
        self._request(email, "POST", f"/projects/{quote(project_hash)}/submit", body)

    def skip(self, email: str, project_hash: str, task_uuids: Sequence[str]) -> None:
        """Put tasks aside without labels."""
        self._request(email, "POST", f"/projects/{quote(project_hash)}/skip", list(task_uuids))

    def approve(self, email: str, project_hash: str, task_uuids: Sequence[str]) -> None:
        """Approve review tasks."""
        body = [{"task_uuid": task_uuid, "action": "approve"} for task_uuid in task_uuids]
        self._request(email, "POST", f"/projects/{quote(project_hash)}/review", body)

    def _request(self, email: str, method: str, path: str, body: object = None) -> Any:
        """
        Send one request and return the answer's JSON.

        :raises WebAppUnreachableError: no answer, or a server error.
        :raises WebAppRefusalError: the request was refused.
        """
        try:
            response = self._client.request(method, path, json=body, headers={"X-Emulator-User": email})
        except httpx.TransportError as error:
            raise WebAppUnreachableError(f"{method} {path}: {error!r}") from error
        if response.is_server_error:
            raise WebAppUnreachableError(f"{method} {path}: HTTP {response.status_code}")
        if not response.is_success:
            raise WebAppRefusalError(f"{method} {path} as {email}: HTTP {response.status_code}: {response.text[:300]}")
        return response.json() if response.content else None
