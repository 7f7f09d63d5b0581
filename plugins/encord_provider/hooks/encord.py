from __future__ import annotations

import base64
import binascii
import contextlib
import logging
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from encord_provider.adapters.datasets import DatasetAdapter
from encord_provider.adapters.issues import IssueAdapter
from encord_provider.adapters.labels import LabelAdapter
from encord_provider.adapters.metadata_schema import MetadataSchemaAdapter
from encord_provider.adapters.ontologies import OntologyAdapter
from encord_provider.adapters.people import PeopleAdapter
from encord_provider.adapters.priorities import PriorityAdapter
from encord_provider.adapters.progress import Progress
from encord_provider.adapters.projects import ProjectAdapter
from encord_provider.adapters.stage_tasks import StageTaskAdapter
from encord_provider.adapters.storage import StorageAdapter
from encord_provider.adapters.time_spent import TimeAdapter
from encord_provider.adapters.workflow import WorkflowAdapter
from encord_provider.exceptions import EncordConnectionError

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from encord.user_client import EncordUserClient

DEFAULT_DOMAIN = "https://api.encord.com"
WEB_APPS = {
    "https://api.encord.com": "https://app.encord.com",
    "https://api.us.encord.com": "https://app.us.encord.com",
}
PEM_BEGIN = "-----BEGIN"


class EncordHook(BaseHook):
    """
    Talk to Encord through its own SDK, with what an Airflow connection of type ``encord`` says.

    The connection's host is the API domain, its password the private SSH key (PEM, or base64 of the PEM).
    Nothing is read and the SDK is not imported before the first call.

    :param encord_conn_id: the connection's id; default ``encord_default``
    """

    conn_name_attr = "encord_conn_id"
    default_conn_name = "encord_default"
    conn_type = "encord"
    hook_name = "Encord"

    def __init__(self, encord_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.encord_conn_id = encord_conn_id
        self._connection: Connection | None = None

    async def aload_connection(self) -> EncordHook:
        """Read the connection without blocking the triggerer's loop; the calls after it are for a thread."""
        with self._said_if_missing():
            self._connection = await self.aget_connection(self.encord_conn_id)
        return self

    @property
    def connection(self) -> Connection:
        """
        The Airflow connection, read once.

        :raises EncordConnectionError: there is none of this id
        """
        if self._connection is None:
            with self._said_if_missing():
                self._connection = self.get_connection(self.encord_conn_id)
        return self._connection

    def get_conn(self) -> EncordUserClient:
        """Return the SDK's client."""
        return self.client

    @cached_property
    def client(self) -> EncordUserClient:
        """
        The SDK's client, made once.

        :raises EncordConnectionError: the connection has no private key, or one that is no Ed25519 key, or another
            field of it is wrong
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from encord.http.constants import RequestsSettings
        from encord.user_client import EncordUserClient

        settings = RequestsSettings(
            connect_timeout=self._seconds("connect_timeout", 30), read_timeout=self._seconds("read_timeout", 180)
        )
        key, user_agent = self._private_key(), self._user_agent()
        # The SDK writes a part of each request and lines on each file into the log: nothing for a task's readers.
        for name in ("encord.http", "encord.storage"):
            logging.getLogger(name).setLevel(logging.WARNING)
        try:
            return EncordUserClient.create_with_ssh_private_key(
                key, requests_settings=settings, domain=self.domain, user_agent_suffix=user_agent
            )
        except (ValueError, TypeError, UnsupportedAlgorithm):  # the last two: the key has a passphrase
            # The SDK's own message quotes the key, so it must not be chained.
            raise self._no_key("holds no Ed25519 private key without a passphrase") from None

    @property
    def domain(self) -> str:
        """The API's address, without a slash at the end."""
        host = (self.connection.host or DEFAULT_DOMAIN).rstrip("/")
        if "://" not in host:
            host = f"{self.connection.schema or 'https'}://{host}"
        return f"{host}:{self.connection.port}" if self.connection.port else host

    def progress(self, project_hash: str, complete_stage: str) -> Progress:
        """
        Return how many of a project's units have reached the final stage of this title.

        Units are counted in the datasets, since Encord may make a unit's task later than it attaches the unit.
        """
        complete = self.workflow.count_final(project_hash, complete_stage)
        return Progress(complete=complete, units=len(self.unit_hashes(project_hash)))

    def unit_hashes(self, project_hash: str) -> set[str]:
        """Return the data hashes of all units of a project's datasets."""
        datasets = self.projects.dataset_hashes(project_hash)
        return {unit for dataset_hash in datasets for unit in self.datasets.data_hashes(dataset_hash)}

    def project_url(self, project_hash: str) -> str:
        """Return the address of a project in Encord's web app."""
        web_app = self.connection.extra_dejson.get("web_app") or WEB_APPS.get(self.domain, self.domain)
        return f"{web_app.rstrip('/')}/projects/view/{project_hash}/summary"

    def check_key(self) -> None:
        """
        Ask Encord whether it knows the connection's key, so that a wrong one is said plainly and before anything else.

        :raises EncordConnectionError: it does not, or the connection's key cannot be used at all
        """
        from encord.exceptions import AuthenticationError, AuthorisationError, SshKeyNotFound

        try:
            # A key that may not see the integrations is known all the same.
            with contextlib.suppress(AuthorisationError):
                self.storage.integration_titles()
        except (AuthenticationError, SshKeyNotFound) as error:
            raise self._no_key(self._explain(error)) from None

    def test_connection(self) -> tuple[bool, str]:
        """Back the Test button: list the cloud integrations, and say in a sentence what is wrong if that fails."""
        try:
            titles = self.storage.integration_titles()
        except Exception as error:  # noqa: BLE001 - the button must answer, whatever went wrong
            return False, self._explain(error)
        return True, f"Encord answers at {self.domain}; cloud integrations: {', '.join(titles) or 'none'}"

    @cached_property
    def storage(self) -> StorageAdapter:
        """Integrations, folders, imports."""
        return StorageAdapter(self.client)

    @cached_property
    def metadata_schema(self) -> MetadataSchemaAdapter:
        """The organisation's schema of client metadata."""
        return MetadataSchemaAdapter(self.client)

    @cached_property
    def datasets(self) -> DatasetAdapter:
        """Datasets and their units."""
        return DatasetAdapter(self.client)

    @cached_property
    def priorities(self) -> PriorityAdapter:
        """The order in which tasks are handed out."""
        return PriorityAdapter(self.client)

    @cached_property
    def ontologies(self) -> OntologyAdapter:
        """Ontologies."""
        return OntologyAdapter(self.client)

    @cached_property
    def projects(self) -> ProjectAdapter:
        """Projects, their datasets, people and tags."""
        return ProjectAdapter(self.client)

    @cached_property
    def workflow(self) -> WorkflowAdapter:
        """Stages and tasks."""
        return WorkflowAdapter(self.client)

    @cached_property
    def labels(self) -> LabelAdapter:
        """Label rows."""
        return LabelAdapter(self.client)

    @cached_property
    def issues(self) -> IssueAdapter:
        """Comments on data units."""
        return IssueAdapter(self.client)

    @cached_property
    def people(self) -> PeopleAdapter:
        """A project's members."""
        return PeopleAdapter(self.client)

    @cached_property
    def tasks(self) -> StageTaskAdapter:
        """The tasks of data units."""
        return StageTaskAdapter(self.client)

    @cached_property
    def times(self) -> TimeAdapter:
        """When people worked, and for how long."""
        return TimeAdapter(self.client, self.workflow)

    @contextlib.contextmanager
    def _said_if_missing(self) -> Iterator[None]:
        try:
            yield
        except AirflowNotFoundException:
            raise EncordConnectionError(
                f"there is no Airflow connection {self.encord_conn_id!r}: add one of type 'encord', "
                "or correct `encord_connection` in the campaign"
            ) from None

    def _private_key(self) -> str:
        password = (self.connection.password or "").strip()
        if not password:
            raise self._no_key("has no private key: put the key into the field 'Private SSH key'")
        if PEM_BEGIN in password:
            return _restore_line_ends(password)
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            decoded = base64.b64decode(password, validate=True).decode("ascii")
            if PEM_BEGIN in decoded:
                return decoded
        raise self._no_key("holds neither a PEM private key nor the base64 of one")

    def _seconds(self, field: str, default: int) -> int:
        given = self.connection.extra_dejson.get(field) or default
        try:
            return int(given)
        except ValueError:
            problem = f"connection {self.encord_conn_id!r}, field {field}: {given!r} is no whole number of seconds"
            raise EncordConnectionError(problem) from None

    def _user_agent(self) -> str:
        from encord.common.utils import validate_user_agent_suffix

        given = self.connection.extra_dejson.get("user_agent") or ""
        try:
            return validate_user_agent_suffix(f"airflow-benchmark-qa {given}")
        except ValueError:
            raise EncordConnectionError(
                f"connection {self.encord_conn_id!r}, field user_agent: {given!r} is no product name such as 'team/1.0'"
            ) from None

    def _no_key(self, problem: str) -> EncordConnectionError:
        return EncordConnectionError(f"connection {self.encord_conn_id!r}, field password: {problem}")

    def _explain(self, error: Exception) -> str:
        name = type(error).__name__
        if name in {"AuthenticationError", "SshKeyNotFound"}:
            return f"{self.domain} does not know this key: is it added to your Encord account, and in this region?"
        if name == "AuthorisationError":
            return f"{self.domain} knows this key but refuses it the list of cloud integrations"
        if name == "RequestException":
            return f"{self.domain} cannot be reached"
        return f"{name}: {error}"


def _restore_line_ends(pem: str) -> str:
    """Give a PEM its line ends back where a one-line field made them spaces, or backslash and ``n``."""
    return "\n".join(_pem_lines(pem.replace("\\n", "\n"))) + "\n"


def _pem_lines(pem: str) -> Iterator[str]:
    head, _, rest = pem.partition(PEM_BEGIN)
    label, _, rest = rest.partition("-----")
    body, _, _tail = rest.partition("-----END")
    yield f"{head.strip()}{PEM_BEGIN}{label}-----"
    yield from body.split()
    yield f"-----END{label}-----"
