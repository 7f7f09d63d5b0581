"""What a rule says of metadata beyond templates. Dag files import this module, so nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

NonEmpty = Annotated[str, Field(min_length=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableSettings(_Settings):
    """
    A CSV or Parquet file with one row an object, or a group.

    ``path`` is a key in the campaign's bucket, or the absolute path of a file; ``key`` the column that names the
    unit's source key; each other column becomes a key of the client metadata, empty cells none. A Parquet column keeps
    its type. A CSV column becomes numbers, or true and false, if all of its cells are written so, and else stays text:
    ``007`` makes a column of text. A column ``$encord`` holds that block as JSON.
    """

    path: NonEmpty
    key: NonEmpty = "key"


class FrameSettings(_Settings):
    """The ``config`` of Encord's ``$encord`` block: how many frames a second of a video go into Index and Active."""

    sampling_rate: Annotated[float, Field(ge=0)] = 1.0
    keyframe_mode: Literal["frame", "seconds"] = "frame"


class MetadataSettings(_Settings):
    """
    Where a unit's client metadata and media metadata come from, beside its rule's templates.

    ``sidecar`` is what follows a unit's source key in the key of its sidecar, a JSON object (``.metadata.json``); it
    need not be there. Table and sidecar may carry ``$encord`` with the metadata of frames; ``frames`` is its config.
    The later of template, table, sidecar wins for a key.

    ``media`` reads what Encord would otherwise find out for itself (size of the picture, length of the film, DICOM
    tags), from small parts of the object: needed for integrations with strict client-only access. Sizes are those of
    the picture as it is shown, after the turn that EXIF data or a phone's video ask for. Of NIfTI there is nothing to
    say, as the SDK has no words for it.
    """

    sidecar: NonEmpty | None = None
    table: TableSettings | None = None
    frames: FrameSettings | None = None
    media: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether nothing has to be looked up for a unit."""
        return self.sidecar is None and self.table is None and self.frames is None and not self.media
