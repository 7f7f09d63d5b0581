"""Which extensions Encord supports for which type: its page "Supported data", ``encord_formats.md`` section 4.3."""

from __future__ import annotations

from functools import cache

from include.benchmark_qa.manifest.model import UnitType

_SEQUENCE_IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".avif", ".bmp")
_IMAGES = (*_SEQUENCE_IMAGES, ".tif", ".tiff")

# Image groups cannot be told from images by their extension, and so are not here.
EXTENSIONS = {
    UnitType.IMAGE: _IMAGES,
    UnitType.VIDEO: (".mp4", ".mov", ".webm", ".mkv"),
    UnitType.DICOM_SERIES: (".dcm",),
    UnitType.NIFTI: (".nii", ".nii.gz"),
    UnitType.AUDIO: (".mp3", ".wav", ".flac"),
    UnitType.TEXT: (".txt", ".html", ".xml", ".json"),
    UnitType.PDF: (".pdf",),
}
KNOWN = tuple(extension for extensions in EXTENSIONS.values() for extension in extensions)
_OF_GROUPS = {UnitType.IMAGE_GROUP: _IMAGES, UnitType.IMAGE_SEQUENCE: _SEQUENCE_IMAGES}

# A DICOM file may be called anything, and text is "... and many more": only another type's extension is wrong.
_OPEN = frozenset({UnitType.DICOM_SERIES, UnitType.TEXT})


def allowed(unit_type: UnitType) -> tuple[str, ...] | None:
    """Return the extensions of a type, or None where it takes any that is not another type's."""
    return None if unit_type in _OPEN else (_OF_GROUPS.get(unit_type) or EXTENSIONS[unit_type])


@cache
def foreign(unit_type: UnitType) -> tuple[str, ...]:
    """Return the extensions that belong to other types only."""
    own = _OF_GROUPS.get(unit_type) or EXTENSIONS[unit_type]
    return tuple(extension for extension in KNOWN if extension not in own)


def is_supported(unit_type: UnitType, name: str) -> bool:
    """
    Tell whether a file of this name can be of the type.

    A name without an extension says nothing against it.
    """
    lowered = name.lower()
    suffixes = allowed(unit_type)
    if suffixes is None:
        return not lowered.endswith(foreign(unit_type))
    return lowered.endswith(suffixes) or "." not in name[1:]


def is_known(name: str) -> bool:
    """Tell whether Encord takes files of this name's extension at all."""
    return name.lower().endswith(KNOWN)
