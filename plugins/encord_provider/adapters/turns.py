"""Turns: who may do a thing that must be done once, when several processes want to at the same time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias
from uuid import uuid4

import orjson

from encord_provider.exceptions import EncordTimeoutError, EncordTurnLostError
from include.benchmark_qa import paths

if TYPE_CHECKING:
    from include.object_storage.protocol import Bucket

log = logging.getLogger(__name__)
_LOOK_S = 0.5
_STATE = ".state.json"


class Turn(Protocol):
    """What is done alone."""

    def check(self) -> None:
        """
        Make sure that nobody else has taken over, just before something is made.

        :raises EncordTurnLostError: somebody has, since this process said nothing for a long time
        """


Alone: TypeAlias = Callable[[str], AbstractContextManager[Turn]]
"""Gives the turn of a name, for as long as a block lasts."""


class _AnyTime:
    def check(self) -> None:
        """Nobody else is reckoned with."""


def unguarded(_name: str) -> AbstractContextManager[Turn]:
    """Let anybody do anything at once."""
    return nullcontext(_AnyTime())


@dataclass(frozen=True, slots=True)
class _Held:
    """The newest turn of a name: its number, who has it, and what he last said of it."""

    number: int
    owner: str
    token: str
    state: bytes

    @property
    def has_ended(self) -> bool:
        return bool(self.state) and bool(orjson.loads(self.state)["ended"])


class Turns:
    """
    Turns by name, kept in the workspace: one process at a time, on whatever machine.

    Each turn is a file with the next number, which the storage lets one process alone create. Its holder writes
    "I am here" beside it again and again; when he is silent for ``seconds``, by the watch of whoever waits, the next
    one takes over. So a killed process holds nobody up for long, and no two clocks are compared.

    :param owner: who asks; a turn that an earlier attempt of the same owner left is taken over at once
    :param timeout: how long to wait for others, in seconds
    """

    def __init__(self, workspace: Bucket, owner: str, *, seconds: float = 20.0, timeout: float = 6 * 3600.0) -> None:
        self._workspace = workspace
        self._owner = owner
        self._seconds = seconds
        self._timeout = timeout

    @contextmanager
    def __call__(self, name: str) -> Iterator[Turn]:
        """
        Wait for the turn of a name, and have it until the block ends.

        :raises EncordTimeoutError: others kept it for ``timeout``
        """
        folder = paths.turns(name)
        turn = _OwnTurn(self._workspace, folder, self._take(name, folder), self._seconds)
        with turn.kept():
            yield turn

    def _take(self, name: str, folder: str) -> int:
        """Return the number of the turn that is now our own."""
        token = uuid4().hex
        content = orjson.dumps({"name": name, "owner": self._owner, "token": token})
        if self._workspace.create(_key(folder, 0), content):
            return 0
        end, watch = time.monotonic() + self._timeout, _Watch(name)
        while True:
            newest = _newest(self._workspace, folder)
            if newest.token == token:  # it is ours, and the answer that said so was lost
                return newest.number
            silence = watch.silence_of(newest)
            if newest.has_ended or newest.owner == self._owner or silence >= self._seconds:
                if self._workspace.create(_key(folder, newest.number + 1), content):
                    return newest.number + 1
            elif time.monotonic() >= end:
                raise EncordTimeoutError(f"{newest.owner} has the turn to see to {name} still; is it stuck?")
            else:
                time.sleep(_LOOK_S)


class _Watch:
    """Looks at the watch while somebody else has the turn."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: _Held | None = None
        self._since = 0.0

    def silence_of(self, newest: _Held) -> float:
        """Return for how many seconds the holder has said nothing new."""
        if newest != self._seen:
            if self._seen is None or self._seen.number != newest.number:
                log.info("%s has the turn to see to %s", newest.owner, self._name)
            self._seen, self._since = newest, time.monotonic()
        return time.monotonic() - self._since


class _OwnTurn:
    """A turn that this process has."""

    def __init__(self, workspace: Bucket, folder: str, number: int, seconds: float) -> None:
        self._workspace = workspace
        self._folder = folder
        self._number = number
        self._pause = seconds / 5
        self._has_ended = threading.Event()

    def check(self) -> None:
        newest = _newest(self._workspace, self._folder).number
        if newest != self._number:
            raise EncordTurnLostError(
                f"turn {self._number} of {self._folder} was taken over by {newest}, since this process was silent for "
                "too long; the next attempt waits for its own turn"
            )

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Say again and again that this process is there, and at last that it has done."""
        beats = threading.Thread(target=self._beat, name="turn", daemon=True)
        beats.start()
        try:
            yield
        finally:
            self._has_ended.set()
            beats.join()
            self._say(ended=True)

    def _beat(self) -> None:
        while not self._has_ended.wait(self._pause):
            try:
                self._say(ended=False)
            except Exception:
                log.warning("Could not say that the turn is still needed; trying again", exc_info=True)

    def _say(self, *, ended: bool) -> None:
        state = {"ended": ended, "said": uuid4().hex}
        self._workspace.write(f"{_key(self._folder, self._number)}{_STATE}", orjson.dumps(state))


def _key(folder: str, number: int) -> str:
    return f"{folder}{number:08d}"


def _newest(workspace: Bucket, folder: str) -> _Held:
    """Return the turn of the highest number; one whose file is being written has no owner yet."""
    names = [key.removeprefix(folder) for batch in workspace.list(folder) for key in batch.keys]
    number = max(int(name) for name in names if name.isdigit())
    key = _key(folder, number)
    content = workspace.read(key)
    held = orjson.loads(content) if content.endswith(b"}") else {"owner": "another run", "token": ""}
    state = workspace.read(f"{key}{_STATE}") if f"{number:08d}{_STATE}" in names else b""
    return _Held(number, held["owner"], held["token"], state)
