"""
The two forms of an upload: the documented manifest (``externalFiles``) and the SDK's items (``dataItems``).

Their entries are the same but for the spelling of the top-level keys and for groups, whose files a manifest may number
(``objectUrl_0``). An upload is read entry by entry, so that its size costs no more than its own JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import orjson
from pydantic import AliasChoices, Field, ValidationError, model_validator

from include.encord_emulator.errors import ApiError, invalid
from include.encord_emulator.wire.payload import Name, Payload, Uuid, problems
from include.encord_emulator.wire.units import File, Unit

ITEM_LIMIT, URL_LIMIT = 500_000, 1_000_000
"""Of one upload (the documentation)."""


class Upload(Payload):
    """The top level; a manifest spells it in snake_case, the SDK's items in camelCase."""

    videos: list[Any] | None = None
    images: list[Any] | None = None
    image_groups: list[Any] | None = None
    image_groups_from_items: list[Any] | None = None
    dicom_series: list[Any] | None = None
    audio: list[Any] | None = None
    nifti: list[Any] | None = None
    text: list[Any] | None = None
    pdf: list[Any] | None = None
    time_series: list[Any] | None = None
    scenes: list[Any] | None = None
    skip_duplicate_urls: bool = False
    upsert_metadata: bool = False

    @property
    def size(self) -> int:
        """The number of entries."""
        return sum(len(getattr(self, kind) or ()) for kind in _ENTRIES)


class _Entry(Payload):
    title: str | None = None
    client_metadata: dict[str, Any] | None = None

    def unit(self) -> Unit:
        """Return what the entry asks to register."""
        raise NotImplementedError


class _Single(_Entry):
    item_type: ClassVar[str]
    object_url: Name
    placeholder_item_uuid: Uuid | None = None

    def media_metadata(self) -> Any:
        """Return what the customer says of the file."""
        return None

    def unit(self) -> Unit:
        file = File(self.object_url, self.title, self.media_metadata(), self.placeholder_item_uuid)
        return Unit(self.item_type, (file,), self.title, self.client_metadata)


class _Video(_Single):
    item_type = "video"
    external_file_type: Literal["VIDEO"] = "VIDEO"
    video_metadata: Any = None

    def media_metadata(self) -> Any:
        return self.video_metadata


class _Image(_Single):
    item_type = "image"
    external_file_type: Literal["IMAGE"] = "IMAGE"
    image_metadata: Any = None

    def media_metadata(self) -> Any:
        return self.image_metadata


class _Audio(_Single):
    item_type = "audio"
    external_file_type: Literal["AUDIO"] = "AUDIO"
    # The documentation has it both with and without the capital.
    audio_metadata: Any = Field(None, validation_alias=AliasChoices("audioMetadata", "audiometadata"))

    def media_metadata(self) -> Any:
        return self.audio_metadata


class _Nifti(_Single):
    item_type = "nifti"
    external_file_type: Literal["NIFTI"] = "NIFTI"


class _Text(_Single):
    item_type = "plainText"
    external_file_type: Literal["PLAIN_TEXT"] = "PLAIN_TEXT"
    text_metadata: Any = None

    def media_metadata(self) -> Any:
        return self.text_metadata


class _Pdf(_Single):
    item_type = "pdf"
    external_file_type: Literal["PDF"] = "PDF"
    pdf_metadata: Any = None

    def media_metadata(self) -> Any:
        return self.pdf_metadata


class _Part(Payload):
    """A file of a group."""

    url: Name
    title: str | None = None
    metadata: Any = Field(None, validation_alias=AliasChoices("imageMetadata", "dicomMetadata"))
    placeholder_item_uuid: Uuid | None = None

    def file(self) -> File:
        return File(self.url, self.title, self.metadata, self.placeholder_item_uuid)


class _ImageGroup(_Entry):
    external_file_type: Literal["IMG_GROUP"] = "IMG_GROUP"
    images: list[_Part] = Field(min_length=1)
    create_video: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return _with_parts(given, "images")

    def unit(self) -> Unit:
        item_type = "imageSequence" if self.create_video else "imageGroup"
        return Unit(item_type, tuple(part.file() for part in self.images), self.title, self.client_metadata)


class _ImageGroupFromItems(_Entry):
    external_file_type: Literal["IMG_GROUP_FROM_ITEMS"] = "IMG_GROUP_FROM_ITEMS"
    image_items: list[Uuid] = Field(min_length=1)
    create_video: bool
    video_url_prefix: str | None = None

    def unit(self) -> Unit:
        item_type = "imageSequence" if self.create_video else "imageGroup"
        return Unit(item_type, (), self.title, self.client_metadata, tuple(self.image_items))


class _DicomSeries(_Entry):
    external_file_type: Literal["DICOM"] = "DICOM"
    dicom_files: list[_Part] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return _with_parts(given, "dicomFiles")

    def unit(self) -> Unit:
        return Unit("dicomSeries", tuple(part.file() for part in self.dicom_files), self.title, self.client_metadata)


_ENTRIES: dict[str, type[_Entry]] = {
    "videos": _Video,
    "images": _Image,
    "image_groups": _ImageGroup,
    "image_groups_from_items": _ImageGroupFromItems,
    "dicom_series": _DicomSeries,
    "audio": _Audio,
    "nifti": _Nifti,
    "text": _Text,
    "pdf": _Pdf,
}
_LEFT_OUT = ("time_series", "scenes")


@dataclass(frozen=True, slots=True)
class Registration:
    """
    One entry of an upload, read.

    :param path: where it is, such as ``manifest.images[3]``.
    :param entry: what ``read_unit`` makes the unit from again; it can be kept as JSON.
    """

    kind: str
    path: str
    entry: dict[str, Any]
    unit: Unit


def read_upload(document: Any, *, structured: bool) -> Upload:
    """
    Return the top level of an upload.

    :param structured: whether it is ``dataItems``.
    """
    where = "dataItems" if structured else "manifest"
    try:
        upload = Upload.model_validate(document, by_alias=structured, by_name=not structured)
    except ValidationError as error:
        raise ApiError(422 if structured else 400, problems(error, where)) from None
    if asked := [kind for kind in _LEFT_OUT if getattr(upload, kind)]:
        raise ApiError(501, f"{where}: {' and '.join(asked)} are left out of the emulator")
    if upload.size > ITEM_LIMIT:
        raise invalid(f"{where}: {upload.size} items are more than the {ITEM_LIMIT} of one upload")
    return upload


def registrations(upload: Upload, *, structured: bool, create_video: bool) -> Iterator[Registration]:
    """
    Yield the entries of an upload, read; the first that cannot be is refused by its path.

    :param create_video: what an image group is made that does not say.
    """
    urls = 0
    where, status = ("dataItems", 422) if structured else ("manifest", 400)
    for kind in _ENTRIES:
        for number, entry in enumerate(getattr(upload, kind) or ()):
            path = f"{where}.{kind}[{number}]"
            if kind == "image_groups" and isinstance(entry, dict) and entry.get("createVideo") is None:
                entry = entry | {"createVideo": create_video}
            try:
                unit = _read_entry(kind, entry).unit()
                orjson.dumps([[[entry]]])  # as deep as it will be in any answer
            except ValidationError as error:
                raise ApiError(status, problems(error, path)) from None
            except TypeError as error:  # orjson writes no more than 254 levels
                raise ApiError(status, f"{path}: {error}") from None
            urls += len(unit.files)
            if urls > URL_LIMIT:
                raise invalid(f"{path}: there are more than the {URL_LIMIT} URLs of one upload")
            yield Registration(kind, path, entry, unit)


def read_unit(kind: str, entry: dict[str, Any]) -> Unit:
    """Return the unit of an entry that was read before."""
    return _read_entry(kind, entry).unit()


def _read_entry(kind: str, entry: Any) -> _Entry:
    # Only as the documentation spells them: `object_url` would be lost at Encord without a word.
    return _ENTRIES[kind].model_validate(entry, by_alias=True, by_name=False)


def _with_parts(given: Any, name: str) -> Any:
    """Return a group with the files that it numbers under ``name``, as the SDK lists them."""
    if not isinstance(given, dict):
        return given
    numbered = {int(key[10:]): key for key in given if re.fullmatch(r"objectUrl_\d{1,9}", key)}
    if not numbered:
        return given
    if name in given:
        raise ValueError(f"{name} and objectUrl_0, objectUrl_1, ... exclude each other")
    if sorted(numbered) != list(range(len(numbered))):
        raise ValueError("the numbers of objectUrl_0, objectUrl_1, ... must start at 0 and leave no gap")
    rest = {key: value for key, value in given.items() if key not in numbered.values()}
    return {name: [{"url": given[numbered[number]]} for number in sorted(numbered)]} | rest
