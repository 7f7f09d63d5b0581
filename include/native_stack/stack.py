"""The topology of docker-compose.yaml as processes of this machine, whose parts can be killed and started again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from include.demo.processes import ProcessError, Processes
from include.native_stack.addresses import Addresses
from include.native_stack.parts import AIRFLOW_PARTS, Program
from include.native_stack.places import WORKERS, Places
from include.native_stack.stores import postgres_problem, redis_problem

if TYPE_CHECKING:
    import psutil

ADMIN = "admin"
READY_SECONDS = 600.0
STORE_SECONDS = 120.0
REQUEST_SECONDS = 180.0  # the first of each kind is slow on a busy machine


class NativeStack:
    """
    What runs, and how to disturb it.

    The parts by name: postgres, redis, bucket, encord, annotators, and those of Airflow, ``AIRFLOW_PARTS``.

    :ivar api: Airflow's REST API, logged in once the API server was ready
    :ivar keeps_parts: whether a part of Airflow that ends by itself is started again, as Compose does; one that
        ``kill`` or ``stop`` has ended is not, before ``start``
    """

    def __init__(self, places: Places, addresses: Addresses, secrets: Mapping[str, str], processes: Processes) -> None:
        self.places = places
        self.addresses = addresses
        self.secrets = secrets
        self.programs: dict[str, Program] = {}
        self.api = httpx.Client(base_url=addresses.ui, timeout=REQUEST_SECONDS, trust_env=False)
        self.keeps_parts = False
        self._processes = processes
        self._lock = threading.RLock()
        self._log_begins: dict[str, int] = {}

    @property
    def encord_url(self) -> str:
        return self.addresses.encord_url

    @property
    def processes(self) -> dict[str, psutil.Process]:
        """The main process of each part that runs."""
        with self._lock:
            return self._processes.running()

    def home(self, name: str) -> Path:
        """Return the folder of a part of Airflow: ``airflow`` (its AIRFLOW_HOME), cwd, home, logs and tmp are in it."""
        return self.places.part(name)

    def log(self, name: str) -> Path:
        """Return the file of what a part prints."""
        return self._processes.log(name)

    def kill(self, name: str) -> None:
        """End a part and all its children by SIGKILL."""
        with self._lock:
            self._processes.kill(name)

    def stop(self, *names: str) -> None:
        """Ask parts to end; what has not after some seconds is killed."""
        with self._lock:
            self._processes.stop(*names)

    def start(self, name: str) -> None:
        """
        Start a part with the same command, address and folder as ever; stores are waited for.

        :raises ProcessError: a store was not ready in time
        """
        program = self.programs[name]
        with self._lock:
            self._log_begins[name] = self.log(name).stat().st_size if self.log(name).exists() else 0
            self._processes.start(
                name, program.command, program.environment, folder=program.folder, account=program.account
            )
        self._wait_for_store(name)

    def wait_until_ready(self, *names: str, say: Callable[[str], None] = lambda _: None) -> None:
        """
        Wait until parts work and Dags are listed.

        :param say: gets a line for each that has come
        :raises ProcessError: one has ended, or it took longer than ``READY_SECONDS``
        """
        missing = list(names)
        deadline = time.monotonic() + READY_SECONDS
        while missing:
            if time.monotonic() >= deadline:
                raise ProcessError(
                    f"{', '.join(missing)}: not there after {READY_SECONDS:.0f} s: see {self.places.logs}"
                )
            self.check()
            ready = self._ready()
            for name in (name for name in missing if name in ready):
                say(f"  {name} is ready")
            missing = [name for name in missing if name not in ready]
            time.sleep(0.5)

    def check(self) -> None:
        """
        Make sure that everything is still there, but for what ``keep`` starts again.

        :raises ProcessError: one has ended
        """
        with self._lock:
            self.keep()
            self._processes.check()

    def keep(self) -> None:
        """Start the parts of Airflow again that have ended by themselves, where they are kept."""
        with self._lock:
            for name in self._processes.ended() if self.keeps_parts else ():
                if name in AIRFLOW_PARTS:
                    self._processes.kill(name)  # its children
                    self.start(name)

    def _wait_for_store(self, name: str) -> None:
        deadline = time.monotonic() + STORE_SECONDS
        while problem := self._store_problem(name):
            if name in self._processes.ended() or time.monotonic() >= deadline:
                raise ProcessError(f"{name} is not ready: {problem.strip()} (see {self.log(name)})")
            time.sleep(0.1)

    def _store_problem(self, name: str) -> str | None:
        if name == "postgres":
            return postgres_problem(self.addresses.postgres, self.secrets["POSTGRES_PASSWORD"])
        if name == "redis":
            return redis_problem(self.addresses.redis, self.secrets["REDIS_PASSWORD"])
        return None

    def _ready(self) -> set[str]:
        """Return the names of parts that work and of Dags that are listed."""
        workers = {name for name in WORKERS if self._is_worker_ready(name)}
        try:
            health = self.api.get("/api/v2/monitor/health").raise_for_status().json()
            if "Authorization" not in self.api.headers:
                self.log_in()
            dags = self.api.get("/api/v2/dags").raise_for_status().json()["dags"]
        except httpx.HTTPError:  # it does not answer yet
            return workers
        healthy = {name.replace("_", "-") for name, state in health.items() if state["status"] == "healthy"}
        return {"api-server", *healthy, *workers, *(dag["dag_id"] for dag in dags)}

    def _is_worker_ready(self, name: str) -> bool:
        if name not in self._log_begins:
            return False
        return f"{name} ready.".encode() in self.log(name).read_bytes()[self._log_begins[name] :]

    def log_in(self) -> None:
        """Let ``api`` act as the user ``admin``."""
        who = {"username": ADMIN, "password": self.secrets["AIRFLOW_ADMIN_PASSWORD"]}
        answer = self.api.post("/auth/token", json=who).raise_for_status().json()
        self.api.headers["Authorization"] = f"Bearer {answer['access_token']}"
