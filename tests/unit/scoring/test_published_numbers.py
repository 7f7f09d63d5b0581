"""Worked numbers that others published, each with its source, through the scorer as its users call it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pycocotools import mask

from include.benchmark_qa.scoring.settings import ScoringSettings
from include.benchmark_qa.scoring.submission import SubmissionScore, score_submission
from include.benchmark_qa.similarity.keypoints import oks_pairs
from tests.unit.scoring import raw_rows

SIZE = 1_000
Shown = tuple[str, dict[str, Any]]

# https://pyimagesearch.com/2016/11/07/intersection-over-union-iou-for-object-detection/: first and last pixel of the
# truth and of the prediction; the last pixel is part of the box.
PIXEL_BOXES = [
    ((39, 63, 203, 112), (54, 66, 198, 114), 0.7980),
    ((49, 75, 203, 125), (42, 78, 186, 126), 0.7899),
    ((31, 69, 201, 125), (18, 63, 235, 135), 0.6125),
    ((50, 72, 197, 121), (54, 72, 198, 120), 0.9472),
]
# https://lightning.ai/docs/torchmetrics/stable/detection/intersection_over_union.html: corners, aggregate=False.
CORNER_BOXES = [
    ((300.00, 100.00, 315.00, 150.00), (296.55, 93.96, 314.97, 152.79), 0.6898),
    ((330.00, 100.00, 350.00, 125.00), (328.94, 97.05, 342.49, 122.98), 0.5086),
    ((350.00, 100.00, 375.00, 150.00), (356.62, 95.47, 372.33, 147.55), 0.5654),
]
# https://github.com/facebookresearch/detectron2/blob/main/tests/structures/test_rotated_boxes.py: centre, width,
# height, degrees; its angles run the other way, which mirrors both boxes.
ROTATED_BOXES = [
    ((1, 1, math.sqrt(2), math.sqrt(2), 45), (1, 1, 2, 2, 0), 0.5),
    ((1, 1, 2 * math.sqrt(2), 2 * math.sqrt(2), -45), (1, 1, 2, 2, 0), 0.5),
    ((5, 5, 10.0, 6, 55), (5, 5, 10.0, 6, -35), 36 / 84),
    ((565, 565, 10, 10.0, 0), (565, 565, 10, 8.3, 0), 0.83),
]


@pytest.mark.parametrize(("true", "given", "expected"), PIXEL_BOXES)
def test_boxes_of_pyimagesearch(true: Any, given: Any, expected: float) -> None:
    boxes = [_box(x1, y1, x2 - x1 + 1, y2 - y1 + 1) for x1, y1, x2, y2 in (true, given)]
    assert similarity(*boxes) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("true", "given", "expected"), CORNER_BOXES)
def test_boxes_of_torchmetrics(true: Any, given: Any, expected: float) -> None:
    boxes = [_box(x1, y1, x2 - x1, y2 - y1) for x1, y1, x2, y2 in (true, given)]
    assert similarity(*boxes) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("true", "given", "expected"), ROTATED_BOXES)
def test_rotated_boxes_of_detectron2(true: Any, given: Any, expected: float) -> None:
    moved = 0 if true[0] > 100 else 100  # away from the border
    boxes = [
        ("rotatable_bounding_box", {"rotatableBoundingBox": {**_corner(x + moved, y + moved, w, h), "theta": -theta}})
        for x, y, w, h, theta in (true, given)
    ]
    assert similarity(*boxes) == pytest.approx(expected, abs=1e-9)


def test_a_square_turned_by_45_degrees_on_itself_covers_an_octagon() -> None:
    """https://en.wikipedia.org/wiki/Octagon: 2 (sqrt 2 - 1) of the square that it is cut from."""
    octagon = 2 * (math.sqrt(2) - 1)
    upright, turned = (
        ("cuboid", {"cuboid": {"position": [0, 0, 0], "size": [1, 1, 1], "orientation": [0, 0, angle]}})
        for angle in (0, math.pi / 4)
    )
    assert similarity(upright, turned) == pytest.approx(octagon / (2 - octagon), abs=1e-9)


def test_panoptic_quality_of_torchmetrics() -> None:
    """https://lightning.ai/docs/torchmetrics/stable/detection/panoptic_quality.html: tensor(0.5463)."""
    submitted = "60 00 60 60 00 00 60 01 00 00 60 01 00 70 60 10 00 70 70 70"
    true = "60 01 60 01 01 01 60 01 01 01 60 10 01 70 10 10 01 70 70 70"
    sides = [_segments(np.array(one.split()).reshape(5, 4)) for one in (true, submitted)]
    result = score(*sides, size=(4, 5))
    assert result.rates is not None
    assert result.rates.macro["pq"] == pytest.approx(0.5463, abs=5e-5)
    assert result.rates.macro["pq"] == pytest.approx((14 / 27 + 0 + 2 / 3 + 1) / 4)


def test_confusion_of_scikit_learn() -> None:
    """https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_fscore_support.html."""
    animals = {"cat": "bounding_box:1", "dog": "bounding_box:2", "pig": "bounding_box:3"}
    sides = (
        [(animals[name], _box(100 * place, 0, 50, 50)[1]) for place, name in enumerate(names.split())]
        for names in ("cat dog pig cat dog pig", "cat pig dog cat cat dog")
    )
    result = score(*sides)
    assert result.rates is not None
    names = ("precision", "recall", "f1")
    macro, micro = ([rates[name] for name in names] for rates in (result.rates.macro, result.rates.micro))
    assert macro == pytest.approx([0.22222, 0.33333, 0.26666], abs=1e-5)
    assert micro == pytest.approx([1 / 3] * 3)


def test_keypoints_of_the_oks_package() -> None:
    """
    https://github.com/yutsuro/oks: 0.852633 with an area of 20,000 and k of twice COCO's sigmas.

    Over the keypoints that both have. Ours takes the box of the nodes for the area, so k makes up for the rest.
    """
    sigmas = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 107, 107, 87, 87, 89]) / 1_000
    true = [[541, 299], [576, 280], [579, 315], [583, 351], [564, 394], [586, 316], [621, 351], [605, 406]]
    true += [[680, 320], [692, 310], [664, 391], [697, 316], [641, 356], [692, 419], [541, 287]]
    given = [[542, 297], [584, 278], [574, 305], [586, 347], [565, 391], [584, 309], [620, 353], [612, 406]]
    given += [[696, 305], [685, 317], [659, 391], [699, 323], [644, 350], [689, 418], [542, 287]]
    truth = np.array([true], float)
    area = float(np.ptp(truth[0], axis=0).prod())
    found = oks_pairs(truth, np.array([given], float), np.ones((1, 15), bool), 2 * sigmas * math.sqrt(20_000 / area))
    assert found == pytest.approx([0.852633], abs=5e-7)


@pytest.mark.parametrize(
    ("true", "given", "expected"),
    [
        ("kitten", "sitting", 1 - 3 / 7),  # https://en.wikipedia.org/wiki/Levenshtein_distance
        ("Saturday", "Sunday", 1 - 3 / 8),  # https://en.wikipedia.org/wiki/Wagner-Fischer_algorithm
        ("flaw", "lawn", 1 - 2 / 4),  # https://en.wikipedia.org/wiki/Levenshtein_distance
        ("  sitting ", "sitting", 1.0),
    ],
)
def test_texts_of_wikipedia(true: str, given: str, expected: float) -> None:
    result = score_submission(ANSWERS, _answered(caption=true), _answered(caption=given))
    assert result.classifications[0].attribute_agreement == pytest.approx(expected)


def test_jaccard_of_scikit_learn() -> None:
    """https://scikit-learn.org/stable/modules/generated/sklearn.metrics.jaccard_score.html: 0.6666; of both, 0.5833."""
    found = [
        score_submission(ANSWERS, _answered(tags=true), _answered(tags=given)).classifications[0].attribute_agreement
        for true, given in (("bc", "abc"), ("ab", "a"))
    ]
    assert found[0] == pytest.approx(0.6666, abs=1e-4)
    assert sum(one or 0 for one in found) / 2 == pytest.approx(0.5833, abs=1e-4)


ANSWERS: dict[str, Any] = {
    "objects": [],
    "classifications": [
        {
            "id": "1",
            "featureNodeHash": "caption",
            "attributes": [{"id": "1.1", "name": "Caption", "type": "text", "featureNodeHash": "caption?"}],
        },
        {
            "id": "2",
            "featureNodeHash": "tags",
            "attributes": [
                {
                    "id": "2.1",
                    "name": "Tags",
                    "type": "checklist",
                    "featureNodeHash": "tags?",
                    "options": [
                        {"id": f"2.1.{number}", "label": tag, "value": tag, "featureNodeHash": f"tag {tag}"}
                        for number, tag in enumerate("abc", 1)
                    ],
                }
            ],
        },
    ],
}


def _answered(**answers: str) -> dict[str, Any]:
    """Return a row with a caption, or with a tag for each letter."""
    given = {}
    for name, answer in answers.items():
        chosen = (
            answer
            if name == "caption"
            else [{"name": tag, "value": tag, "featureHash": f"tag {tag}"} for tag in answer]
        )
        given[name] = {
            "classificationHash": name,
            "featureHash": name,
            "range": [[0, 0]],
            "classifications": [{"name": name, "value": name, "featureHash": f"{name}?", "answers": chosen}],
        }
    return raw_rows.blob("image", {"objects": [], "classifications": []}, {}, given, SIZE, SIZE)


def similarity(true: Shown, given: Shown) -> float | None:
    """Return the similarity of two shapes on an image of 1,000 x 1,000 pixels."""
    settings = ScoringSettings(iou_threshold=0.3)
    result = score([(f"{true[0]}:1", true[1])], [(f"{given[0]}:1", given[1])], settings=settings)
    assert result.not_computed == ()
    return result.objects[0].similarity


def score(
    true: list[Shown],
    given: list[Shown],
    *,
    size: tuple[int, int] = (SIZE, SIZE),
    settings: ScoringSettings | None = None,
) -> SubmissionScore:
    """Compare objects, given as their class and geometry; a class is named by its shape and a number."""
    classes = sorted({feature_hash for feature_hash, _ in (*true, *given)})
    ontology = {
        "objects": [
            {"id": str(number), "name": one, "shape": one.partition(":")[0], "featureNodeHash": one, "attributes": []}
            for number, one in enumerate(classes, 1)
        ],
        "classifications": [],
    }
    return score_submission(ontology, _row(true, size), _row(given, size), settings)


def _row(shown: list[Shown], size: tuple[int, int]) -> dict[str, Any]:
    objects = [
        {"objectHash": f"o{index}", "featureHash": feature_hash, "shape": feature_hash.partition(":")[0], **geometry}
        for index, (feature_hash, geometry) in enumerate(shown)
    ]
    return raw_rows.blob("image", {"objects": objects, "classifications": []}, {}, {}, *size)


def _box(x: float, y: float, w: float, h: float) -> Shown:
    return "bounding_box", {"boundingBox": {"x": x / SIZE, "y": y / SIZE, "w": w / SIZE, "h": h / SIZE}}


def _corner(x: float, y: float, w: float, h: float) -> dict[str, float]:
    return {"x": (x - w / 2) / SIZE, "y": (y - h / 2) / SIZE, "w": w / SIZE, "h": h / SIZE}


def _segments(picture: Any) -> list[Shown]:
    """Return a bitmask per segment of a picture, whose pixels name class and instance."""
    shown = []
    for segment in np.unique(picture):
        # Encord's mask in rows is COCO's mask in columns of the transposed picture.
        counts = mask.encode(np.asfortranarray((picture == segment).T.astype(np.uint8)))["counts"].decode()
        height, width = picture.shape
        bitmask = {"top": 0, "left": 0, "height": height, "width": width, "rleString": counts}
        shown.append((f"bitmask:{segment[0]}", {"bitmask": bitmask}))
    return shown
