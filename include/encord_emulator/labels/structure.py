"""
What a label document must look like, whatever the ontology.

Read from the SDK 0.1.211 (``encord.objects.types`` and the coordinates' ``from_dict``). Keys that are not named here
are kept as they come: older and newer clients send others.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from include.encord_emulator.errors import ApiError
from include.encord_emulator.wire.payload import problems

CORRUPTED = "CORRUPTED_LABEL_ERROR"


class _Strict(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")


Text = str | None
Hash = Annotated[str, Field(min_length=1, max_length=200)]
FrameNumber = Annotated[str, Field(pattern=r"^\d{1,9}$")]
Ranges = list[Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=2)]]


class _Box(_Strict):
    x: float
    y: float
    w: float
    h: float


class _RotatableBox(_Box):
    theta: float


class _Point(_Strict):
    x: float
    y: float
    z: float | None = None


class _Circle(_Strict):
    x: float
    y: float
    r: float


class _Ellipse(_Strict):
    x: float
    y: float
    rx: float
    ry: float
    theta: float


Triple = Annotated[list[float], Field(min_length=3, max_length=3)]


class _Cuboid(_Strict):
    position: Triple
    orientation: Triple
    size: Triple


class _FlatCuboid(_Strict):
    front: list[float]
    vanishing_point: _Point | None = None
    scale_ratio: float | None = None
    offset: _Point | None = None


class _Bitmask(_Strict):
    top: int
    left: int
    width: int
    height: int
    rle_string: str


_Points = dict[str, _Point] | list[_Point]


class _Signed(_Strict):
    """Who made a label and when; the SDK sends null for "the caller, now"."""

    created_at: Text = None
    created_by: Text = None
    last_edited_at: Text = None
    last_edited_by: Text = None
    confidence: float | None = None
    manual_annotation: bool | None = None


class _Drawn(_Signed):
    """An object on one frame; the geometry is under the key of its shape."""

    object_hash: Hash
    feature_hash: Hash
    name: Text = None
    shape: Text = None
    bounding_box: _Box | None = None
    rotatable_bounding_box: _RotatableBox | None = None
    polygon: _Points | None = None
    polygons: list[list[list[float]]] | None = None
    polyline: _Points | None = None
    point: dict[str, _Point] | None = None
    skeleton: dict[str, _Point] | None = None
    bitmask: _Bitmask | None = None
    cuboid: _Cuboid | None = None
    cuboid_2d: Annotated[_FlatCuboid | None, Field(alias="cuboid_2d")] = None
    circle: _Circle | None = None
    ellipse: _Ellipse | None = None


class _Seen(_Strict):
    """A classification on one frame, as clients before 0.1.211 send it."""

    classification_hash: Hash
    feature_hash: Text = None


class Frame(_Strict):
    """The labels of one frame."""

    objects: list[_Drawn] = []
    classifications: list[_Seen] = []


class _Option(_Strict):
    feature_hash: Hash


class _Attribute(_Strict):
    """The answer to one attribute: chosen options, a text or a number."""

    feature_hash: Hash
    answers: list[_Option] | str | float | None = None


class _Dynamic(_Attribute):
    range: Ranges


class _HtmlNode(_Strict):
    xpath: str
    offset: int


class _HtmlRange(_Strict):
    start: _HtmlNode
    end: _HtmlNode


class _SpaceRange(_Strict):
    type: Text = None
    range: Ranges | list[_HtmlRange] | list[list[_HtmlNode]]


class _ObjectAnswer(_Signed):
    object_hash: Hash
    classifications: list[_Attribute] = []
    feature_hash: Text = None
    shape: Text = None
    object_number: int | None = None
    range: Ranges | None = None
    range_html: Annotated[list[_HtmlRange] | None, Field(alias="range_html")] = None
    spaces: dict[str, _SpaceRange] | None = None


class _ClassificationAnswer(_Signed):
    classification_hash: Hash
    classifications: list[_Attribute] = []
    feature_hash: Text = None
    range: Ranges | None = None
    spaces: dict[str, _SpaceRange] | None = None


class _ObjectAction(_Strict):
    object_hash: Hash
    actions: list[_Dynamic]


class _Holder(_Strict):
    """A data unit or a space; its labels are read in the form that its type has."""

    labels: dict[str, Any] | None = None


class _Document(_Strict):
    data_hash: Annotated[Text, Field(alias="data_hash")] = None
    data_units: Annotated[dict[str, _Holder] | None, Field(alias="data_units")] = None
    spaces: dict[str, _Holder] | None = None
    object_answers: Annotated[dict[str, _ObjectAnswer] | None, Field(alias="object_answers")] = None
    classification_answers: Annotated[
        dict[str, _ClassificationAnswer] | None, Field(alias="classification_answers")
    ] = None
    object_actions: Annotated[dict[str, _ObjectAction] | None, Field(alias="object_actions")] = None


_DOCUMENT = TypeAdapter(_Document)
_ONE_FRAME = TypeAdapter(Frame)
_FRAMES = TypeAdapter(dict[FrameNumber, Frame])


def check_document(document: Any) -> None:
    """Refuse what is no label document, with the path of the field."""
    _check(_DOCUMENT, document, "labels")


def check_frames(labels: Any, where: str, *, one_frame: bool) -> None:
    """
    Refuse labels of a data unit or a space that have not the form of its type.

    :param one_frame: whether it holds the labels of one frame, or frames by number.
    """
    _check(_ONE_FRAME if one_frame else _FRAMES, labels, where)


def _check(adapter: TypeAdapter[Any], document: Any, where: str) -> None:
    try:
        adapter.validate_python(document)
    except ValidationError as error:
        raise corrupted(problems(error, where)) from None


def corrupted(message: str) -> ApiError:
    """Return the refusal of a label document that no server could make sense of."""
    return ApiError(400, message, code=CORRUPTED)
