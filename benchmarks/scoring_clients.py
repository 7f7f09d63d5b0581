"""
The contestants of ``benchmarks.scoring``: each scores the submissions of a folder, read line by line as raw JSON.

Each function sets up and returns the work (see ``benchmarks.measure``). All parse a truth once for all of its
submissions, which stand together. ``sdk`` builds the SDK's objects, ``plain`` walks what ``json.loads`` returns; the
loops behind are the same (``scoring_plain``), but for masks: the SDK decodes them to arrays, the raw ones are handed
to pycocotools.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from benchmarks.scoring_data import KINDS
from benchmarks.scoring_plain import Labels, Tally, array_iou, box_iou, compare, polygon_iou, ring, rle_iou

if TYPE_CHECKING:
    from benchmarks.scoring_data import Kind

# Submissions per call of ours; a video is as large as 700 images.
_BATCH = {"boxes": 2_000, "videos": 10, "polygons": 1_000, "bitmasks": 1_000}

Work = Callable[[], dict[str, Any]]
Read = Callable[[bytes], Labels]


def ours(folder: str, name: str, count: str) -> Work:
    """Score with ``score_labels``, a batch of whole data units at a time."""
    score_batch = _ours(folder)

    def work() -> dict[str, Any]:
        scores: list[float] = []
        for truths, submissions, truth_of in _batches(folder, KINDS[name], int(count)):
            scores += score_batch(truths, submissions, truth_of).score.tolist()
        return _summary(scores)

    return work


def sdk(folder: str, name: str, count: str) -> Work:
    return _script(folder, name, count, "sdk")


def plain(folder: str, name: str, count: str) -> Work:
    return _script(folder, name, count, "plain")


def numbers(folder: str, name: str, count: str, contestant: str) -> Callable[[], list[Any]]:
    """Return TP, FP, FN, mean IoU, accuracy of the answers and score of the first ``count`` submissions."""
    if contestant != "ours":
        return lambda: [tally.numbers() for tally in _tallies(folder, KINDS[name], int(count), contestant)]
    from include.benchmark_qa.labels.ontology import index_ontology
    from include.benchmark_qa.scoring.submission import submission_score

    score_batch, ontology = _ours(folder), index_ontology(_ontology(folder))
    return lambda: [
        _numbers_of(submission_score(score_batch(truths, submissions, truth_of), place, ontology))
        for truths, submissions, truth_of in _batches(folder, KINDS[name], int(count))
        for place in range(len(submissions))
    ]


def _numbers_of(submission: Any) -> tuple[Any, ...]:
    counts, micro = submission.rates.counts, submission.rates.micro
    return counts.tp, counts.fp, counts.fn, micro["mean_iou"], micro["attribute_accuracy"], submission.score


def _ours(folder: str) -> Callable[..., Any]:
    from include.benchmark_qa.labels.ontology import index_ontology
    from include.benchmark_qa.scoring.scored import score_labels
    from include.benchmark_qa.scoring.settings import ScoringSettings

    ontology, settings = index_ontology(_ontology(folder)), ScoringSettings()
    return lambda truths, submissions, truth_of: score_labels(ontology, truths, submissions, truth_of, settings)


def _batches(folder: str, kind: Kind, count: int) -> Iterator[tuple[list[bytes], list[bytes], list[int]]]:
    size, truths_each = _BATCH[kind.name], _BATCH[kind.name] // kind.per_truth
    truths, lines = _lines(folder, kind.name, "truths"), islice(_lines(folder, kind.name, "submissions"), count)
    while submissions := list(islice(lines, size)):
        yield list(islice(truths, truths_each)), submissions, [i // kind.per_truth for i in range(len(submissions))]


def _script(folder: str, name: str, count: str, contestant: str) -> Work:
    import_module("encord.objects")  # before the clock starts: nobody pays for imports
    return lambda: _summary([tally.score for tally in _tallies(folder, KINDS[name], int(count), contestant)])


def _tallies(folder: str, kind: Kind, count: int, contestant: str) -> Iterator[Tally]:
    read = _sdk_reader(folder, kind) if contestant == "sdk" else _plain_reader()
    mask_iou = array_iou if contestant == "sdk" else rle_iou
    similarity = {"polygons": polygon_iou, "bitmasks": mask_iou}.get(kind.name, box_iou)
    truths = _lines(folder, kind.name, "truths")
    for place, line in enumerate(islice(_lines(folder, kind.name, "submissions"), count)):
        if place % kind.per_truth == 0:
            truth = read(next(truths))
        yield compare(truth, read(line), similarity)


def _sdk_reader(folder: str, kind: Kind) -> Read:
    from encord.objects import LabelRowV2, OntologyStructure
    from encord.objects.coordinates import BoundingBoxCoordinates, PolygonCoordinates

    from benchmarks.scoring_data import media

    ontology: Any = SimpleNamespace(structure=OntologyStructure.from_dict(_ontology(folder)))
    # One row object for all: `from_labels_dict` empties it first, and building one would cost the script more.
    row = LabelRowV2.from_media_metadata(ontology, media(kind))

    def geometry(coordinates: Any) -> Any:
        if isinstance(coordinates, BoundingBoxCoordinates):
            left, top = coordinates.top_left_x, coordinates.top_left_y
            return left, top, left + coordinates.width, top + coordinates.height
        if isinstance(coordinates, PolygonCoordinates):
            return ring([(point.x, point.y) for point in coordinates.values])
        return coordinates.to_numpy_array()

    def read(line: bytes) -> Labels:
        row.from_labels_dict(json.loads(line))
        labels = Labels()
        for instance in row.get_object_instances():
            feature_hash = instance.feature_hash
            for annotation in instance.get_annotations():
                labels.add(annotation.frame, feature_hash, geometry(annotation.coordinates))
        for classification in row.get_classification_instances():
            answer: Any = classification.get_answer()
            labels.answers[classification.feature_hash] = answer.feature_node_hash
        return labels

    return read


def _plain_reader() -> Read:
    def read(line: bytes) -> Labels:
        row, labels = json.loads(line), Labels()
        for unit in row["data_units"].values():
            frames = {0: unit["labels"]} if "objects" in unit["labels"] else unit["labels"]
            for frame, found in frames.items():
                for drawn in found["objects"]:
                    labels.add(int(frame), drawn["featureHash"], _plain_geometry(drawn))
        for answer in row["classification_answers"].values():
            labels.answers[answer["featureHash"]] = answer["classifications"][0]["answers"][0]["featureHash"]
        return labels

    return read


def _plain_geometry(drawn: dict[str, Any]) -> Any:
    if box := drawn.get("boundingBox"):
        left, top = box["x"], box["y"]
        return left, top, left + box["w"], top + box["h"]
    if parts := drawn.get("polygons"):
        flat = parts[0][0]
        return ring(list(zip(flat[::2], flat[1::2], strict=True)))
    bitmask = drawn["bitmask"]
    # Encord's string is COCO's of the mask in rows.
    return {"size": [bitmask["width"], bitmask["height"]], "counts": bitmask["rleString"].encode()}


def _lines(folder: str, name: str, what: str) -> Iterator[bytes]:
    with Path(folder, name, f"{what}.jsonl").open("rb") as lines:
        yield from lines


def _ontology(folder: str) -> dict[str, Any]:
    ontology: dict[str, Any] = json.loads(Path(folder, "ontology.json").read_text(encoding="utf-8"))
    return ontology


def _summary(scores: Sequence[float]) -> dict[str, Any]:
    return {"submissions": len(scores), "mean_score": sum(scores) / len(scores)}
