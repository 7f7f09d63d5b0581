from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.submission import score_submission

BAD_INPUT = 2


def main(arguments: list[str] | None = None) -> int:
    """Score one submission from files and print the result as JSON; 0, or 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        settings = (
            ScoringSettings.model_validate(_read_json(options.settings)) if options.settings else ScoringSettings()
        )
        score = score_submission(
            _read_json(options.ontology) or {},
            _read_json(options.ground_truth),
            _read_json(options.submission),
            settings,
        )
    except ValidationError as error:
        print(f"{options.settings}: {_first_problem(error)}", file=sys.stderr)
        return BAD_INPUT
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    print(json.dumps(asdict(score), indent=2, sort_keys=True))
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


def _read_json(path: Path) -> Any:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: is not JSON ({error})") from error
    if content is not None and not isinstance(content, dict):
        raise ValueError(f"{path}: must hold a JSON object, holds {type(content).__name__}")
    return content


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"


if __name__ == "__main__":
    sys.exit(main())
