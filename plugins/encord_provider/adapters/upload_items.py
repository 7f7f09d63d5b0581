"""Units of a manifest as the SDK's ``DataUploadItems``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from include.benchmark_qa.manifest.model import Unit, UnitType

if TYPE_CHECKING:
    from encord.orm.storage import DataUploadItems

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

    The SDK drops fields that it does not know without a word, so each is set by its name here.
    """
    from encord.orm.storage import DataUploadItems

    by_field: dict[str, list[Any]] = defaultdict(list)
    for unit in units:
        by_field[_FIELDS[unit.type]].append(_convert(unit))
    return DataUploadItems(**by_field, skip_duplicate_urls=True, upsert_metadata=True)


def _convert(unit: Unit) -> Any:
    common = {"title": unit.title, "client_metadata": dict(unit.client_metadata)}
    grouped: dict[UnitType, Callable[..., Any]] = {
        UnitType.IMAGE_GROUP: _image_group,
        UnitType.IMAGE_SEQUENCE: _image_group,
        UnitType.DICOM_SERIES: _dicom_series,
    }
    if unit.type in grouped:
        return grouped[unit.type](unit, common)
    return _single_class(unit.type)(object_url=unit.object_urls[0], **common)


def _image_group(unit: Unit, common: dict[str, Any]) -> Any:
    from encord.orm.storage import DataUploadImageGroup, DataUploadImageGroupImage

    images = [DataUploadImageGroupImage(url=url) for url in unit.object_urls]
    return DataUploadImageGroup(images=images, create_video=unit.type is UnitType.IMAGE_SEQUENCE, **common)


def _dicom_series(unit: Unit, common: dict[str, Any]) -> Any:
    from encord.orm.storage import DataUploadDicomSeries, DataUploadDicomSeriesDicomFile

    files = [DataUploadDicomSeriesDicomFile(url=url, title=None) for url in unit.object_urls]
    return DataUploadDicomSeries(dicom_files=files, **common)


def _single_class(unit_type: UnitType) -> Any:
    from encord.orm import storage

    return {
        UnitType.IMAGE: storage.DataUploadImage,
        UnitType.VIDEO: storage.DataUploadVideo,
        UnitType.NIFTI: storage.DataUploadNifti,
        UnitType.AUDIO: storage.DataUploadAudio,
        UnitType.TEXT: storage.DataUploadText,
        UnitType.PDF: storage.DataUploadPDF,
    }[unit_type]
