"""The people of a project, and their leaving it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from encord.user_client import EncordUserClient


class PeopleAdapter:
    """Look at a project's members, and remove annotators."""

    def __init__(self, client: EncordUserClient) -> None:
        self._client = client

    def remove_annotator(self, project_hash: str, email: str) -> str:
        """
        Remove somebody from a project who is an annotator there and nothing more; return why not, or nothing.

        Who is gone already is as good as removed. Admins, team managers, reviewers and members of a group stay, and so
        does everybody when Encord does not let the key's owner do it: the answer says what a person has to do.
        """
        from encord.exceptions import AuthorisationError, InvalidArgumentsError
        from encord.utilities.project_user import ProjectUserRole

        project = self._client.get_project(project_hash)
        role = next((user.user_role for user in project.list_users() if user.user_email == email), None)
        if role is None:
            return _THROUGH_GROUP if next(iter(project.list_groups()), None) else ""
        if role is not ProjectUserRole.ANNOTATOR:
            return f"the role in the project is {role.name}, and only annotators are removed: {_BY_HAND}"
        try:
            project.remove_users([email])
        except (AuthorisationError, InvalidArgumentsError) as error:
            return f"Encord does not allow it ({error.message}): {_BY_HAND}"
        return ""


_BY_HAND = "if it is right all the same, remove this person from the project in Encord's web app"
_THROUGH_GROUP = f"no member by themselves, but perhaps through a group: {_BY_HAND}"
