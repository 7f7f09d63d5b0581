"""The SDK's client of one project, for listings that need nothing else of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from encord.client import EncordClientProject
    from encord.user_client import EncordUserClient


def project_client(client: EncordUserClient, project_hash: str) -> EncordClientProject:
    """Return the client of a project without a request; ``get_project`` asks for the project and for its ontology."""
    from encord.client import EncordClientProject
    from encord.constants.string_constants import TYPE_PROJECT
    from encord.http.querier import Querier
    from encord.http.v2.api_client import ApiClient

    config = client.user_config.config
    querier = Querier(config, resource_type=TYPE_PROJECT, resource_id=project_hash)
    return EncordClientProject(querier=querier, config=config, api_client=ApiClient(config))
