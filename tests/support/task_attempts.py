"""
A task tried as Airflow tries it: each attempt in a process of its own, from which only the workspace and XCom remain.

Attempts are forked, so that one costs milliseconds, and can be killed as the kernel kills.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import pickle
import pkgutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, RetryAction
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred
from airflow.sdk.module_loading import import_string
from asgiref.sync import SyncToAsync

import encord_provider
from benchmark_qa_wiring.settings import HOPELESS
from encord_provider.triggers import base as encord_triggers
from include import benchmark_qa
from tests.emulator.emulator_support import Control
from tests.support.operator_journey import TaskInstance, task_context

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

# What tasks import when they run; imported here, so that not every attempt spends its first seconds on that.
for _package in (benchmark_qa, encord_provider):
    for _module in pkgutil.walk_packages(_package.__path__, f"{_package.__name__}."):
        if not _module.name.endswith("__main__"):
            importlib.import_module(_module.name)
for _name in ("encord.user_client", "encord.http.bundle", "encord.workflow", "cryptography.exceptions", "pandas"):
    importlib.import_module(_name)

MOST_WAITS = 50
PATIENCE_SECONDS = 120.0
LOG_FORMAT = "%(asctime)s %(name)s %(levelname)s %(message)s"
Make = Callable[[], BaseOperator]
Meanwhile = Callable[[], object] | None


@dataclass(frozen=True)
class Result:
    """What an attempt returned and pushed; both are None for a task that skipped itself."""

    value: Any
    pushed: dict[str, Any]


@dataclass
class Attempts:
    """
    Runs tasks to their end, however often a passing fault or a kill ends an attempt.

    :param url: the local Encord; whoever it holds is killed, and the rule that held him removed
    :param log: file that gets what all attempts log
    :param most: attempts after which a task is given up
    :param pause: seconds between two attempts: what was asked of Encord before is done by then
    :param dies_before_files: kill each attempt when one more file is about to appear than in the attempt before
    :param environment: what the attempts have in their environment beside this process's
    """

    url: str
    log: Path
    most: int = 1
    pause: float = 0.0
    dies_before_files: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    killed: int = 0
    failed: list[str] = field(default_factory=list)

    def run(self, make: Make, meanwhile: Meanwhile = None) -> Result:
        """
        Return what the task returned in the end.

        :param make: makes the task's operator anew
        :param meanwhile: what others do, again and again, for as long as the task runs
        """
        for number in range(self.most):
            dies_before = number + 1 if self.dies_before_files else 0
            status, content = self._attempt(make, meanwhile, dies_before)
            if status == "done":
                done: Result = content
                return done
            assert status != "hopeless", f"a fault that passes was taken for one that needs a person:\n{content}"
            if status == "failed":
                self.failed.append(content)
            self.killed += status == "killed"
            time.sleep(self.pause)
        raise AssertionError(f"not done after {self.most} attempts; the last failure:\n{(self.failed or ['none'])[-1]}")

    def _attempt(self, make: Make, meanwhile: Meanwhile, dies_before: int) -> tuple[str, Any]:
        instance = TaskInstance()  # made here: each starts later than the one before
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            os.environ |= self.environment
            _be_a_worker(make, instance, self.log, writing, dies_before)
        os.close(writing)
        self._wait(child, meanwhile)
        with os.fdopen(reading, "rb") as stream:
            told = stream.read()
        return pickle.loads(told) if told else ("killed", None)  # noqa: S301 - our own child's

    def _wait(self, child: int, meanwhile: Meanwhile) -> None:
        """Wait for the child, and kill it when Encord holds it: it has done what was asked, and told nobody."""
        control, deadline = Control(self.url), time.monotonic() + PATIENCE_SECONDS
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGKILL
                return
            holding = [one["id"] for one in control.call("GET", "faults") if one["holding"]]
            if holding or time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                assert holding, f"an attempt took more than {PATIENCE_SECONDS:.0f} s"
                control.call("DELETE", f"faults?id={holding[0]}")
                return
            if meanwhile:
                meanwhile()
            time.sleep(0.01)


def run_here(make: Make) -> Result:
    """Run a task in this process; what goes wrong is an error."""
    return _result(make, TaskInstance())


def _result(make: Make, instance: TaskInstance) -> Result:
    try:
        return Result(_run(make, task_context(instance)), instance.pushed)
    except AirflowSkipException:
        return Result(None, {})


def _be_a_worker(make: Make, instance: TaskInstance, log: Path, writing: int, dies_before: int) -> None:
    """Run the task in this process, tell what came of it, and end."""
    try:
        # The threads behind them stayed in the parent.
        SyncToAsync.single_thread_executor = ThreadPoolExecutor(max_workers=1)
        encord_triggers.LOOKS = ThreadPoolExecutor()
        _log_to(log)
        if dies_before:
            _die_before_file(dies_before)
        told = _outcome(make, instance)
        with os.fdopen(writing, "wb") as stream:
            stream.write(pickle.dumps(told))
    finally:
        os._exit(0)


def _log_to(log: Path) -> None:
    """Write to a file what operators log, to the standard output, and all others, to the root logger."""
    with log.open("ab") as stream:
        for number in {1, 2, sys.stdout.fileno(), sys.stderr.fileno()}:
            os.dup2(stream.fileno(), number)
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, force=True, stream=sys.stderr)


def _outcome(make: Make, instance: TaskInstance) -> tuple[str, Any]:
    try:
        return "done", _result(make, instance)
    except Exception as error:
        logging.getLogger("airflow.task").exception("Task failed with exception")
        is_hopeless = HOPELESS.evaluate(error, 1, 2).action is RetryAction.FAIL
        return "hopeless" if is_hopeless else "failed", traceback.format_exc()


def _run(make: Make, context: Any) -> Any:
    """Do what Airflow does: check, execute; whenever the task waits, run its trigger and go on in a new operator."""
    method, arguments = "execute", {}
    for _ in range(MOST_WAITS):
        operator = make()
        operator.pre_execute(context)
        try:
            return getattr(operator, method)(context, **arguments)
        except TaskDeferred as deferred:
            method, arguments = deferred.method_name, {"event": asyncio.run(_event_of(deferred.trigger))}
    raise AssertionError(f"the task deferred itself more than {MOST_WAITS} times")


async def _event_of(trigger: BaseTrigger) -> Any:
    """Return the one event of a trigger that came through the database."""
    classpath, arguments = trigger.serialize()
    [event] = [event.payload async for event in import_string(classpath)(**arguments).run()]
    return event


def _die_before_file(number: int) -> None:
    """Let this process be killed when a file is all written, for the ``number``-th time, and about to appear."""
    seen = 0

    def hook(event: str, _: tuple[Any, ...]) -> None:
        nonlocal seen
        if event == "os.rename":
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
