from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from encord_provider.hooks.encord import EncordHook

if TYPE_CHECKING:
    from airflow.sdk import Context


class EncordBaseOperator(BaseOperator):
    """
    What all operators that talk to Encord share.

    :param encord_conn_id: the Airflow connection; default ``encord_default``
    """

    def __init__(self, *, encord_conn_id: str = EncordHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encord_conn_id = encord_conn_id

    @cached_property
    def hook(self) -> EncordHook:
        """The hook, made on first use."""
        return EncordHook(self.encord_conn_id)

    def pre_execute(self, context: Context) -> None:
        """Make sure that Encord knows the key, before the task begins and before it goes on after a wait."""
        self.hook.check_key()
