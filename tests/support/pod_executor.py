"""
An executor that runs tasks as Airflow's KubernetesExecutor does, without a cluster: for tests of what needs a disk.

Each task is a program of its own, begun from the command that a pod has, in a folder of its own, which is its home,
working and temporary folder; it knows neither Airflow's database nor its keys. The folder is deleted when the program
ends. What is told of a pod in ``$BENCHMARK_QA_HOME/pods``: ``NUMBER-TASK.txt``, its output, and ``NUMBER-TASK.json``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.executors.base_executor import BaseExecutor

from include.benchmark_qa.campaign import HOME_VARIABLE

if TYPE_CHECKING:
    from airflow.executors.workloads import ExecuteTask
    from airflow.models.taskinstancekey import TaskInstanceKey

FOLDERS = ("home", "work", "tmp", "airflow")
OF_OTHERS = (
    HOME_VARIABLE,
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
)


def pods_folder() -> Path:
    return Path(os.environ[HOME_VARIABLE], "pods")


@dataclass
class Pod:
    """A task's program and its folder."""

    name: str
    folder: Path
    program: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, workload: ExecuteTask) -> Pod:
        folder = pods_folder() / name
        for one in FOLDERS:
            (folder / one).mkdir(parents=True)
        command = [sys.executable, "-m", "airflow.sdk.execution_time.execute_workload", "--json-string"]
        with folder.with_suffix(".txt").open("wb") as output:
            program = subprocess.Popen(
                [*command, workload.model_dump_json()],
                cwd=folder / "work",
                env=_environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return cls(name, folder, program)

    def delete(self, task: str) -> None:
        """Tell what the program has left, and delete it."""
        files = (path.relative_to(self.folder) for path in self.folder.rglob("*") if not path.is_dir())
        # Airflow's own: task logs, and its settings.
        left = sorted(str(file) for file in files if file.parts[0] != "airflow" or file.suffix not in {".log", ".cfg"})
        told = {"task": task, "status": self.program.returncode, "left": left}
        self.folder.with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")
        shutil.rmtree(self.folder)


class PodExecutor(BaseExecutor):
    """Runs each task as a program of its own, from an empty folder."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.pods: dict[TaskInstanceKey, Pod] = {}
        self.started = 0

    def _process_workloads(self, workload_items: Sequence[Any]) -> None:
        for workload in workload_items:
            key = workload.ti.key
            del self.queued_tasks[key]
            self.running.add(key)
            self.started += 1
            self.pods[key] = Pod.start(f"{self.started:03}-{workload.ti.task_id}", workload)

    def sync(self) -> None:
        ended = {key: pod for key, pod in self.pods.items() if pod.program.poll() is not None}
        for key, pod in ended.items():
            del self.pods[key]
            pod.delete(f"{key.dag_id}.{key.task_id}")
            (self.fail if pod.program.returncode else self.success)(key)

    def end(self) -> None:
        self.terminate()

    def terminate(self) -> None:
        for pod in self.pods.values():
            pod.program.terminate()
            pod.program.wait()


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OF_OTHERS}
    own = {"HOME": "home", "PWD": "work", "TMPDIR": "tmp", "AIRFLOW_HOME": "airflow"}
    return kept | {name: str(folder / place) for name, place in own.items()} | {"PYTHONDONTWRITEBYTECODE": "1"}
