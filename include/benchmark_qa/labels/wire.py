"""
Encord's label JSON as types: what msgspec decodes straight from the bytes, a hundred times faster than SDK objects.

Only what scoring needs is decoded. JSON that is not exactly of these types is refused here and read by
``careful_rows``, which says what is wrong with it.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, field

# Structs are never part of a cycle: the garbage collector need not look at them.
LARGEST_FRAME = 2**31 - 1
Frame: TypeAlias = Annotated[int, Meta(ge=0, le=LARGEST_FRAME)]
Visibility: TypeAlias = Literal["visible", "invisible", "occluded", "selfOccluded"]


class Point(Struct, gc=False, forbid_unknown_fields=True):
    """A point in fractions; one with a third coordinate is refused."""

    x: float
    y: float


class Box(Struct, gc=False):
    """An upright box: left, top, width and height as fractions of the image."""

    x: float
    y: float
    w: float
    h: float


class RotatedBox(Struct, gc=False):
    """A box, and the degrees by which it is turned around its centre, clockwise on the screen."""

    x: float
    y: float
    w: float
    h: float
    theta: float


class Circle(Struct, gc=False):
    """Centre, radius as a fraction of the width, and how much longer the second axis is."""

    x: float
    y: float
    r: float
    stretch: float = 1.0
    theta: float = 0.0


class Ellipse(Struct, gc=False):
    """Centre, half axes as fractions of width and height, degrees clockwise on the screen."""

    x: float
    y: float
    rx: float
    ry: float
    theta: float = 0.0


class Node(Struct, gc=False, rename="camel"):
    """A node of a skeleton. Older labels have a flag for each kind of visibility, which goes before the word."""

    x: float
    y: float
    name: str | None = None
    feature_hash: str | None = None
    visibility: Visibility | None = None
    invisible: bool | None = None
    occluded: bool | None = None
    self_occluded: bool | None = None
    visible: bool | None = None


class Bitmask(Struct, gc=False, rename="camel"):
    """A mask in runs along its rows."""

    height: Frame
    width: Frame
    rle_string: str
    top: Frame = 0
    left: Frame = 0


class Cuboid(Struct, gc=False):
    """A cuboid in space: its centre, its size and three angles in radians."""

    position: tuple[float, float, float]
    size: tuple[float, float, float]
    orientation: tuple[float, float, float]


class Cuboid2D(Struct, gc=False, rename="camel"):
    """The front face as x, y, x, y, ...; the back face by perspective (a vanishing point) or by an offset."""

    front: list[float]
    vanishing_point: Point | None = None
    scale_ratio: float | None = None
    offset: Point | None = None


class DrawnObject(Struct, gc=False, rename="camel"):
    """
    One object on one frame; which geometry counts is said by the ontology.

    The older form of a polygon, ``polygon``, stands beside ``polygons`` and is not decoded: where it is alone, the
    object has no geometry and is read carefully.
    """

    object_hash: str
    feature_hash: str
    bounding_box: Box | None = None
    rotatable_bounding_box: RotatedBox | None = None
    circle: Circle | None = None
    ellipse: Ellipse | None = None
    point: dict[str, Point] | None = None
    polyline: dict[Frame, Point] | list[Point] | None = None
    polygons: list[list[list[float]]] | None = None
    skeleton: dict[str, Node] | None = None
    bitmask: Bitmask | None = None
    cuboid: Cuboid | None = None
    cuboid_2d: Cuboid2D | None = field(default=None, name="cuboid_2d")


Drawn = TypeVar("Drawn")


class DrawnClassification(Struct, gc=False, rename="camel"):
    """A classification on one frame; its answers stand elsewhere."""

    classification_hash: str
    feature_hash: str


class FrameLabels(Struct, Generic[Drawn], gc=False):
    """What is on one frame; its objects are decoded as ``DrawnObject`` or a type that ``drawn_type`` returns."""

    objects: list[Drawn] | None = None
    classifications: list[DrawnClassification] | None = None


class StillLabels(FrameLabels[Drawn], Generic[Drawn], gc=False, forbid_unknown_fields=True):
    """Labels of a single frame; refuses a dictionary of frames, which would look like no labels."""

    metadata: Any = None


class _Unit(Struct, gc=False):
    width: float | None = None
    height: float | None = None
    data_sequence: Frame | str | None = None


class StillUnit(_Unit, Generic[Drawn], gc=False):
    """A data unit that is one frame."""

    labels: StillLabels[Drawn] | None = None


class MovingUnit(_Unit, Generic[Drawn], gc=False):
    """A data unit with frames."""

    labels: dict[Frame, FrameLabels[Drawn]] | None = None


class Option(Struct, gc=False, rename="camel"):
    """A chosen option."""

    feature_hash: str


class Answer(Struct, gc=False, rename="camel"):
    """An answered question; ``range`` is there for dynamic ones."""

    feature_hash: str
    answers: list[Option] | str | float | None = None
    range: list[tuple[Frame, Frame]] | None = None


class HtmlPlace(Struct, gc=False):
    """A place in a document."""

    xpath: str
    offset: Frame


class HtmlRange(Struct, gc=False):
    """From one place of a document to another."""

    start: HtmlPlace
    end: HtmlPlace


class ObjectAnswer(Struct, gc=False, rename="camel"):
    """The static answers of an object; objects of range shapes have their ranges here too."""

    classifications: list[Answer] | None = None
    feature_hash: str | None = None
    range: list[tuple[float, float]] | None = None
    range_html: list[HtmlRange] | None = field(default=None, name="range_html")


class ObjectActions(Struct, gc=False):
    """The dynamic answers of an object."""

    actions: list[Answer] | None = None


class ClassificationAnswer(Struct, gc=False, rename="camel"):
    """A classification: its class, its frames and its answers."""

    feature_hash: str | None = None
    range: list[tuple[Frame, Frame]] | None = None
    classifications: list[Answer] | None = None


class _Row(Struct, gc=False, tag_field="data_type"):
    label_hash: str | UnsetType | None = UNSET
    spaces: dict[str, Any] | None = None
    object_answers: dict[str, ObjectAnswer] | None = None
    object_actions: dict[str, ObjectActions] | None = None
    classification_answers: dict[str, ClassificationAnswer] | None = None

    @property
    def data_type(self) -> str:
        return _DATA_TYPES[type(self)]


class StillRow(_Row, Generic[Drawn], gc=False, kw_only=True):
    """A row with a data unit for each frame."""

    data_units: dict[str, StillUnit[Drawn]]


class MovingRow(_Row, Generic[Drawn], gc=False, kw_only=True):
    """A row with the frames in its data unit."""

    data_units: dict[str, MovingUnit[Drawn]]


class FramelessRow(_Row, gc=False, kw_only=True):
    """A row without frames: its labels are all in the answers."""

    data_units: dict[str, Any]


class _Image(StillRow[Drawn], Generic[Drawn], gc=False, tag="image"): ...


class _ImageGroup(StillRow[Drawn], Generic[Drawn], gc=False, tag="img_group"): ...


class ImageSequence(MovingRow[Drawn], Generic[Drawn], gc=False, tag="img_group"):
    """An image group with a dictionary of frames in its data unit."""


class _Video(MovingRow[Drawn], Generic[Drawn], gc=False, tag="video"): ...


class _Dicom(MovingRow[Drawn], Generic[Drawn], gc=False, tag="dicom"): ...


class _Nifti(MovingRow[Drawn], Generic[Drawn], gc=False, tag="nifti"): ...


class _Pdf(MovingRow[Drawn], Generic[Drawn], gc=False, tag="pdf"): ...


class _Audio(FramelessRow, gc=False, tag="audio"): ...


class _PlainText(FramelessRow, gc=False, tag="plain_text"): ...


class _Html(FramelessRow, gc=False, tag="html"): ...


class _TimeSeries(FramelessRow, gc=False, tag="time_series"): ...


Frameless: TypeAlias = _Audio | _PlainText | _Html | _TimeSeries
Moving: TypeAlias = _Video[Drawn] | _Dicom[Drawn] | _Nifti[Drawn] | _Pdf[Drawn]
AnyRow: TypeAlias = _Image[Drawn] | _ImageGroup[Drawn] | Moving[Drawn] | Frameless
_DATA_TYPES: dict[type, str] = {
    one: str(one.__struct_config__.tag)
    for one in (_Image, _ImageGroup, ImageSequence, _Video, _Dicom, _Nifti, _Pdf, *get_args(Frameless))
}
