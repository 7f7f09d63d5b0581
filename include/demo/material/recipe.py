"""What lies in the demo's bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from include.demo.material.clips import audio_objects, video_objects
from include.demo.material.photos import group_objects, photo_objects, single_photo
from include.demo.material.scans import dicom_objects, nifti_objects

# A name such as people give: spaces, "+", "%", Latin and Cyrillic letters.
AWKWARD_NAME = "photos/café no. 7 + 100%/фото 1.jpg"


def benchmark_parts(prefix: str) -> Iterator[Mapping[str, bytes]]:
    """Yield objects by key: 67 units in 79 objects, at least one of every type the demo knows."""
    yield photo_objects(prefix, 60)
    yield group_objects(prefix, "coffee", 5)
    yield group_objects(prefix, "rocket", 5)
    yield dicom_objects(prefix, "ct-abdomen")
    yield nifti_objects(prefix, "anatomical.nii")
    yield video_objects(prefix, "china")
    yield video_objects(prefix, "hubble")
    yield audio_objects(prefix, "coffee")


def production_parts(prefix: str) -> Iterator[Mapping[str, bytes]]:
    """Yield objects by key: 410 units in 436 objects, at least one of every type the demo knows."""
    yield photo_objects(prefix, 400)
    yield single_photo(prefix + AWKWARD_NAME, "china")
    yield group_objects(prefix, "flower", 6)
    yield group_objects(prefix, "astronaut", 6)
    # More than nine frames, so that numeric and alphabetic order could differ.
    yield group_objects(prefix, "retina", 11)
    yield dicom_objects(prefix, "mr-head")
    yield nifti_objects(prefix, "diffusion.nii.gz")
    yield video_objects(prefix, "flower")
    yield video_objects(prefix, "rocket")
    yield audio_objects(prefix, "china")
    yield audio_objects(prefix, "astronaut")
