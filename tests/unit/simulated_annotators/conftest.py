from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from encord.objects import LabelRowV2, OntologyStructure, Shape
from encord.objects.attributes import ChecklistAttribute, RadioAttribute, TextAttribute
from encord.orm.storage import (
    CustomerProvidedAudioMetadata,
    CustomerProvidedImageMetadata,
    CustomerProvidedPdfMetadata,
    CustomerProvidedTextMetadata,
    CustomerProvidedVideoMetadata,
)

IMAGE = CustomerProvidedImageMetadata(mime_type="image/jpeg", file_size=1, width=640, height=480)
MEDIA = {
    "image": IMAGE,
    "img_group": [IMAGE, IMAGE, IMAGE],
    "video": CustomerProvidedVideoMetadata(
        fps=25, duration=4, width=640, height=480, file_size=1, mime_type="video/mp4"
    ),
    "audio": CustomerProvidedAudioMetadata(
        duration=3, file_size=1, mime_type="audio/wav", sample_rate=8000, bit_depth=16, codec="pcm", num_channels=1
    ),
    "plain_text": CustomerProvidedTextMetadata(mime_type="text/plain", file_size=1),
    "pdf": CustomerProvidedPdfMetadata(num_pages=2, file_size=1),
}


@pytest.fixture(scope="session")
def structure() -> OntologyStructure:
    """The demo's ontology, with every kind of question in it."""
    structure = OntologyStructure()
    vehicle = structure.add_object("Vehicle", Shape.BOUNDING_BOX)
    _with_options(vehicle.add_attribute(RadioAttribute, "Colour"), "Red", "Blue", "Other")
    _with_options(vehicle.add_attribute(ChecklistAttribute, "Damage"), "Dent", "Scratch")
    vehicle.add_attribute(TextAttribute, "Plate")
    structure.add_object("Person", Shape.BOUNDING_BOX)
    region = structure.add_object("Region", Shape.POLYGON)
    _with_options(region.add_attribute(RadioAttribute, "Kind"), "Soft", "Hard")
    structure.add_object("Sound", Shape.AUDIO)
    scene = structure.add_classification().add_attribute(RadioAttribute, "Scene")
    scene.add_option("Indoor")
    _with_options(scene.add_option("Outdoor").add_nested_attribute(RadioAttribute, "Weather"), "Sunny", "Cloudy")
    quality = structure.add_classification().add_attribute(ChecklistAttribute, "Quality")
    _with_options(quality, "Sharp", "Blurred", "Dark")
    structure.add_classification().add_attribute(TextAttribute, "Caption")
    return structure


@pytest.fixture(scope="session")
def ontology(structure: OntologyStructure) -> dict[str, Any]:
    return structure.to_dict()


@pytest.fixture(scope="session")
def empty_rows(structure: OntologyStructure) -> dict[str, dict[str, Any]]:
    """An empty label row for each data type, made by the SDK."""
    return {data_type: new_row(structure, data_type).to_encord_dict() for data_type in MEDIA}


@pytest.fixture(scope="session")
def read_row(structure: OntologyStructure) -> Any:
    """Return a function that lets the real SDK read labels put into an empty row of that data type."""

    def read(data_type: str, labels: dict[str, Any]) -> LabelRowV2:
        row = new_row(structure, data_type)
        row.from_labels_dict({**row.to_encord_dict(), **labels})
        return row

    return read


def new_row(structure: OntologyStructure, data_type: str) -> LabelRowV2:
    ontology = SimpleNamespace(structure=structure, ontology_hash="ontology")
    return LabelRowV2.from_media_metadata(ontology, MEDIA[data_type])


def _with_options(attribute: Any, *labels: str) -> None:
    for label in labels:
        attribute.add_option(label)
