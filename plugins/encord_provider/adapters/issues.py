"""Issues on data units: comments that everybody who works on the unit may see."""

from __future__ import annotations

import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from encord_provider.adapters.patience import patiently

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from encord.issues.issue_client import TaskIssues
    from encord.user_client import EncordUserClient

# Between two tries where Encord is busy, and for how long.
PAUSE_SECONDS, PATIENCE_SECONDS = 1.0, 600.0


class IssueAdapter:
    """
    Find and write issues; an issue is known again by a mark in its text, since Encord gives no other.

    :param once: a client that never repeats a request: a first try that timed out may be done later than any look
    """

    def __init__(self, client: EncordUserClient, once: EncordUserClient) -> None:
        self._client = client
        self._once = once

    def ensure(self, project_hash: str, data_hash: str, comments: Mapping[str, str]) -> int:
        """
        Have one issue for each comment on a data unit, ``{mark: comment}``; return how many had to be written.

        Two passes may write at the same time: what came of it is looked at afterwards, and a second issue of a mark is
        deleted.

        :raises ResourceNotFoundError: the project has no such data unit any more
        """
        issues, once = (_issues(client, project_hash, data_hash) for client in (self._client, self._once))
        there = self._marked(issues, comments)
        missing = [mark for mark in comments if not there[mark]]
        for mark in missing:
            patiently(
                partial(once.add_file_issue, comments[mark], []),
                pause=PAUSE_SECONDS,
                end_time=time.time() + PATIENCE_SECONDS,
            )
        if missing:
            there = self._marked(issues, comments)
        self._delete_doubles(issues, there)
        return len(missing)

    def _marked(self, issues: TaskIssues, marks: Mapping[str, str]) -> dict[str, list[Any]]:
        """Return a unit's issues by mark, the oldest first."""
        with_text = [one for one in issues.list() if one.comments]
        known = sorted(with_text, key=lambda one: (one.comments[0].created_at, str(one.uuid)))
        return {mark: [one for one in known if mark in one.comments[0].content] for mark in marks}

    def _delete_doubles(self, issues: TaskIssues, there: Mapping[str, Sequence[Any]]) -> None:
        from encord.exceptions import ResourceNotFoundError

        with contextlib.suppress(ResourceNotFoundError):  # another pass was quicker
            issues.delete([one.uuid for found in there.values() for one in found[1:]])


def _issues(client: EncordUserClient, project_hash: str, data_hash: str) -> TaskIssues:
    from encord.issues.issue_client import TaskIssues

    # The SDK hands this out with a task only, and what a killed pass left is written when the task has gone on.
    return TaskIssues(client._api_client, UUID(project_hash), UUID(data_hash))
