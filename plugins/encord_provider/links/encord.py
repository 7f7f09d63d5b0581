from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import attrs
from airflow.sdk import BaseOperatorLink

from encord_provider.exceptions import EncordConnectionError
from encord_provider.hooks.web_pages import dataset_url, folder_url, project_url, queue_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey


@attrs.define
class EncordLink(BaseOperatorLink):
    """
    A button on the task that opens a page of Encord's web app.

    Airflow asks for the address in the worker, when the task ends or defers itself, and keeps it as an XCom; nothing is
    kept while the task does not know the thing yet.
    """

    @property
    def name(self) -> str:
        """What the button says."""
        raise NotImplementedError

    @property
    def xcom_key(self) -> str:
        """Under which Airflow keeps the address: one a button, where Airflow's own has one a class."""
        return f"_link_{self.name.replace(' ', '_')}"

    def page(self, operator: BaseOperator) -> tuple[Callable[[str, str], str], Any]:
        """Return how the address is made of the web app's and of the thing's id, and that id or nothing."""
        raise NotImplementedError

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address, or nothing where the task ended before it knew the thing, or has no connection."""
        url, thing = self.page(operator)
        if not thing or not isinstance(thing, str):  # a template that was never rendered
            return ""
        with contextlib.suppress(EncordConnectionError):
            return url(operator.hook.fields.web_app, thing)  # type: ignore[attr-defined]
        return ""


@attrs.define
class EncordProjectLink(EncordLink):
    """Open the task's project; for operators with ``project_hash``."""

    @property
    def name(self) -> str:
        return "Encord project"

    def page(self, operator: BaseOperator) -> tuple[Callable[[str, str], str], Any]:
        return project_url, getattr(operator, "project_hash", None)


@attrs.define
class EncordStageLink(EncordLink):
    """Open the queue of the task's project, where its stage is; for operators with ``project_hash``."""

    @property
    def name(self) -> str:
        return "Encord stage"

    def page(self, operator: BaseOperator) -> tuple[Callable[[str, str], str], Any]:
        return queue_url, getattr(operator, "project_hash", None)


@attrs.define
class EncordFolderLink(EncordLink):
    """
    Open a storage folder; for operators with ``folder_uuids``.

    :param kind: which of the operator's folders; nothing where it has one
    """

    kind: str = ""

    @property
    def name(self) -> str:
        return f"Encord {self.kind} folder".replace("  ", " ")

    def page(self, operator: BaseOperator) -> tuple[Callable[[str, str], str], Any]:
        return folder_url, getattr(operator, "folder_uuids", {}).get(self.kind)


@attrs.define
class EncordDatasetLink(EncordLink):
    """
    Open a dataset; for operators with ``linked_datasets``.

    :param kind: which of the operator's datasets; nothing where it has one
    """

    kind: str = ""

    @property
    def name(self) -> str:
        return f"Encord {self.kind} dataset".replace("  ", " ")

    def page(self, operator: BaseOperator) -> tuple[Callable[[str, str], str], Any]:
        return dataset_url, getattr(operator, "linked_datasets", {}).get(self.kind)
