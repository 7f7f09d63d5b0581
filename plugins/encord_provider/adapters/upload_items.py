"""Units of a manifest as the SDK's ``DataUploadItems``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from include.benchmark_qa.manifest.model import Unit, UnitType

if TYPE_CHECKING:
    from encord.orm.storage import DataUploadItems
    from pydantic import BaseModel

_FIELDS = {
    UnitType.IMAGE: "images",
    UnitType.VIDEO: "videos",
    UnitType.IMAGE_GROUP: "image_groups",
    UnitType.IMAGE_SEQUENCE: "image_groups",
    UnitType.DICOM_SERIES: "dicom_series",
    UnitType.NIFTI: "nifti",
    UnitType.AUDIO: "audio",
    UnitType.TEXT: "text",
    UnitType.PDF: "pdf",
}


def as_upload_items(units: Sequence[Unit]) -> DataUploadItems:
    """
    Return the units in the SDK's form, duplicates skipped by URL within the folder.

    :raises ValueError: a unit's media metadata is not exactly what the SDK's class for it has; the message names both
    """
    from encord.orm.storage import DataUploadItems

    by_field: dict[str, list[Any]] = defaultdict(list)
    for unit in units:
        by_field[_FIELDS[unit.type]].append(_convert(unit))
    return DataUploadItems(**by_field, skip_duplicate_urls=True, upsert_metadata=True)


def _convert(unit: Unit) -> BaseModel:
    common = {"title": unit.title, "client_metadata": dict(unit.client_metadata)}
    if unit.type in {UnitType.IMAGE_GROUP, UnitType.IMAGE_SEQUENCE}:
        return _image_group(unit, common)
    return _dicom_series(unit, common) if unit.type is UnitType.DICOM_SERIES else _single(unit, common)


def _image_group(unit: Unit, common: dict[str, Any]) -> BaseModel:
    from encord.orm import storage

    images = [
        storage.DataUploadImageGroupImage(url=url, image_metadata=media)
        for url, media in zip(unit.object_urls, _media(unit, storage.CustomerProvidedImageMetadata), strict=True)
    ]
    return storage.DataUploadImageGroup(images=images, create_video=unit.type is UnitType.IMAGE_SEQUENCE, **common)


def _dicom_series(unit: Unit, common: dict[str, Any]) -> BaseModel:
    from encord.orm import storage

    media = _media(unit, storage.CustomerProvidedDicomSeriesDicomFileMetadata)
    files = [
        storage.DataUploadDicomSeriesDicomFile(url=url, title=None, dicom_metadata=metadata)
        for url, metadata in zip(unit.object_urls, media, strict=True)
    ]
    return storage.DataUploadDicomSeries(dicom_files=files, **common)


def _single(unit: Unit, common: dict[str, Any]) -> BaseModel:
    from encord.orm import storage

    classes: Mapping[UnitType, tuple[Any, str, Any]] = {
        UnitType.IMAGE: (storage.DataUploadImage, "image_metadata", storage.CustomerProvidedImageMetadata),
        UnitType.VIDEO: (storage.DataUploadVideo, "video_metadata", storage.CustomerProvidedVideoMetadata),
        UnitType.AUDIO: (storage.DataUploadAudio, "audio_metadata", storage.CustomerProvidedAudioMetadata),
        UnitType.TEXT: (storage.DataUploadText, "text_metadata", storage.CustomerProvidedTextMetadata),
        UnitType.PDF: (storage.DataUploadPDF, "pdf_metadata", storage.CustomerProvidedPdfMetadata),
    }
    if unit.type is UnitType.NIFTI:  # the SDK has no media metadata for it
        return storage.DataUploadNifti(object_url=unit.object_urls[0], **common)
    item_class, field, media_class = classes[unit.type]
    item: BaseModel = item_class(object_url=unit.object_urls[0], **{field: _media(unit, media_class)[0]}, **common)
    return item


def _media(unit: Unit, media_class: type[BaseModel]) -> list[Any]:
    """Return for each file its metadata in the SDK's class, None where the unit has none."""
    if not unit.media:
        return [None] * len(unit.object_urls)
    if len(unit.media) != len(unit.object_urls):
        raise ValueError(
            f"{unit.title!r} has {len(unit.object_urls)} files and the media metadata of {len(unit.media)}: make the "
            "manifest again"
        )
    return [_checked(unit, media_class, given) for given in unit.media]


def _checked(unit: Unit, media_class: type[BaseModel], given: Mapping[str, Any]) -> BaseModel:
    # The SDK drops fields that it does not know without a word.
    if given.keys() != media_class.model_fields.keys():
        raise ValueError(
            f"the media metadata of {unit.title!r} has the fields {sorted(given)}; {media_class.__name__} has "
            f"{sorted(media_class.model_fields)}: make the manifest again"
        )
    return media_class(**given)
