from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from encord_provider.adapters.turns import Alone
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


def ensured(
    kind: str, title: str, find: Callable[[str], str | None], create: Callable[[], str], alone: Alone
) -> tuple[str, bool]:
    """
    Return the id of the one thing with this title, and whether it had to be created.

    Whoever finds nothing looks again when nobody else can be creating it, so that runs at the same time never make two.

    :param kind: what it is, in a word
    :param find: returns the id of the one thing with a title, or None
    :raises EncordAmbiguousTitleError: there are several, made by somebody who takes no turns
    """
    if found := find(title):
        return found, False
    with alone(f"{kind} {title!r}") as turn:
        if found := find(title):
            return found, False
        turn.check()
        created = create()
        find(title)  # two of a title are an error that names both
    return created, True
