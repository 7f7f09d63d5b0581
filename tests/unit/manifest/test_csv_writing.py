from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from include.benchmark_qa.manifest.csv_manifest import TITLE_HEADERS, render_csv
from include.benchmark_qa.manifest.csv_reading import read_csv_manifest
from include.benchmark_qa.manifest.model import Unit, UnitType

OURS = {"source_key": "k", "kind": "production"}
EXTENSIONS = {UnitType.VIDEO: "mp4", UnitType.DICOM_SERIES: "dcm"}


def unit(unit_type: UnitType, *names: str, title: str = "t", **metadata: object) -> Unit:
    urls = tuple(f"https://h/{name}" for name in names)
    return Unit(unit_type, title, urls, names, OURS | metadata)


def written(*units: Unit) -> list[str]:
    return render_csv(units, "m.csv").data.decode().splitlines()


def test_without_sequences_a_header_has_the_columns_that_its_type_needs():
    group = unit(UnitType.IMAGE_GROUP, "1.jpg", "2.jpg", title="g")
    series = unit(UnitType.DICOM_SERIES, "1.dcm", title="s")
    assert written(series, group, unit(UnitType.IMAGE, "3.jpg"), unit(UnitType.VIDEO, "4.mp4", title="a, b")) == [
        "ObjectURL,Video title",
        'https://h/4.mp4,"a, b"',
        "ObjectURL,Image title",
        "https://h/3.jpg,t",
        "ObjectURL,Image group title,Create video",
        "https://h/1.jpg,g,false",
        "https://h/2.jpg,g,false",
        "ObjectURL,Series title",
        "https://h/1.dcm,s",
    ]


def test_with_a_sequence_every_row_has_three_columns_and_the_others_say_false():
    sequence = unit(UnitType.IMAGE_SEQUENCE, "1.jpg", "2.jpg", title="q")
    group = unit(UnitType.IMAGE_GROUP, "3.jpg", "4.jpg", title="g")
    assert written(sequence, group, unit(UnitType.IMAGE, "5.jpg"), unit(UnitType.DICOM_SERIES, "1.dcm")) == [
        "ObjectURL,Image title,Create video",
        "https://h/5.jpg,t,false",
        "ObjectURL,Image group title,Create video",
        "https://h/3.jpg,g,false",
        "https://h/4.jpg,g,false",
        "https://h/1.jpg,q,true",
        "https://h/2.jpg,q,true",
        "ObjectURL,Series title,Create video",
        "https://h/1.dcm,t,false",
    ]


def test_what_csv_cannot_carry_is_left_out_by_name():
    lost = [
        unit(UnitType.AUDIO, "a.wav"),
        unit(UnitType.NIFTI, "a.nii"),
        unit(UnitType.TEXT, "a.txt"),
        unit(UnitType.PDF, "a.pdf"),
        unit(UnitType.IMAGE, "a.jpg", site="x"),
        Unit(UnitType.IMAGE, "t", ("https://h/b.jpg",), ("b.jpg",), OURS, ({"width": 1},)),
    ]
    manifest = render_csv([*lost, unit(UnitType.IMAGE, "c.jpg")], "m.csv")
    assert [left_out for left_out, _ in manifest.left_out] == lost
    problems = [problem for _, problem in manifest.left_out]
    assert {(problem.file, problem.key) for problem in problems} == {("m.csv", "k")}
    assert [problem.field for problem in problems] == [*["type"] * 4, "clientMetadata", "metadata.media"]
    assert ["audio" in problems[0].reason, "NIfTI" in problems[1].reason, "site" in problems[4].reason] == [True] * 3
    assert [kept.source_keys for kept in manifest.units] == [("c.jpg",)]


def test_two_groups_of_one_title_would_become_one_in_csv():
    first, second = (unit(UnitType.IMAGE_GROUP, f"{name}1.jpg", f"{name}2.jpg") for name in "ab")
    manifest = render_csv([first, second], "m.csv")
    assert manifest.units == (first,)
    assert [problem.field for _, problem in manifest.left_out] == ["title"]


TITLES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(
    lambda title: title.strip() == title
)


@given(st.lists(st.tuples(st.sampled_from(list(TITLE_HEADERS)), TITLES), max_size=12, unique_by=lambda pair: pair[1]))
def test_what_is_written_is_read_back(drawn):
    units = []
    for number, (unit_type, title) in enumerate(drawn):
        members = range(2) if unit_type.is_group else range(1)
        extension = EXTENSIONS.get(unit_type, "jpg")
        units.append(unit(unit_type, *(f"{number},{member}.{extension}" for member in members), title=title))
    data = render_csv(units, "m.csv").data
    read = read_csv_manifest(data, "m.csv")
    assert [problem for problem in read.problems if drawn] == []
    assert {(found.type, found.title, found.object_urls) for found in read.units.values()} == {
        (made.type, made.title, made.object_urls) for made in units
    }
