"""
The organisation's schema of client metadata, in the form of the SDK's ``metadata_schema.py`` (keys are snake_case).

Each key has an option with ``ty``; a deleted key is a ``tombstone`` that may remember what it was.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, RootModel

from include.encord_emulator.wire.payload import Payload, Uuid


class _Option(Payload):
    model_config = ConfigDict(alias_generator=None, extra="forbid", frozen=True)


class _Plain(_Option):
    ty: Literal["boolean", "text", "uuid", "user", "geospatial"]


class _Number(_Option):
    ty: Literal["number"]
    format: Literal["F32", "F64"] = "F64"


class _VarChar(_Option):
    ty: Literal["varchar"]
    max_length: int = Field(8192, ge=0, le=8192)


class _DateTime(_Option):
    ty: Literal["datetime"]
    timezone: Literal["UTC"] = "UTC"


class _Enum(_Option):
    ty: Literal["enum"]
    values: list[str] = Field(min_length=1, max_length=256)


class _EmbeddingApi(_Option):
    url: str | None = None
    path: str | None = None
    service_integration: Uuid | None = None
    client_only: bool | None = None
    embed_b64_image: bool | None = None
    embed_text: bool | None = None


class _Embedding(_Option):
    ty: Literal["embedding"]
    size: int = Field(gt=0, le=4096)
    api: _EmbeddingApi | None = None


class _Variant(_Option):
    ty: Literal["variant"]
    hint: Literal["number", "varchar", "text", "boolean", "datetime", "uuid"] = "text"


_Living = Annotated[_Plain | _Number | _VarChar | _DateTime | _Enum | _Embedding | _Variant, Field(discriminator="ty")]


class _Tombstone(_Option):
    ty: Literal["tombstone"]
    deleted_ty: _Living | None = None


def _key(text: str) -> str:
    """Return a key that the SDK takes as well: letters, digits and ``- _ . space``."""
    bare = text.translate(str.maketrans("", "", "-_ ."))
    if text.startswith("$") or bare == "keyframes" or not bare.isalnum():
        raise ValueError("not a metadata key")
    return text


class MetadataSchema(
    RootModel[
        dict[
            Annotated[str, AfterValidator(_key)],
            Annotated[
                _Plain | _Number | _VarChar | _DateTime | _Enum | _Embedding | _Variant | _Tombstone,
                Field(discriminator="ty"),
            ],
        ]
    ]
):
    """The whole schema, as both sides send it."""


OldType = Literal["number", "string", "boolean", "datetime", "geospatial", "enum", "embedding", "long_string"]


class OldMetadataSchema(RootModel[dict[Annotated[str, AfterValidator(_key)], OldType]]):
    """The schema as the deprecated call sends it: a type for each key."""


_HINTS = {"string": "varchar", "long_string": "text"}
_OLD_TYPES = {"varchar": "string", "uuid": "string", "user": "string", "text": "long_string"}


def from_old(key: str, old_type: str, before: dict[str, Any]) -> dict[str, Any]:
    """
    Return the option for a type of the deprecated call.

    :param before: the option that the key has now, if any; the deprecated call cannot say what enums and embeddings
        hold, so that these can only stay.
    """
    if old_type in {"enum", "embedding"}:
        if before.get("ty") != old_type:
            raise ValueError(f"{key}: the deprecated call cannot make a key of type {old_type}")
        return before
    if old_type == "geospatial":
        return {"ty": "geospatial"}
    return {"ty": "variant", "hint": _HINTS.get(old_type, old_type)}


def to_old(option: dict[str, Any]) -> str | None:
    """Return the type that the deprecated call shows for an option, ``None`` for a deleted key."""
    kind = option["hint"] if option["ty"] == "variant" else option["ty"]
    return None if kind == "tombstone" else _OLD_TYPES.get(kind, kind)
