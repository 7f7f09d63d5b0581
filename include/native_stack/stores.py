"""PostgreSQL and Redis as processes, reachable by password on the loopback interface only."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg2
import redis

from include.demo.keys import write_private
from include.demo.processes import ProcessError, as_account

HOST = "127.0.0.1"
# As docker-compose.yaml has it: what is queued survives a restart, to the last message.
_REDIS = """\
bind {host}
port {port}
requirepass {password}
dir {folder}
appendonly yes
appendfsync always
maxmemory 256mb
maxmemory-policy noeviction
"""


class PostgresFolder:
    """
    The folder of a PostgreSQL server, which refuses to run as root.

    Another user may not be able to reach the stack's home (``/root``), so root's database is in a folder of its own.

    :param home: the stack's home, where that folder is remembered
    """

    def __init__(self, home: Path) -> None:
        self._note = home / "postgres.folder"
        self._home = home
        self.account = _unprivileged_account() if os.geteuid() == 0 else None

    def make(self, initdb: Path, password: str) -> Path:
        """
        Make an empty server with the user ``airflow``; return its folder.

        :raises ProcessError: initdb failed
        """
        folder = self._make_folder()
        password_file = folder / "password"
        write_private(password_file, password.encode("ascii"))
        self._hand_over(password_file)
        command = [
            str(initdb), "--pgdata", str(folder / "data"), "--username", "airflow", "--auth", "scram-sha-256",
            "--pwfile", str(password_file), "--encoding", "UTF8", "--no-locale", "--no-sync",
        ]  # fmt: skip
        account = as_account(self.account)
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **account)
        if done.returncode:
            raise ProcessError(f"PostgreSQL's initdb failed: {' '.join(done.stderr.split())}")
        password_file.unlink()
        return folder / "data"

    def remove(self) -> None:
        """Remove what this or an earlier stack has made."""
        if self._note.exists():
            shutil.rmtree(self._note.read_text(encoding="utf-8"), ignore_errors=True)
            self._note.unlink()

    def _make_folder(self) -> Path:
        place = self._home if self.account is None else None
        folder = Path(tempfile.mkdtemp(prefix="benchmark-qa-postgres-", dir=place))
        self._note.write_text(str(folder), encoding="utf-8")
        self._hand_over(folder)
        return folder

    def _hand_over(self, path: Path) -> None:
        if self.account is not None:
            shutil.chown(path, self.account)


def postgres_command(postgres: Path, data: Path, port: int) -> list[str]:
    """Return the command that serves a folder on a port of the loopback interface, and on no socket."""
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "fsync": "off",  # a process that is killed loses nothing by it, only a machine does
    }
    return [str(postgres), "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())]


def redis_command(redis_server: Path, folder: Path, port: int, password: str) -> list[str]:
    """Write Redis's configuration, so that no list of processes shows the password; return the command."""
    folder.mkdir()
    configuration = folder / "redis.conf"
    text = _REDIS.format(host=HOST, port=port, password=password, folder=folder)
    write_private(configuration, text.encode("utf-8"))
    return [str(redis_server), str(configuration)]


def postgres_problem(port: int, password: str) -> str | None:
    """Return why the server does not let the user ``airflow`` in, or None: then there is the database ``airflow``."""
    try:
        connection = psycopg2.connect(host=HOST, port=port, user="airflow", password=password, dbname="postgres")
    except psycopg2.OperationalError as error:
        return str(error)
    connection.autocommit = True
    with connection.cursor() as cursor, suppress(psycopg2.errors.DuplicateDatabase):
        cursor.execute("CREATE DATABASE airflow")
    connection.close()
    return None


def redis_problem(port: int, password: str) -> str | None:
    """Return why the server does not answer, or None: then it has read what it kept."""
    with redis.Redis(host=HOST, port=port, password=password) as client:
        try:
            client.ping()
        except (redis.ConnectionError, redis.BusyLoadingError) as error:
            return str(error)
    return None


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback interface that nobody uses now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _unprivileged_account() -> str:
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
