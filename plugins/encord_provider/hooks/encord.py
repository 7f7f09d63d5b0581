from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from encord_provider.adapters.datasets import DatasetAdapter
from encord_provider.adapters.glance import GlanceAdapter
from encord_provider.adapters.issues import IssueAdapter
from encord_provider.adapters.labels import LabelAdapter
from encord_provider.adapters.metadata_schema import MetadataSchemaAdapter
from encord_provider.adapters.ontologies import OntologyAdapter
from encord_provider.adapters.people import PeopleAdapter
from encord_provider.adapters.priorities import PriorityAdapter
from encord_provider.adapters.progress import Progress, Requirement
from encord_provider.adapters.projects import ProjectAdapter
from encord_provider.adapters.stage_tasks import StageTaskAdapter
from encord_provider.adapters.storage import StorageAdapter
from encord_provider.adapters.time_spent import TimeAdapter
from encord_provider.adapters.workflow import WorkflowAdapter
from encord_provider.exceptions import EncordConnectionError
from encord_provider.hooks.connection_fields import ConnectionFields
from encord_provider.hooks.diagnosis import REFUSED, explain
from encord_provider.hooks.web_pages import project_url

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from encord.user_client import EncordUserClient


class EncordHook(BaseHook):
    """
    Talk to Encord through its own SDK, with what an Airflow connection of type ``encord`` says.

    The connection's fields are described in ``docs/provider.md``, and checked by :class:`ConnectionFields`.
    Nothing is read and the SDK is not imported before the first call.

    :param encord_conn_id: the connection's id; default ``encord_default``
    :param retries: how often the SDK itself repeats a request that fails, sleeping in between; None: its own default
    """

    conn_name_attr = "encord_conn_id"
    default_conn_name = "encord_default"
    conn_type = "encord"
    hook_name = "Encord"

    def __init__(self, encord_conn_id: str = default_conn_name, *, retries: int | None = None) -> None:
        super().__init__()
        self.encord_conn_id = encord_conn_id
        self.retries = retries
        self.requests = 0
        """Requests made so far through :attr:`client`; what the SDK tries again by itself counts once."""
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

    @cached_property
    def fields(self) -> ConnectionFields:
        """What the connection says, checked field by field."""
        return ConnectionFields(self.connection)

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
        return self._make_client()

    def _make_client(self, **settings: Any) -> EncordUserClient:
        from encord.http.constants import RequestsSettings
        from encord.user_client import EncordUserClient

        fields = self.fields
        timeouts: dict[str, Any] = {
            "connect_timeout": fields.seconds("connect_timeout", 30),
            "read_timeout": fields.seconds("read_timeout", 180),
        }
        if self.retries is not None:
            timeouts |= {"max_retries": self.retries, "connection_retries": self.retries}
        # The SDK writes a part of each request and lines on each file into the log: nothing for a task's readers.
        for name in ("encord.http", "encord.storage"):
            logging.getLogger(name).setLevel(logging.WARNING)
        return EncordUserClient.create_with_ssh_private_key(
            fields.private_key,
            requests_settings=RequestsSettings(**timeouts | settings, trace_id_provider=self._count_request),
            domain=fields.domain,
            user_agent_suffix=fields.user_agent,
        )

    def _count_request(self) -> str:
        """Count: the SDK asks for the id of a trace for each request, and for nothing else; returns such an id."""
        self.requests += 1
        return f"{uuid.uuid4().hex}/1;o=1"

    @property
    def domain(self) -> str:
        """The API's address, without a slash at the end."""
        return self.fields.domain

    def progress(self, project_hash: str, complete_stage: str, requirement: Requirement) -> Progress:
        """
        Return how many of a project's units are in the final stage of this title, or where they are far enough.

        Costs one request, however many units there are, and two more at the first look. Only when that says that enough
        is done, units are counted in the datasets too, since a project may know of a unit later than its dataset.

        :raises EncordWorkflowError: one of the stages does not exist; the message lists those that do
        """
        wanted = self.workflow.titles(project_hash, complete_stage, requirement.stage)
        stages = self.workflow.unit_stages(project_hash)
        complete = sum(stage in wanted for stage in stages.values())
        seen = Progress(complete, len(stages), requirement.units(len(stages)), requirement.stage)
        if not seen.is_complete:
            return seen
        units = len(stages.keys() | self.unit_hashes(project_hash))
        return Progress(complete, units, requirement.units(units), requirement.stage)

    def unit_hashes(self, project_hash: str) -> set[str]:
        """Return the data hashes of all units of a project's datasets."""
        datasets = self.projects.dataset_hashes(project_hash)
        return {unit for dataset_hash in datasets for unit in self.datasets.data_hashes(dataset_hash)}

    def project_url(self, project_hash: str) -> str:
        """Return the address of a project in Encord's web app."""
        return project_url(self.fields.web_app, project_hash)

    @contextlib.contextmanager
    def refusal_said_plainly(self) -> Iterator[None]:
        """
        Turn Encord's refusal, in whatever call it comes, into the sentence that says what to do.

        :raises EncordConnectionError: Encord does not know the connection's key, or keeps something from it
        """
        try:
            yield
        except Exception as error:
            if type(error).__name__ not in REFUSED:
                raise
            raise self.fields.problem("password", explain(error, self.domain)) from None

    def test_connection(self) -> tuple[bool, str]:
        """
        Back the Test button: list the cloud integrations, and open the project that field ``test_project`` names.

        Nothing is tried twice, so that a person who waits for the answer soon has it; says in a sentence what is wrong.
        """
        try:
            # Refused connections, and answers that ask to come back, are the answer here.
            client = self._make_client(max_retries=0, connection_retries=0)
            titles = StorageAdapter(client).integration_titles()
            opened = self._open_test_project(client)
        except EncordConnectionError as error:
            # Airflow tests under a name of its own making, which would tell a person nothing.
            return False, str(error).removeprefix(f"connection {self.encord_conn_id!r}, ")
        except Exception as error:  # noqa: BLE001 - the button must answer, whatever went wrong
            return False, explain(error, self.domain)
        return True, f"Encord answers at {self.domain}; cloud integrations: {', '.join(titles) or 'none'}{opened}"

    def _open_test_project(self, client: EncordUserClient) -> str:
        from encord.exceptions import AuthorisationError, ResourceNotFoundError

        if not (project_hash := self.fields.test_project):
            return ""
        try:
            return f"; project {client.get_project(project_hash).title!r} can be opened"
        except (AuthorisationError, ResourceNotFoundError):
            raise self.fields.problem(
                "test_project",
                f"{self.domain} knows this key, and its user has no access to a project {project_hash}: "
                "add the user to the project's team as admin or team manager, or correct the hash",
            ) from None

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
    def glance(self) -> GlanceAdapter:
        """Projects, for as few requests as can be."""
        return GlanceAdapter(self.client)

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
        return IssueAdapter(self.client, self._make_client(max_retries=0, connection_retries=0))

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
