from __future__ import annotations

import json
import subprocess
import sys

import pytest

from include.benchmark_qa.scoring.__main__ import main
from tests.unit.benchmark_qa import scoring_samples as samples


@pytest.fixture
def files(tmp_path):
    contents = {
        "ontology": samples.ontology(),
        "ground-truth": samples.row(samples.pixel_box("a", 0, 0, 40, 40), samples.weather("w", "rain0001")),
        "submission": samples.row(samples.pixel_box("p", 0, 0, 40, 30)),
        "settings": {"pass_mark": 0.3},
    }
    paths = {}
    for name, content in contents.items():
        paths[name] = tmp_path / f"{name}.json"
        paths[name].write_text(json.dumps(content))
    return paths


def arguments(paths):
    return [text for name, path in paths.items() for text in (f"--{name}", str(path))]


def test_the_module_prints_the_score_as_json(files):
    command = [sys.executable, "-m", "include.benchmark_qa.scoring", *arguments(files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    printed = json.loads(done.stdout)
    scores = {"score", "passed", "both_empty", "not_computed", "rates"}
    assert set(printed) == scores | {"objects", "classifications", "tracks"}
    assert printed["score"] == pytest.approx(0.75 / 2)
    assert (printed["passed"], printed["not_computed"]) == (True, [])
    assert printed["objects"][0]["verdict"] == "low_overlap"
    assert printed["rates"]["worst"]["recall"] == {"class": "Weather", "feature_hash": "weather1", "value": 0.0}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("submission", "{", "submission.json: is not JSON"),
        ("ground-truth", "[]", "ground-truth.json: must hold a JSON object, holds list"),
        ("ontology", "null", "the ontology must be OntologyStructure.to_dict()"),
        ("ontology", '{"objects": [{}], "classifications": []}', "the ontology has a feature"),
        ("settings", '{"iou_treshold": 1}', "settings.json: iou_treshold: Extra inputs are not permitted"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(files, capsys, name, content, message):
    files[name].write_text(content)
    assert main(arguments(files)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_a_file_that_is_not_there_is_named(files, capsys):
    files["submission"].unlink()
    assert main(arguments(files)) == 2
    assert capsys.readouterr().err.endswith("submission.json: No such file or directory\n")


@pytest.mark.parametrize("content", ["[" * 100_000, "{}", '{"data_units": {}}'])
def test_what_is_no_label_row_is_named(files, capsys, content):
    files["submission"].write_text(content)
    assert main(arguments(files)) == 2
    assert "submission.json: is n" in capsys.readouterr().err


def test_each_label_says_why_it_counts_as_it_does(files, capsys):
    assert main(arguments(files)) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["objects"][0]["why"] == (
        "Car is drawn, but overlaps the true one by only 75 % (80 % wanted). It counts 0.75 instead of 1."
    )
    assert printed["classifications"][0]["why"] == "Weather is missing."


def test_a_submission_of_null_was_never_saved(files, capsys):
    files["submission"].write_text("null")
    assert main(arguments(files)) == 0
    assert json.loads(capsys.readouterr().out)["score"] == 0.0
