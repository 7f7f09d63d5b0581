from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from encord_provider.links.encord import EncordDatasetLink
from encord_provider.operators.base import EncordBaseOperator, turns_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class EncordCreateDatasetOperator(EncordBaseOperator):
    """
    Ensure that a dataset of this title exists; returns its hash.

    :param title: the dataset's title, exact (templated)
    :param description: for a dataset that has to be created (templated)
    :param item_uuids: storage items to make units of the dataset, those that are not yet (templated)
    :param workspace: URI of a workspace, by which runs at the same time never make two; None where there is one run
    """

    template_fields: Sequence[str] = ("title", "description", "item_uuids")
    operator_extra_links = (EncordDatasetLink(),)

    def __init__(
        self,
        *,
        title: str,
        description: str = "",
        item_uuids: Sequence[str] = (),
        workspace: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.title = title
        self.description = description
        self.item_uuids = item_uuids
        self.workspace = workspace
        self.linked_datasets: dict[str, str] = {}

    def execute(self, context: Context) -> str:
        """Find the dataset, or create it; then link what is missing."""
        alone = turns_of(self, self.workspace, context)
        dataset_hash, created = self.hook.datasets.ensure(self.title, self.description, alone=alone)
        self.linked_datasets = {"": dataset_hash}
        self.log.info("%s dataset %r (%s)", "Created" if created else "Found", self.title, dataset_hash)
        if self.item_uuids:
            self.log.info("Linked %d unit(s)", self.hook.datasets.link(dataset_hash, self.item_uuids))
        return dataset_hash
