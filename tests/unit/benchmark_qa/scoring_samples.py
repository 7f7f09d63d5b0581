from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from encord.objects import LabelRowV2, OntologyStructure, Shape
from encord.objects.attributes import ChecklistAttribute, NumericAttribute, RadioAttribute, TextAttribute
from encord.orm.storage import (
    CustomerProvidedAudioMetadata,
    CustomerProvidedImageMetadata,
    CustomerProvidedPdfMetadata,
    CustomerProvidedVideoMetadata,
)

from include.benchmark_qa.labels.blob import (
    Edit,
    LabelPart,
    bounding_box,
    checklist_answer,
    classification_part,
    fill_label_row,
    object_part,
    polygon,
    radio_answer,
    text_answer,
)

EDIT = Edit(by="ann@example.com", at=datetime(2026, 3, 21, 11, 21, 51, tzinfo=UTC))
WIDTH, HEIGHT = 200, 100


@cache
def ontology_structure() -> OntologyStructure:
    """Cars and buses as boxes, lakes as polygons, routes as polylines; weather, caption and tags of the whole unit."""
    structure = OntologyStructure()
    car = structure.add_object("Car", Shape.BOUNDING_BOX, feature_node_hash="car00001")
    kind = car.add_attribute(RadioAttribute, "Kind", feature_node_hash="kind0001")
    sedan = kind.add_option("Sedan", feature_node_hash="sedan001")
    sedan.add_nested_attribute(TextAttribute, "Trim", feature_node_hash="trim0001")
    kind.add_option("Truck", feature_node_hash="truck001")
    damage = car.add_attribute(ChecklistAttribute, "Damage", feature_node_hash="damage01")
    damage.add_option("Dent", feature_node_hash="dent0001")
    damage.add_option("Scratch", feature_node_hash="scratch1")
    moving = car.add_attribute(RadioAttribute, "Moving", dynamic=True, feature_node_hash="moving01")
    moving.add_option("Yes", feature_node_hash="yes00001")
    car.add_attribute(NumericAttribute, "Doors", feature_node_hash="doors001")
    structure.add_object("Bus", Shape.BOUNDING_BOX, feature_node_hash="bus00001")
    structure.add_object("Lake", Shape.POLYGON, feature_node_hash="lake0001")
    structure.add_object("Route", Shape.POLYLINE, feature_node_hash="route001")
    weather = structure.add_classification(feature_node_hash="weather1").add_attribute(
        RadioAttribute, "Weather", feature_node_hash="weatherA"
    )
    weather.add_option("Sunny", feature_node_hash="sunny001")
    rain = weather.add_option("Rain", feature_node_hash="rain0001")
    rain.add_nested_attribute(TextAttribute, "How heavy", feature_node_hash="heavy001")
    structure.add_classification(feature_node_hash="caption1").add_attribute(
        TextAttribute, "Caption", feature_node_hash="captionA"
    )
    tags = structure.add_classification(feature_node_hash="tags0001").add_attribute(
        ChecklistAttribute, "Tags", feature_node_hash="tagsA001"
    )
    for name in ("Red", "Green", "Blue"):
        tags.add_option(name, feature_node_hash=f"{name.lower():0<8}")
    return structure


@cache
def ontology() -> dict[str, Any]:
    return ontology_structure().to_dict()


def sdk_row(data_type: str = "image") -> LabelRowV2:
    """Return a detached label row of the real SDK, without labels."""
    image = CustomerProvidedImageMetadata(mime_type="image/png", file_size=1, height=HEIGHT, width=WIDTH)
    media: Any = {
        "image": image,
        "img_group": [image, image],
        "video": CustomerProvidedVideoMetadata(
            mime_type="video/mp4", file_size=1, height=HEIGHT, width=WIDTH, fps=10, duration=1
        ),
        "audio": CustomerProvidedAudioMetadata(
            mime_type="audio/wav", file_size=1, duration=2, sample_rate=8000, bit_depth=16, codec="pcm", num_channels=1
        ),
        "pdf": CustomerProvidedPdfMetadata(file_size=1, num_pages=2),
    }[data_type]
    return LabelRowV2.from_media_metadata(SimpleNamespace(structure=ontology_structure()), media)


@cache
def _empty(data_type: str) -> dict[str, Any]:
    return sdk_row(data_type).to_encord_dict()


def row(*parts: LabelPart, data_type: str = "image") -> dict[str, Any]:
    """Return a label blob with these labels, on 200 x 100 pixels where there are pixels."""
    return fill_label_row(_empty(data_type), parts)


def _feature(feature_hash: str) -> dict[str, Any]:
    features = [*ontology()["objects"], *ontology()["classifications"]]
    return next(feature for feature in features if feature["featureNodeHash"] == feature_hash)


def _attribute(feature_hash: str, attribute_hash: str) -> dict[str, Any]:
    pending = list(_feature(feature_hash)["attributes"])
    while pending:
        attribute = pending.pop()
        if attribute["featureNodeHash"] == attribute_hash:
            return attribute
        pending += [nested for option in attribute.get("options", ()) for nested in option.get("options", ())]
    raise KeyError(attribute_hash)


def kind(option_hash: str) -> dict[str, Any]:
    return radio_answer(_attribute("car00001", "kind0001"), option_hash)


def trim(text: str) -> dict[str, Any]:
    return text_answer(_attribute("car00001", "trim0001"), text)


def damage(*option_hashes: str) -> dict[str, Any]:
    return checklist_answer(_attribute("car00001", "damage01"), option_hashes)


def pixel_box(
    object_hash: str,
    left: float,
    top: float,
    width: float,
    height: float,
    *answers: dict[str, Any],
    feature_hash: str = "car00001",
    frames: tuple[int, ...] = (0,),
) -> LabelPart:
    """Return a box given in pixels of the 200 x 100 image."""
    geometry = bounding_box(left / WIDTH, top / HEIGHT, width / WIDTH, height / HEIGHT)
    return object_part(
        _feature(feature_hash), dict.fromkeys(frames, geometry), object_hash=object_hash, edit=EDIT, answers=answers
    )


def pixel_polygon(object_hash: str, *parts: list[list[tuple[float, float]]]) -> LabelPart:
    scaled = [[[(x / WIDTH, y / HEIGHT) for x, y in ring] for ring in part] for part in parts]
    return object_part(_feature("lake0001"), {0: polygon(scaled)}, object_hash=object_hash, edit=EDIT)


def weather(
    classification_hash: str,
    option_hash: str,
    heavy: str | None = None,
    ranges: tuple[tuple[int, int], ...] = ((0, 0),),
) -> LabelPart:
    answers = [radio_answer(_attribute("weather1", "weatherA"), option_hash)]
    if heavy is not None:
        answers.append(text_answer(_attribute("weather1", "heavy001"), heavy))
    return classification_part(
        _feature("weather1"), answers, classification_hash=classification_hash, edit=EDIT, ranges=ranges
    )


def caption(classification_hash: str, text: str) -> LabelPart:
    answer = text_answer(_attribute("caption1", "captionA"), text)
    return classification_part(_feature("caption1"), [answer], classification_hash=classification_hash, edit=EDIT)


def tags(classification_hash: str, *option_hashes: str) -> LabelPart:
    answer = checklist_answer(_attribute("tags0001", "tagsA001"), option_hashes)
    return classification_part(_feature("tags0001"), [answer], classification_hash=classification_hash, edit=EDIT)
