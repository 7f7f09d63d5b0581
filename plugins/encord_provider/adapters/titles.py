from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from encord_provider.exceptions import EncordAmbiguousTitleError

T = TypeVar("T")


def only_one(kind: str, title: str, found: Sequence[T]) -> T | None:
    """
    Return the one thing found under a title, or None.

    :raises EncordAmbiguousTitleError: there are several; the message names them, since nobody can tell which is meant
    """
    if len(found) > 1:
        hashes = ", ".join(sorted(str(one) for one in found))
        raise EncordAmbiguousTitleError(
            f"{len(found)} {kind}s are called {title!r}: {hashes}. Rename or delete all but one of them in Encord."
        )
    return found[0] if found else None
