"""Encord's projects: found or created, then completed with datasets, people and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from encord_provider.adapters.titles import ensured, only_one
from encord_provider.adapters.turns import Alone, unguarded
from encord_provider.exceptions import EncordNotFoundError, EncordOntologyError

if TYPE_CHECKING:
    from encord.project import Project
    from encord.user_client import EncordUserClient


@dataclass(frozen=True, slots=True)
class Member:
    """A person (``who`` is an e-mail address) or a group (``who`` is a hash) with a project role's name."""

    who: str
    role: str


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """What a project must have; hashes are strings."""

    title: str
    dataset_hashes: Sequence[str]
    ontology_hash: str
    workflow_template: str
    description: str = ""
    tags: Sequence[str] = field(default=())
    users: Sequence[Member] = field(default=())
    groups: Sequence[Member] = field(default=())


class ProjectAdapter:
    """Find, create and complete projects."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def find(self, title: str) -> str | None:
        """Return the hash of the one project with exactly this title, or None."""
        found = self._client.list_projects(title_eq=title)
        return only_one("project", title, [str(one.project_hash) for one in found if one.title == title])

    def dataset_hashes(self, project_hash: str) -> set[str]:
        """Return the hashes of the datasets that are attached to a project."""
        return {str(one.dataset_hash) for one in self._client.get_project(project_hash).list_datasets()}

    def ontology_hash(self, project_hash: str) -> str:
        """Return the hash of the ontology that a project carries."""
        return str(self._client.get_project(project_hash).ontology_hash)

    def ensure(self, spec: ProjectSpec, *, alone: Alone = unguarded) -> tuple[str, bool]:
        """
        Return the hash of the project that has all that the spec asks for, and whether it had to be created.

        A project of this title that exists already gets what it lacks; nothing is ever taken from it.

        :raises EncordNotFoundError: the workflow template, the ontology or a dataset does not exist
        :raises EncordOntologyError: the existing project carries another ontology
        """
        project_hash, created = ensured("project", spec.title, self.find, lambda: self._create(spec), alone)
        project = self._client.get_project(project_hash)
        self._check_ontology(project, spec)
        if self._lacking(project, spec):
            with alone(f"project {spec.title!r}"):  # who waited for another one's turn finds nothing to do
                for add in self._lacking(project, spec):
                    add()
        return project_hash, created

    def _create(self, spec: ProjectSpec) -> str:
        from encord.exceptions import AuthorisationError, InvalidArgumentsError, ResourceNotFoundError

        try:
            return str(
                self._client.create_project(
                    spec.title,
                    list(spec.dataset_hashes),
                    project_description=spec.description,
                    ontology_hash=spec.ontology_hash,
                    workflow_template_hash=spec.workflow_template,
                )
            )
        except (AuthorisationError, InvalidArgumentsError, ResourceNotFoundError) as error:
            raise EncordNotFoundError(
                f"Encord did not create project {spec.title!r} with workflow template {spec.workflow_template!r}, "
                f"ontology {spec.ontology_hash} and datasets {', '.join(spec.dataset_hashes)}: {error.message}. "
                "Templates are made in Encord's web app; copy the hash from there into `workflow_template`."
            ) from error

    def _check_ontology(self, project: Project, spec: ProjectSpec) -> None:
        if str(project.ontology_hash) != spec.ontology_hash:
            raise EncordOntologyError(
                f"project {spec.title!r} ({project.project_hash}) carries ontology {project.ontology_hash}, "
                f"but the campaign needs {spec.ontology_hash}: both projects must carry the same one"
            )

    def _lacking(self, project: Project, spec: ProjectSpec) -> list[Callable[[], object]]:
        """Return what has to be called so that the project has all that the spec asks for."""
        attached = {str(dataset.dataset_hash) for dataset in project.list_datasets()}
        missing = [one for one in spec.dataset_hashes if one not in attached]
        datasets: list[Callable[[], object]] = [partial(project.add_datasets, missing)] if missing else []
        return [*datasets, *self._lacking_people(project, spec), *self._lacking_tags(project, spec.tags)]

    def _lacking_people(self, project: Project, spec: ProjectSpec) -> Iterator[Callable[[], object]]:
        from uuid import UUID

        from encord.utilities.project_user import ProjectUserRole

        users = {user.user_email for user in project.list_users()} if spec.users else set()
        for user in spec.users:
            if user.who not in users:
                yield partial(project.add_users, [user.who], ProjectUserRole[user.role])
        groups = {str(group.group_hash) for group in project.list_groups()} if spec.groups else set()
        for group in spec.groups:
            if group.who not in groups:
                yield partial(project.add_group, UUID(group.who), ProjectUserRole[group.role])

    def _lacking_tags(self, project: Project, tags: Sequence[str]) -> Iterator[Callable[[], object]]:
        present = {tag.name for tag in project.get_organisation_tags()} if tags else set()
        if not (missing := [tag for tag in tags if tag not in present]):
            return
        known = {tag.name for tag in self._client.list_organisation_tags()}
        for tag in missing:
            if tag not in known:
                yield partial(self._client.create_organisation_tag, tag)
            yield partial(project.add_organisation_tag, tag_name=tag)
