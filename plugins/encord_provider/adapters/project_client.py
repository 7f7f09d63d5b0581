"""The SDK's client of one project, for listings that need nothing else of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from encord.client import EncordClientProject
    from encord.http.querier import Querier
    from encord.user_client import EncordUserClient


def project_client(
    client: EncordUserClient, project_hash: str, *, made: Callable[[dict[str, Any]], Any] | None = None
) -> EncordClientProject:
    """
    Return the client of a project without a request; ``get_project`` asks for the project and for its ontology.

    :param made: what listings give instead of the SDK's objects, which take most of the time and memory of a listing
        of very many: this function's result of each one as Encord tells it
    """
    from encord.client import EncordClientProject
    from encord.constants.string_constants import TYPE_PROJECT
    from encord.http.querier import Querier
    from encord.http.v2.api_client import ApiClient

    config = client.user_config.config
    kind = Querier if made is None else _querier_making(made)
    querier = kind(config, resource_type=TYPE_PROJECT, resource_id=project_hash)
    return EncordClientProject(querier=querier, config=config, api_client=ApiClient(config))


def _querier_making(made: Callable[[dict[str, Any]], Any]) -> type[Querier]:
    from encord.http.querier import Querier

    class Told:
        """What the SDK makes of each answer's dictionary."""

        def __new__(cls, told: dict[str, Any]) -> Any:
            return made(told)

    class Reader(Querier):
        def get_multiple(self, response_type: type[Any], *arguments: Any, **options: Any) -> list[Any]:
            return super().get_multiple(Told, *arguments, **{"query_type": response_type} | options)

    return Reader
