from __future__ import annotations

import pytest

from include.benchmark_qa.manifest.csv_reading import read_csv_manifest
from include.benchmark_qa.manifest.model import UnitType


def read(*lines: str) -> tuple[list[tuple], list[tuple[str, str]]]:
    manifest = read_csv_manifest("\n".join(lines).encode(), "m.csv")
    units = [(unit.type.value, unit.title, *unit.object_urls) for unit in manifest.units.values()]
    return units, [(problem.key, problem.field) for problem in manifest.problems]


def test_headers_repeat_when_the_type_changes_and_their_case_does_not_matter():
    units, problems = read(
        "objecturl,VIDEO TITLE",
        "https://h/1.mp4,one",
        "OBJECTURL,Image Title",
        "https://h/2.jpg,two",
    )
    assert units == [("video", "one", "https://h/1.mp4"), ("image", "two", "https://h/2.jpg")]
    assert problems == []


def test_a_blank_title_is_the_name_of_the_file():
    units, problems = read("ObjectURL,Video title", "https://h/d/my%20film.mp4,", "https://h/d/2.mp4")
    assert [title for _, title, _ in units] == ["my film.mp4", "2.mp4"]
    assert problems == []


def test_rows_of_one_title_are_one_group_in_their_order_even_below_another_header():
    units, problems = read(
        "ObjectURL,Image group title,Create video",
        "https://h/2.jpg,g,false",
        "https://h/9.jpg,k,FALSE",
        "https://h/1.jpg,g,false",
        "ObjectURL,Image title",
        "https://h/5.jpg,",
        "ObjectURL,Image group title,Create video",
        "https://h/8.jpg,k,false",
    )
    assert problems == []
    assert units[1:] == [
        ("image_group", "g", "https://h/2.jpg", "https://h/1.jpg"),
        ("image_group", "k", "https://h/9.jpg", "https://h/8.jpg"),
    ]


@pytest.mark.parametrize("create_video", ["", "true", "True"])
def test_create_video_is_true_when_it_is_blank(create_video):
    units, problems = read(
        "ObjectURL,Image group title,Create video", f"https://h/1.jpg,g,{create_video}", "https://h/2.jpg,g,true"
    )
    assert units == [("image_sequence", "g", "https://h/1.jpg", "https://h/2.jpg")]
    assert problems == []


@pytest.mark.parametrize("header", ["Series title", "Dicom title"])
def test_both_headers_of_dicom_are_taken_and_files_without_a_title_stay_apart(header):
    units, problems = read(
        f"ObjectURL,{header}", "https://h/1.dcm,s", "https://h/2.dcm,s", "https://h/a/3.dcm,", "https://h/b/3.dcm,"
    )
    assert problems == []
    assert units == [
        ("dicom_series", "s", "https://h/1.dcm", "https://h/2.dcm"),
        ("dicom_series", "3.dcm", "https://h/a/3.dcm"),
        ("dicom_series", "3.dcm", "https://h/b/3.dcm"),
    ]


def test_a_single_column_is_videos_and_other_files_in_it_are_named():
    units, problems = read("ObjectUrl", "https://h/1.mp4", "https://h/2.jpg")
    assert units == [("video", "1.mp4", "https://h/1.mp4")]
    assert problems == [("line 3", "ObjectURL")]


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_are_passed_over():
    data = b"\xef\xbb\xbfObjectURL,Video title\r\n\r\n,\r\nhttps://h/1.mp4,one\r\n"
    manifest = read_csv_manifest(data, "m.csv")
    assert manifest.problems == []
    assert list(manifest.units) == ["line 4"]
    assert manifest.units["line 4"].type is UnitType.VIDEO


@pytest.mark.parametrize(
    ("lines", "problems"),
    [
        (["https://h/1.mp4,one"], [("line 1", "")]),
        (["ObjectURL;Video title", "https://h/1.mp4;one"], [("line 1", "")]),
        ([], [("", "")]),
        (["ObjectURL,Film title", "https://h/1.mp4,one"], [("line 1", "Film title")]),
        (["ObjectURL,Image group title,Video", "x,y,z"], [("line 1", "Video")]),
        (["ObjectURL,Video title", "https://h/a b.mp4,"], [("line 2", "ObjectURL")]),
        (["ObjectURL,Video title", " https://h/a.mp4,"], [("line 2", "ObjectURL")]),
        (["ObjectURL,Video title", ",one"], [("line 2", "ObjectURL")]),
        (["ObjectURL,Video title", "https://h/a.mp4,one,two"], [("line 2", "")]),
        (["ObjectURL,Video title", "https://h/a.mp4," + "x" * 301], [("line 2", "title")]),
        (["ObjectURL,Image title", "https://h/a.mp4,one"], [("line 2", "ObjectURL")]),
        (["ObjectURL,Image title,Create video", "https://h/a.jpg,one,"], [("line 2", "Create video")]),
        (
            ["ObjectURL,Image group title,Create video", "https://h/a.jpg,,false"],
            [("line 2", "title")],
        ),
        (
            ["ObjectURL,Image group title,Create video", "https://h/a.jpg,g,no", "https://h/b.jpg,g,false"],
            [("line 2", "Create video")],
        ),
        (
            ["ObjectURL,Image group title,Create video", "https://h/a.jpg,g,true", "https://h/b.jpg,g,false"],
            [("line 3", "Create video")],
        ),
        (["ObjectURL,Image group title,Create video", "https://h/a.jpg,g,false"], [("line 2", "ObjectURL")]),
        (["ObjectURL,Series title", "https://h/a.dcm,s", "https://h/a.dcm,s"], [("line 2", "ObjectURL")]),
        (
            [
                "ObjectURL,Video title",
                "https://h/a.mp4,",
                "ObjectURL,Image group title,Create video",
                "https://h/a.jpg,g,",
                "https://h/b.jpg,g,",
            ],
            [("line 1", "Create video")],
        ),
        (["ObjectURL,Video title", '"https://h/a.mp4'], [("", "")]),
    ],
)
def test_each_fault_is_told_by_line_and_field(lines, problems):
    assert read(*lines)[1] == problems


def test_a_file_that_is_not_utf_8_is_told():
    manifest = read_csv_manifest("ObjectURL,Video title\nhttps://h/1.mp4,é".encode("latin-1"), "m.csv")
    assert "not UTF-8" in manifest.problems[0].reason
