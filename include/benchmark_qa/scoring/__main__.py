from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from include.benchmark_qa.labels.ontology import index_ontology
from include.benchmark_qa.scoring.output import score_as_dict
from include.benchmark_qa.scoring.scored import score_labels
from include.benchmark_qa.scoring.settings import ScoringSettings

BAD_INPUT = 2


def main(arguments: list[str] | None = None) -> int:
    """Score one submission from files and print the result as JSON; 0, or 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        ontology = index_ontology(_read_json(options.ontology) or {})
        truth, submission = (_read_label_row(path) for path in (options.ground_truth, options.submission))
        settings = _settings(options.settings)
    except (ValueError, OSError) as error:
        print(_one_line(error), file=sys.stderr)
        return BAD_INPUT
    scored = score_labels(ontology, [truth], [submission], [0], settings)
    print(json.dumps(score_as_dict(scored, ontology, settings), indent=2, sort_keys=True))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.benchmark_qa.scoring",
        description="Score one submission against the ground truth and print the result as JSON.",
    )
    parser.add_argument("--ontology", type=Path, required=True, help="JSON of OntologyStructure.to_dict()")
    parser.add_argument("--ground-truth", type=Path, required=True, help="JSON of a label row, or null")
    parser.add_argument("--submission", type=Path, required=True, help="JSON of a label row, or null")
    parser.add_argument("--settings", type=Path, help='JSON of scoring settings, such as {"iou_threshold": 0.6}')
    return parser


def _settings(path: Path | None) -> ScoringSettings:
    try:
        return ScoringSettings.model_validate((path and _read_json(path)) or {})
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise ValueError(f"{path}: {field}: {problem['msg']}") from None


def _read_label_row(path: Path) -> Any:
    row = _read_json(path)
    if row is not None and not ("data_type" in row and ("data_units" in row or "spaces" in row)):
        raise ValueError(f"{path}: is no label row as to_encord_dict() writes it: data_type and data_units are missing")
    return row


def _read_json(path: Path) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError(f"{path}: is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{path}: is not JSON ({error})") from error
    if content is not None and not isinstance(content, dict):
        raise ValueError(f"{path}: must hold a JSON object, holds {type(content).__name__}")
    return content


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
