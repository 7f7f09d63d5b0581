from __future__ import annotations

import contextlib
import functools
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from encord_provider import metrics
from encord_provider.adapters.turns import Alone, Turns, unguarded
from encord_provider.hooks.encord import EncordHook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow.sdk import Context


class EncordTask(BaseOperator):
    """What operators and sensors that talk to Encord share; a sensor names it before Airflow's own base."""

    encord_conn_id: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Wrap ``execute``; a task that goes on after a wait comes through :meth:`resume_execution` instead."""
        super().__init_subclass__(**kwargs)
        if "execute" in vars(cls):
            cls.execute = _watching(cls.execute)  # type: ignore[method-assign]

    @cached_property
    def hook(self) -> EncordHook:
        """The hook, made on first use."""
        return EncordHook(self.encord_conn_id)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after a wait."""
        with self._watched(context):
            return super().resume_execution(next_method, next_kwargs, context)

    @contextlib.contextmanager
    def _watched(self, context: Context) -> Iterator[None]:
        """Say a refusal plainly, and count what was asked of Encord, also where the task fails or defers itself."""
        try:
            with self.hook.refusal_said_plainly():
                yield
        finally:
            metrics.count(context, "encord_requests", self.hook.requests)


class EncordBaseOperator(EncordTask):
    """
    What all operators that talk to Encord share.

    :param encord_conn_id: the Airflow connection; default ``encord_default``
    """

    def __init__(self, *, encord_conn_id: str = EncordHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encord_conn_id = encord_conn_id


def turns_of(task: BaseOperator, workspace: str | None, context: Context, *, timeout: float = 3600.0) -> Alone:
    """
    Return what gives a task its turns among all runs that use a workspace; without one it reckons with nobody else.

    :param timeout: how long to wait for a turn, in seconds
    """
    from include.object_storage import open_bucket

    if workspace is None:
        return unguarded
    owner = f"{task.dag_id} / {context['run_id']} / {task.task_id}"
    return Turns(open_bucket(workspace), owner, timeout=timeout)


def _watching(execute: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(execute)
    def wrapper(self: EncordTask, context: Context, **kwargs: Any) -> Any:
        with self._watched(context):
            return execute(self, context, **kwargs)

    return wrapper
