"""Start a native stack, in the order in which its parts need each other, and end all of it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from include.demo.keys import encord_private_key, encord_public_key, write_private
from include.demo.lock import only_one
from include.demo.processes import ProcessError, Processes
from include.demo.world import seed
from include.deployment.env_file import GENERATED
from include.native_stack.addresses import Addresses
from include.native_stack.campaigns import write_campaigns
from include.native_stack.parts import AIRFLOW_PARTS, Program, airflow_programs, make_folders, world_programs
from include.native_stack.places import WORKERS, Places
from include.native_stack.programs import find_programs
from include.native_stack.stack import ADMIN, NativeStack
from include.native_stack.stores import PostgresFolder, postgres_command, redis_command

COMMAND = "make stack-native"
DAGS = ("benchmark_qa__demo", "benchmark_qa_loop__demo")
KEEP_SECONDS = 1.0


@contextmanager
def running_stack(
    home: Path,
    *,
    with_annotators: bool = True,
    settings: Mapping[str, str] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[NativeStack]:
    """
    Start everything below a home folder, from nothing, and end everything when the block ends.

    :param with_annotators: whether they begin at once; else ``start("annotators")`` lets them
    :param settings: Airflow's settings, as environment, that differ from docker-compose.yaml's
    :param say: gets a line for each step
    :raises MissingProgramError: PostgreSQL or Redis is not installed
    :raises WorldBusyError: another stack has this home
    :raises ProcessError: a part did not start
    """
    places, found = Places(home.resolve()), find_programs()
    with only_one(COMMAND, places.lock), Processes(places.register, places.logs) as processes:
        postgres = PostgresFolder(places.home)
        postgres.remove()
        places.begin_anew()
        stack = NativeStack(places, Addresses.of_free_ports(), _make_secrets(places.secrets), processes)
        try:
            say("Starting PostgreSQL, Redis, a local bucket and the local Encord ...")
            _start_stores(stack, found, postgres)
            _start_world(stack, processes)
            _start_airflow(stack, settings or {}, say)
            if with_annotators:
                stack.start("annotators")
            with _kept(stack):
                yield stack
        finally:
            stack.api.close()
            stack.stop(*(name for name in AIRFLOW_PARTS if name in stack.processes))  # before what they need
            stack.stop(*stack.processes)
            postgres.remove()


def _make_secrets(path: Path) -> dict[str, str]:
    secrets = {name: make() for name, make in GENERATED.items()}
    write_private(path, json.dumps(secrets).encode("ascii"))
    return secrets


def _start_stores(stack: NativeStack, found: Mapping[str, Path], postgres: PostgresFolder) -> None:
    ports, secrets = stack.addresses, stack.secrets
    data = postgres.make(found["initdb"], secrets["POSTGRES_PASSWORD"])
    of_redis = redis_command(found["redis-server"], stack.places.redis, ports.redis, secrets["REDIS_PASSWORD"])
    stack.programs["postgres"] = Program(
        postgres_command(found["postgres"], data, ports.postgres), {}, folder=data, account=postgres.account
    )
    stack.programs["redis"] = Program(of_redis, {}, folder=stack.places.redis)
    for name in ("postgres", "redis"):
        stack.start(name)


def _start_world(stack: NativeStack, processes: Processes) -> None:
    key = stack.places.encord_key
    encord_private_key(key)
    (stack.places.home / "seed.json").write_text(json.dumps(seed(encord_public_key(key))), encoding="utf-8")
    stack.programs |= world_programs(stack.places, stack.addresses)
    for name in ("encord", "bucket"):
        stack.start(name)
    for name in ("encord", "bucket"):
        processes.wait_for_file(name, stack.places.home / f"{name}.url", 180)


def _start_airflow(stack: NativeStack, settings: Mapping[str, str], say: Callable[[str], None]) -> None:
    make_folders(stack.places)
    write_campaigns(stack.places.campaigns)
    stack.programs |= airflow_programs(stack.places, stack.addresses, stack.secrets, settings)
    say("Making Airflow's database and its first user ...")
    _airflow(stack, ["db", "migrate"])
    password = stack.secrets["AIRFLOW_ADMIN_PASSWORD"]
    user = ["--role", "Admin", "--username", ADMIN, "--firstname", "First", "--lastname", "User"]
    _airflow(stack, ["users", "create", *user, "--email", "admin@localhost.localdomain"], f"{password}\n{password}\n")
    say("Starting Airflow and two Celery workers ...")
    first = ("api-server", "dag-processor", "triggerer")
    for name in first:
        stack.start(name)
    stack.wait_until_ready("api-server", say=say)  # tasks report to it
    for name in ("scheduler", *WORKERS):
        stack.start(name)
    stack.wait_until_ready(*(name for name in AIRFLOW_PARTS if name != "api-server"), *DAGS, say=say)


def _airflow(stack: NativeStack, arguments: list[str], typed: str = "") -> None:
    """
    Run a command of Airflow's to its end.

    :raises ProcessError: it failed
    """
    program = stack.programs["api-server"]
    log = stack.log("airflow-init")
    with log.open("ab") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *arguments],
            cwd=program.folder,
            env=dict(program.environment),
            input=typed.encode(),
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise ProcessError(f"`airflow {arguments[0]} {arguments[1]}` failed: see {log}")


@contextmanager
def _kept(stack: NativeStack) -> Iterator[None]:
    """Start parts of Airflow that end by themselves again while the block runs."""
    is_over = threading.Event()

    def keep() -> None:
        while not is_over.wait(KEEP_SECONDS):
            stack.keep()

    keeper = threading.Thread(target=keep, daemon=True)
    stack.keeps_parts = True
    keeper.start()
    try:
        yield
    finally:
        is_over.set()
        keeper.join()
        stack.keeps_parts = False
