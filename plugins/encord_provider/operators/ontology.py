from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from encord_provider.operators.base import EncordBaseOperator, turns_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class EncordCreateOntologyOperator(EncordBaseOperator):
    """
    Ensure that an ontology exists; returns its hash.

    :param ontology: the fields of ``OntologySettings``: hash, title, or title with classes written out (templated)
    :param workspace: URI of a workspace, by which runs at the same time never make two; None where there is one run
    """

    template_fields: Sequence[str] = ("ontology",)

    def __init__(self, *, ontology: Mapping[str, Any], workspace: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.workspace = workspace
        self.ontology = ontology

    def execute(self, context: Context) -> str:
        """
        Find the ontology, or create it.

        :raises EncordNotFoundError: it is named and does not exist
        :raises EncordOntologyError: it exists with other classes than those written out
        """
        from include.benchmark_qa.ontology import OntologySettings

        settings = OntologySettings.model_validate(self.ontology)
        ontology_hash, created = self.hook.ontologies.ensure(settings, alone=turns_of(self, self.workspace, context))
        self.log.info("%s ontology %s", "Created" if created else "Found", ontology_hash)
        return ontology_hash
