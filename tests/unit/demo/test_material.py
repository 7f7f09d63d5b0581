from __future__ import annotations

from pathlib import Path

import av
import nibabel
import pydicom
import pytest
import soundfile
from PIL import Image

from include.benchmark_qa.listing.model import DataKind
from include.benchmark_qa.manifest.generate import generate_manifest
from include.benchmark_qa.manifest.model import UnitType
from include.benchmark_qa.manifest.rules import DEFAULT_RULES, FileRule, ManifestRules
from include.benchmark_qa.manifest.units import Place
from include.demo.material import make_material
from include.demo.material.make import STAMP_NAME
from include.demo.material.recipe import AWKWARD_NAME
from include.object_storage import open_bucket

RULES = ManifestRules(rules=(FileRule(match="groups/*/*.jpg", type=UnitType.IMAGE_GROUP), *DEFAULT_RULES))


@pytest.fixture(scope="module")
def material(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("material")
    make_material(out)
    return out


@pytest.mark.parametrize(("kind", "at_least"), [(DataKind.BENCHMARK, 60), (DataKind.PRODUCTION, 400)])
def test_there_are_enough_units_and_all_kinds_of_them(material, tmp_path, kind, at_least):
    bucket, prefix = open_bucket(str(material)), f"{kind.value}/"
    place = Place(bucket.uri, prefix, bucket.url, bucket.url_prefix)
    index = generate_manifest(
        bucket.list(prefix), RULES, kind, place=place, workspace=open_bucket(str(tmp_path)), folder="manifest/"
    )
    assert sum(index.units.values()) >= at_least
    assert {"image", "image_group", "dicom_series", "nifti", "video", "audio"} <= index.units.keys()
    assert (index.units["dicom_series"], index.units["nifti"], index.units["video"]) == (1, 1, 2)
    assert index.quarantined == 0


def test_no_two_files_are_the_same_picture(material):
    photos = [path for path in material.rglob("*.jpg") if "photos" in path.parts]
    assert len({path.read_bytes() for path in photos}) == len(photos)


def test_photographs_can_be_opened_and_have_their_width(material):
    for path in material.rglob("*.jpg"):
        with Image.open(path) as image:
            image.load()
            assert 320 <= image.width <= 640
            assert image.height >= 100


def test_a_dicom_series_is_one_series_of_several_slices(material):
    for folder in material.glob("*/dicom/*"):
        headers = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
        assert len(headers) >= 5
        assert len({header.SeriesInstanceUID for header in headers}) == 1
        assert len({header.SOPInstanceUID for header in headers}) == len(headers)
        assert headers[0].pixel_array.size


def test_volumes_videos_and_sounds_can_be_opened(material):
    for path in material.glob("*/nifti/*"):
        assert len(nibabel.load(path).shape) >= 3
    for path in material.glob("*/videos/*.mp4"):
        with av.open(str(path)) as container:
            assert sum(1 for _ in container.decode(video=0)) == 48
    for path in material.glob("*/audio/*.wav"):
        sound, rate = soundfile.read(path)
        assert len(sound) / rate == pytest.approx(3)
        assert abs(sound).max() == pytest.approx(0.9, abs=0.01)


def test_one_key_is_as_awkward_as_people_make_them(material):
    assert (material / "production" / AWKWARD_NAME).is_file()
    assert set(" +%") < set(AWKWARD_NAME)


def test_second_run_leaves_everything_as_it_is(material):
    before = {path: path.stat().st_mtime_ns for path in material.rglob("*")}
    summary = make_material(material)
    assert summary.reused
    assert {path: path.stat().st_mtime_ns for path in material.rglob("*")} == before


def test_a_damaged_folder_is_made_again_alike(material):
    lost = next(material.glob("production/photos/*.jpg"))
    content = lost.read_bytes()
    lost.unlink()
    assert not make_material(material).reused
    assert lost.read_bytes() == content


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark" / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="benchmark was not made by this command"):
        make_material(tmp_path)
    assert (tmp_path / "benchmark" / "thesis.txt").read_text() == "mine"
    assert not (tmp_path / STAMP_NAME).exists()
