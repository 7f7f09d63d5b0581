"""Ontologies and drawings with every shape that the SDK knows, for the tests of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from encord.objects import LabelRowV2, Object, OntologyStructure, RadioAttribute, Shape
from encord.objects.attributes import ChecklistAttribute, NumericAttribute, TextAttribute
from encord.objects.coordinates import (
    BitmaskCoordinates,
    BoundingBoxCoordinates,
    CircleCoordinates,
    Coordinates,
    Cuboid2DIsometricCoordinates,
    Cuboid2DPerspectiveCoordinates,
    CuboidCoordinates,
    EllipseCoordinates,
    PointCoordinate,
    PointCoordinate3D,
    PolygonCoordinates,
    PolylineCoordinates,
    RotatableBoundingBoxCoordinates,
    SkeletonCoordinate,
    SkeletonCoordinates,
)

from tests.emulator.emulator_support import ESTABLISHING, make_dataset

if TYPE_CHECKING:
    from encord import EncordUserClient
    from encord.project import Project

SQUARE = [PointCoordinate(0.1, 0.1), PointCoordinate(0.2, 0.1), PointCoordinate(0.2, 0.3), PointCoordinate(0.1, 0.3)]
HOLE = [PointCoordinate(0.12, 0.12), PointCoordinate(0.15, 0.12), PointCoordinate(0.15, 0.2)]
FAR = [PointCoordinate(0.7, 0.7), PointCoordinate(0.8, 0.7), PointCoordinate(0.8, 0.9)]
DRAWINGS: dict[str, tuple[Shape, Coordinates]] = {
    "box": (Shape.BOUNDING_BOX, BoundingBoxCoordinates(height=0.25, width=0.5, top_left_x=0.125, top_left_y=0.0625)),
    "turned box": (
        Shape.ROTATABLE_BOUNDING_BOX,
        RotatableBoundingBoxCoordinates(height=0.25, width=0.5, top_left_x=0.125, top_left_y=0.0625, theta=33.5),
    ),
    "polygon": (Shape.POLYGON, PolygonCoordinates(SQUARE)),
    "two polygons, one with a hole": (Shape.POLYGON, PolygonCoordinates(polygons=[[SQUARE, HOLE], [FAR]])),
    "polyline": (Shape.POLYLINE, PolylineCoordinates(SQUARE[:3])),
    "polyline in space": (
        Shape.POLYLINE,
        PolylineCoordinates([PointCoordinate3D(-4.5, 2.0, 7.25), PointCoordinate3D(120.0, 0.5, 3.0)]),
    ),
    "point": (Shape.POINT, PointCoordinate(0.3, 0.9)),
    "point in space": (Shape.POINT, PointCoordinate3D(-4.5, 200.0, 7.25)),
    "skeleton": (
        Shape.SKELETON,
        SkeletonCoordinates(
            name="skeleton",
            values=[
                SkeletonCoordinate(x=0.25, y=0.5, name="nose", color="#00ff00", value="nose", feature_hash="nose0001"),
                SkeletonCoordinate(x=0.5, y=0.75, name="tail", color="#0000ff", value="tail", feature_hash="tail0001"),
            ],
        ),
    ),
    "cuboid": (
        Shape.CUBOID,
        CuboidCoordinates(position=(1.5, -2.0, 30.0), orientation=(0.0, 0.5, 1.0), size=(4.0, 2.0, 1.5)),
    ),
    "cuboid in perspective": (
        Shape.CUBOID_2D,
        Cuboid2DPerspectiveCoordinates(front=SQUARE, vanishing_point=PointCoordinate(0.5, 0.5), scale_ratio=0.5),
    ),
    "isometric cuboid": (
        Shape.CUBOID_2D, Cuboid2DIsometricCoordinates(front=SQUARE, offset=PointCoordinate(0.05, 0.1))
    ),
    "circle": (Shape.CIRCLE, CircleCoordinates(center_x=0.5, center_y=0.4, radius=0.1)),
    "ellipse": (Shape.ELLIPSE, EllipseCoordinates(center_x=0.5, center_y=0.4, rx=0.1, ry=0.2, theta=12.0)),
}  # fmt: skip
GEOMETRY = {
    Shape.BOUNDING_BOX: "boundingBox", Shape.ROTATABLE_BOUNDING_BOX: "rotatableBoundingBox",
    Shape.POLYGON: "polygon", Shape.POLYLINE: "polyline", Shape.POINT: "point", Shape.SKELETON: "skeleton",
    Shape.BITMASK: "bitmask", Shape.CUBOID: "cuboid", Shape.CUBOID_2D: "cuboid_2d", Shape.CIRCLE: "circle",
    Shape.ELLIPSE: "ellipse",
}  # fmt: skip


def every_shape() -> OntologyStructure:
    """Return an ontology with every drawing, text, sound, and attributes of every kind."""
    structure = OntologyStructure()
    for name, (shape, _) in DRAWINGS.items():
        structure.add_object(name, shape)
    structure.add_object("mask", Shape.BITMASK)
    structure.add_object("utterance", Shape.AUDIO)
    structure.add_object("passage", Shape.TEXT)
    car = structure.add_object("car", Shape.BOUNDING_BOX)
    kind = car.add_attribute(RadioAttribute, "Kind")
    van = kind.add_option("Van")
    van.add_nested_attribute(ChecklistAttribute, "Doors").add_option("Side")
    kind.add_option("Bus")
    car.add_attribute(TextAttribute, "Plate")
    car.add_attribute(NumericAttribute, "Speed")
    lights = car.add_attribute(ChecklistAttribute, "Lights", dynamic=True)
    lights.add_option("Front")
    lights.add_option("Rear")
    weather = structure.add_classification().add_attribute(RadioAttribute, "Weather")
    weather.add_option("Sunny").add_nested_attribute(TextAttribute, "Glare")
    weather.add_option("Rainy")
    structure.add_classification().add_attribute(NumericAttribute, "Count")
    return structure


def project_of(client: EncordUserClient, manifest: Any, structure: OntologyStructure) -> Project:
    dataset_hash = make_dataset(client, "Dataset", manifest)
    ontology = client.create_ontology("Ontology", structure=structure)
    arguments = {"ontology_hash": ontology.ontology_hash, "workflow_template_hash": ESTABLISHING}
    return client.get_project(client.create_project("Project", [dataset_hash], **arguments))


def initialised(project: Project, title: str, **filters: Any) -> LabelRowV2:
    """Return a row of the project with its labels as the server tells them now."""
    [row] = project.list_label_rows_v2(data_title_eq=title, **filters)
    row.initialise_labels()
    return row


def draw_every_shape(row: LabelRowV2, frames: list[int]) -> None:
    structure = row.ontology_structure
    for name, (_, coordinates) in DRAWINGS.items():
        drawn = structure.get_child_by_title(name, type_=Object).create_instance()
        drawn.set_for_frames(coordinates, frames)
        row.add_object_instance(drawn)


def draw_mask(row: LabelRowV2, frame: int) -> None:
    view = row.get_frame_view(frame)
    mask = np.zeros((view.height, view.width), dtype=bool)
    mask[3:9, 5:20] = True
    drawn = row.ontology_structure.get_child_by_title("mask", type_=Object).create_instance()
    drawn.set_for_frames(BitmaskCoordinates(mask), [frame])
    row.add_object_instance(drawn)


def without_stamps(document: Any) -> Any:
    """Return labels without what the server may fill in."""
    if isinstance(document, dict):
        volatile = {"createdBy", "createdAt", "lastEditedAt", "lastEditedBy", "last_edited_at", "created_at"}
        volatile |= {"objectNumber", "label_status"}
        return {key: without_stamps(value) for key, value in document.items() if key not in volatile}
    return [without_stamps(entry) for entry in document] if isinstance(document, list) else document


def put_box(row: LabelRowV2, frames: Any = 0, name: str = "Car") -> None:
    drawn = row.ontology_structure.get_child_by_title(name, type_=Object).create_instance()
    drawn.set_for_frames(DRAWINGS["box"][1], frames)
    row.add_object_instance(drawn)


def first_row(project: Project) -> LabelRowV2:
    row = project.list_label_rows_v2()[0]
    row.initialise_labels()
    return row


def objects_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [drawn for unit in document["data_units"].values() for drawn in unit["labels"]["objects"]]
