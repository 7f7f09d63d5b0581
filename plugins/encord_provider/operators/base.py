from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.sdk import BaseOperator

from encord_provider.hooks.encord import EncordHook


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
