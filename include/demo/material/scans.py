"""Medical scans, byte for byte as their packages ship them: DICOM series and NIfTI volumes."""

from __future__ import annotations

from pydicom import dcmread

from include.demo.material.sources import package_file

# Folders of pydicom's DICOMDIR test set that hold the slices of exactly one series.
_DICOM_SERIES = {"ct-abdomen": "98892001/CT5N", "mr-head": "98892003/MR700"}
_NIFTI_VOLUMES = {"anatomical.nii": "anatomical.nii", "diffusion.nii.gz": "example4d.nii.gz"}


def dicom_objects(prefix: str, series: str) -> dict[str, bytes]:
    """
    Return the slices of a series, as ``dicom/<series>/0001.dcm``, numbered by their InstanceNumber.

    :raises ValueError: when the folder in the package does not hold exactly one series.
    """
    folder = package_file("pydicom", f"data/test_files/dicomdirtests/{_DICOM_SERIES[series]}")
    objects, series_uids = {}, set()
    for file in sorted(folder.iterdir()):
        header = dcmread(file, stop_before_pixels=True)
        series_uids.add(header.SeriesInstanceUID)
        objects[f"{prefix}dicom/{series}/{int(header.InstanceNumber):04d}.dcm"] = file.read_bytes()
    if len(series_uids) != 1:
        raise ValueError(f"{folder} holds {len(series_uids)} series, not one; install the pydicom of the lock file")
    return objects


def nifti_objects(prefix: str, name: str) -> dict[str, bytes]:
    """Return one volume, as ``nifti/<name>``."""
    return {f"{prefix}nifti/{name}": package_file("nibabel", f"tests/data/{_NIFTI_VOLUMES[name]}").read_bytes()}
