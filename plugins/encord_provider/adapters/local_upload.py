"""Files on this machine, sent to Encord's own storage through the SDK."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import orjson

from encord_provider.adapters.patience import PASSING, is_one_of, patiently
from encord_provider.adapters.transfer import Started
from include.benchmark_qa import paths
from include.benchmark_qa.manifest.model import UnitType

if TYPE_CHECKING:
    from encord_provider.adapters.storage import StorageAdapter
    from include.benchmark_qa.manifest.model import Unit
    from include.object_storage.protocol import Bucket

log = logging.getLogger(__name__)
LOCAL_SCHEME = "file://"
_BATCH = 100
_LOOK_S = 1.0
_METHODS = {
    UnitType.IMAGE: "upload_image",
    UnitType.VIDEO: "upload_video",
    UnitType.AUDIO: "upload_audio",
    UnitType.TEXT: "upload_text",
    UnitType.PDF: "upload_pdf",
    UnitType.NIFTI: "upload_nifti",
    UnitType.IMAGE_GROUP: "create_image_group",
    UnitType.IMAGE_SEQUENCE: "create_image_sequence",
    UnitType.DICOM_SERIES: "create_dicom_series",
}


def local_path(url: str) -> Path:
    """Return the path of a ``file://`` URL."""
    return Path(url2pathname(urlsplit(url).path))


def upload_unit(folder: Any, unit: Unit) -> None:
    """Send the files of a unit and make its item, in an SDK's ``StorageFolder``."""
    files = [local_path(url) for url in unit.object_urls]
    if missing := [str(file) for file in files if not file.is_file()]:
        raise FileNotFoundError(f"{missing[0]} is no file on this machine; is the folder mounted here?")
    source: Any = files if unit.type.is_group else files[0]
    getattr(folder, _METHODS[unit.type])(source, title=unit.title, client_metadata=dict(unit.client_metadata))


class LocalTransfer:
    """
    Uploads files, several at a time.

    The SDK uploads a unit in one call of several requests, and the last of them makes the item. A process that is
    killed in between cannot tell whether that last one was sent, so what is being uploaded is written down first: the
    next attempt waits until those units are there, or ``settle_seconds`` have passed, before it uploads them anew.

    :param workspace: where that is written down
    :param workers: how many units are uploaded at once
    :param settle_seconds: how long Encord may take to make an item of files that it has
    :param retry_seconds: pause after Encord said that it is asked too often, if it does not say how long
    :param timeout: how long to go on asking then, in seconds
    """

    takes_everything = False
    adds_metadata = False

    def __init__(
        self,
        storage: StorageAdapter,
        workspace: Bucket,
        *,
        workers: int = 4,
        settle_seconds: float = 30.0,
        retry_seconds: float = 10.0,
        timeout: float = 3600.0,
    ) -> None:
        self._storage = storage
        self._workspace = workspace
        self._workers = workers
        self._settle_seconds = settle_seconds
        self._retry_seconds = retry_seconds
        self._timeout = timeout

    def urls(self, unit: Unit) -> tuple[str, ...]:
        return ()

    def settle(self, folder_uuid: str) -> None:
        """Wait for the units that somebody was uploading when he was stopped."""
        end = time.monotonic() + self._settle_seconds
        waiting = self._in_flight(folder_uuid)
        while waiting:
            waiting = [pair for pair in waiting if not self._storage.holds(folder_uuid, *pair)]
            if not waiting or time.monotonic() >= end:
                break
            log.info("Waiting for %d unit(s) that were being uploaded when an earlier attempt ended", len(waiting))
            time.sleep(min(_LOOK_S, self._settle_seconds))
        self._note(folder_uuid, [])

    def start(self, folder_uuid: str, units: list[Unit]) -> Started:
        errors: list[tuple[str, str]] = []
        unclear: list[Unit] = []
        with ThreadPoolExecutor(self._workers) as pool:
            for first in range(0, len(units), _BATCH):
                batch = units[first : first + _BATCH]
                self._note(folder_uuid, unclear + batch)
                failed = [one for one in pool.map(lambda unit: self._upload(folder_uuid, unit), batch) if one]
                errors += [(unit.object_urls[0], f"{type(error).__name__}: {error}") for unit, error in failed]
                unclear += [unit for unit, error in failed if is_one_of(error, PASSING)]
                log.info("Uploaded %d of %d units, %d failed", first + len(batch), len(units), len(errors))
        self._note(folder_uuid, unclear)  # there all the same, perhaps: the answer alone may have been lost
        return Started(errors=tuple(errors))

    def _upload(self, folder_uuid: str, unit: Unit) -> tuple[Unit, Exception] | None:
        """Upload a unit; return what went wrong with it, if anything did."""
        from encord.exceptions import AuthenticationError, AuthorisationError

        end_time = time.time() + self._timeout
        tries = count()

        def once() -> None:
            if next(tries) == 0 or not self._storage.holds(folder_uuid, *_known_by(unit)):
                upload_unit(self._storage.folder(folder_uuid), unit)

        try:
            patiently(once, pause=self._retry_seconds, end_time=end_time)
        except (AuthenticationError, AuthorisationError):
            raise  # no unit's fault
        except Exception as error:  # noqa: BLE001 - one bad file must not lose the others; it is named in the report
            return unit, error
        return None

    def _in_flight(self, folder_uuid: str) -> list[tuple[str, str]]:
        key = paths.local_uploads(folder_uuid)
        if not self._workspace.exists(key):
            return []
        return [(title, source) for title, source in orjson.loads(self._workspace.read(key))]

    def _note(self, folder_uuid: str, units: Sequence[Unit]) -> None:
        key = paths.local_uploads(folder_uuid)
        self._workspace.write(key, orjson.dumps([_known_by(unit) for unit in units]))


def _known_by(unit: Unit) -> tuple[str, str]:
    source: str = unit.client_metadata["source_key"]
    return unit.title, source
