"""Who did what, when and for how long, as requests ask for it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from include.encord_emulator.wire.payload import Moment, Payload, Uuid

ActionType = Literal["assign", "approve", "submit", "move", "reject", "release", "skip"]
UnixSeconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
"""Up to the end of the year 9999."""


class TaskActionParams(Payload):
    """Its namesake of the SDK; the window is ``[after, before)``."""

    project_uuid: Uuid
    after: Moment
    before: Moment | None = None
    actor_emails: tuple[str, ...] = ()
    event_types: tuple[ActionType, ...] = ()
    workflow_stage_uuids: tuple[Uuid, ...] = ()
    data_unit_uuids: tuple[Uuid, ...] = ()
    page_token: str | None = None


class TimeSpentParams(Payload):
    """Its namesake of the SDK; ``data_title`` is a part of the title."""

    project_uuid: Uuid
    after: Moment
    before: Moment | None = None
    workflow_stage_uuids: tuple[Uuid, ...] = ()
    user_emails: tuple[str, ...] = ()
    dataset_uuids: tuple[Uuid, ...] = ()
    data_uuids: tuple[Uuid, ...] = ()
    data_title: str | None = None
    page_token: str | None = None


class CollaboratorTimerParams(Payload):
    """Its namesake of the SDK."""

    project_hash: Uuid
    after: Moment
    before: Moment | None = None
    group_by: Literal["dataUnit", "project"] = "dataUnit"
    page_size: Annotated[int, Field(ge=1, le=1000)] = 100
    page_token: str | None = None


class EditorLogParams(Payload):
    """Its namesake of the SDK."""

    start_time: Moment
    end_time: Moment
    action: str | None = None
    actor_user_email: str | None = None
    workflow_stage_id: Uuid | None = None
    data_unit_id: Uuid | None = None
    page_token: str | None = None


class LabelLogParams(Payload):
    """Its namesake of the SDK, of the older protocol."""

    user_hash: str | None = None
    data_hash: str | None = None
    start_timestamp: UnixSeconds | None = None
    end_timestamp: UnixSeconds | None = None
    user_email: str | None = None
    include_user_email_and_interface_key: bool = True
