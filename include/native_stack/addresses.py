"""Where on this machine each part of a stack listens: ports that nobody used when it started, kept over restarts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from include.native_stack.places import WORKERS
from include.native_stack.stores import HOST, free_ports

# Each worker has an address of its own, as each container has: the whole of 127/8 is the loopback interface on Linux.
WORKER_ADDRESSES: Mapping[str, str] = {name: f"127.0.0.{101 + index}" for index, name in enumerate(WORKERS)}


@dataclass(frozen=True, slots=True)
class Addresses:
    """The ports on the loopback interface."""

    postgres: int
    redis: int
    api_server: int
    encord: int
    bucket: int
    scheduler_health: int
    worker_logs: int
    triggerer_logs: int

    @classmethod
    def of_free_ports(cls) -> Self:
        """Take ports that nobody uses now."""
        return cls(*free_ports(len(cls.__dataclass_fields__)))

    @property
    def ui(self) -> str:
        return f"http://{HOST}:{self.api_server}"

    @property
    def encord_url(self) -> str:
        return f"http://{HOST}:{self.encord}"

    @property
    def bucket_url(self) -> str:
        return f"http://{HOST}:{self.bucket}"

    def of_containers(self) -> dict[str, str]:
        """Return what stands here for the addresses that docker-compose.yaml names."""
        ports = {"postgres:5432": self.postgres, "redis:6379": self.redis, "airflow-api-server:8080": self.api_server}
        return {container: f"{HOST}:{port}" for container, port in ports.items()}
