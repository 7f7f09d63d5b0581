from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from encord_provider.adapters.projects import Member, ProjectSpec
from encord_provider.links.encord import EncordProjectLink
from encord_provider.operators.base import EncordBaseOperator, turns_of
from encord_provider.outlets import describe_outlets

if TYPE_CHECKING:
    from airflow.sdk import Context

    from encord_provider.adapters.turns import Alone


class EncordCreateProjectOperator(EncordBaseOperator):
    """
    Ensure a project that has all that is asked for; returns its hash.

    A project of this title that exists already gets the datasets, people and tags that it lacks; it must carry the
    same ontology, whose hash is pushed as XCom ``ontology_hash``.

    :param title: the project's title, exact (templated)
    :param dataset_hashes: datasets to attach (templated)
    :param ontology: a hash, or the fields of ``OntologySettings``; created if it is written out (templated)
    :param workflow_template: hash of a workflow template; they are made in Encord's web app (templated)
    :param description: for a project that has to be created (templated)
    :param tags: names of organisation tags, created where they are missing (templated)
    :param users: ``{"email", "role"}``; those who are members already keep their role
    :param groups: ``{"group_hash", "role"}``
    :param workspace: URI of the campaign's workspace, by which runs at the same time never make two projects
    """

    template_fields: Sequence[str] = ("title", "dataset_hashes", "ontology", "workflow_template", "description", "tags")
    operator_extra_links = (EncordProjectLink(),)

    def __init__(
        self,
        *,
        title: str,
        dataset_hashes: Sequence[str],
        ontology: Mapping[str, Any] | str,
        workflow_template: str,
        description: str = "",
        tags: Sequence[str] = (),
        users: Sequence[Mapping[str, str]] = (),
        groups: Sequence[Mapping[str, str]] = (),
        workspace: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.title = title
        self.dataset_hashes = dataset_hashes
        self.ontology = ontology
        self.workflow_template = workflow_template
        self.description = description
        self.tags = tags
        self.users = users
        self.groups = groups
        self.workspace = workspace
        self.project_hash: str | None = None

    def execute(self, context: Context) -> str:
        """
        Find the project, or create it; then complete it.

        :raises EncordNotFoundError: the ontology, a dataset or the workflow template does not exist
        :raises EncordOntologyError: the project exists with another ontology
        :raises EncordAmbiguousTitleError: two projects carry the title
        """
        alone = turns_of(self, self.workspace, context)
        ontology_hash = self._ensure_ontology(alone)
        spec = ProjectSpec(
            title=self.title,
            dataset_hashes=list(self.dataset_hashes),
            ontology_hash=ontology_hash,
            workflow_template=self.workflow_template,
            description=self.description,
            tags=self.tags,
            users=[Member(user["email"], user["role"]) for user in self.users],
            groups=[Member(group["group_hash"], group["role"]) for group in self.groups],
        )
        self.project_hash, created = self.hook.projects.ensure(spec, alone=alone)
        self.log.info("%s project %r (%s)", "Created" if created else "Found", self.title, self.project_hash)
        context["ti"].xcom_push(key="ontology_hash", value=ontology_hash)
        if self.outlets:
            describe_outlets(context, self.outlets, self._facts(self.project_hash, spec))
        return self.project_hash

    def _facts(self, project_hash: str, spec: ProjectSpec) -> dict[str, Any]:
        """Return what the asset's event tells of the project; units of all datasets that it was made for."""
        units = {
            dataset_hash: len(self.hook.datasets.data_hashes(dataset_hash)) for dataset_hash in spec.dataset_hashes
        }
        return {
            "project_hash": project_hash,
            "title": spec.title,
            "url": self.hook.project_url(project_hash),
            "ontology_hash": spec.ontology_hash,
            "dataset_units": units,
            "units": sum(units.values()),
        }

    def _ensure_ontology(self, alone: Alone) -> str:
        from include.benchmark_qa.ontology import OntologySettings

        fields = {"hash": self.ontology} if isinstance(self.ontology, str) else self.ontology
        ontology_hash, created = self.hook.ontologies.ensure(OntologySettings.model_validate(fields), alone=alone)
        self.log.info("%s ontology %s", "Created" if created else "Found", ontology_hash)
        return ontology_hash
