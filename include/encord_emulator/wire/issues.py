"""Issues (threads of comments on data) as requests describe them and as the API shows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from include.encord_emulator.store.database import Record
from include.encord_emulator.wire.payload import Name, Payload, Uuid

MOST_ISSUES = 1000
"""In one request; the SDK says it is Encord's limit for deleting."""
FrameIndex = Annotated[int, Field(strict=True, ge=0, le=2**31)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class FrameRange(Payload):
    """Both ends belong to it."""

    start: FrameIndex
    end: FrameIndex

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start > self.end:
            raise ValueError("start must not be after end")
        return self


class Anchor(Payload):
    """What every anchor has."""

    data_uuid: Uuid


class FileAnchor(Anchor):
    """The whole data unit."""

    type: Literal["dataUnit"]
    space_id: str | None = None


class FrameAnchor(Anchor):
    """One frame."""

    type: Literal["frame"]
    space_id: str | None = None
    frame_index: FrameIndex


class CoordinateAnchor(Anchor):
    """A point on a frame."""

    type: Literal["frameCoordinate"]
    space_id: str | None = None
    frame_index: FrameIndex
    x: Number
    y: Number


class SceneCoordinateAnchor(Anchor):
    """A point in a scene, which the emulator does not have."""

    type: Literal["sceneCoordinate"]
    frame_index: FrameIndex
    x: Number
    y: Number
    z: Number


class AnnotationAnchor(Anchor):
    """An object or a classification, by its hash, on all its frames or some."""

    type: Literal["annotation"]
    annotation_id: Name
    space_id: str | None = None
    frame_ranges: Annotated[tuple[FrameRange, ...], Field(min_length=1)] | None = None


AnyAnchor = Annotated[
    FileAnchor | FrameAnchor | CoordinateAnchor | SceneCoordinateAnchor | AnnotationAnchor, Field(discriminator="type")
]


class NewIssue(Payload):
    """``_NewIssue``."""

    anchor: AnyAnchor
    comment: str
    issue_tags: Annotated[tuple[Name, ...], Field(max_length=MOST_ISSUES)]


class NewIssues(Payload):
    """``_CreateIssuesPayload``."""

    issues: Annotated[tuple[NewIssue, ...], Field(max_length=MOST_ISSUES)]


class IssueFilters(Payload):
    """``GetIssuesParam``."""

    data_unit_id: Uuid
    page_token: str | None = None


class IssueUuids(Payload):
    """``_DeleteIssuesBody``."""

    issue_uuids: Annotated[tuple[Uuid, ...], Field(max_length=MOST_ISSUES)]


class IssueTagNames(Payload):
    """``AddProjectIssueTagsPayload``."""

    issue_tag_names: Annotated[tuple[Name, ...], Field(max_length=MOST_ISSUES)]


class Comment(Payload):
    """What somebody adds to a thread in the web app."""

    content: Name


def anchor_part(anchor: AnyAnchor) -> dict[str, Any]:
    """Return what an issue shows of its anchor: all of it, with ``x`` and ``y`` as a coordinate."""
    shown: dict[str, Any] = anchor.model_dump(by_alias=True)
    if anchor.type == "frameCoordinate":
        shown["coordinate"] = {"x": shown.pop("x"), "y": shown.pop("y")}
    return shown


def issue_dto(issue: Record, tags: list[Record]) -> dict[str, Any]:
    """
    Return the ``FileIssue``, ``FrameIssue``, ... that fits the anchor.

    :param tags: the issue tags it carries.
    """
    anchor: dict[str, Any] = issue["anchor"]
    return anchor | {
        "uuid": issue["uuid"],
        "comments": issue["comments"],
        "tags": [{"uuid": tag["uuid"], "name": tag["name"]} for tag in tags],
        "resolutionHistory": issue["resolutions"],
    }
