"""The requests about label rows, read from the SDK 0.1.211 (``encord.client``, ``encord.orm.project``)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from include.encord_emulator.errors import ApiError
from include.encord_emulator.wire.payload import Moment, Payload, Uuid, problems

BULK_ANSWERS = 1000
"""Label rows in one request for classification answers (docstring of ``get_label_classifications``)."""
LabelStatus = Literal[
    "NOT_LABELLED", "LABEL_IN_PROGRESS", "LABELLED", "REVIEW_IN_PROGRESS", "REVIEWED", "REVIEWED_TWICE"
]  # fmt: skip
TaskStatus = Literal["QUEUED", "ASSIGNED", "IN_REVIEW", "RETURNED", "COMPLETED"]
Branch = Annotated[str, Field(min_length=1, max_length=250)]
_UIDS = TypeAdapter(
    Annotated[str, Field(min_length=1)] | Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
)


class InitRequest(Payload):
    """PUT ``labelrow``: the uids are data hashes."""

    multi_request: bool = False
    get_signed_url: bool = False
    branch_name: Branch | None = None


class ReadRequest(Payload):
    """GET ``labelrow``: the uids are label hashes; feature filters are of feature hashes."""

    multi_request: bool = False
    get_signed_url: bool = False
    include_object_feature_hashes: list[str] | None = None
    include_classification_feature_hashes: list[str] | None = None
    include_reviews: bool = False
    include_export_history: bool = False
    include_archived: bool = False


class SaveRequest(Payload):
    """POST ``labelrow`` for several label rows; a single one is sent as its bare document."""

    multi_request: Literal[True]
    labels: list[dict[str, Any]]
    validate_before_saving: bool | None = None


class NodeAction(Payload):
    """POST ``labelworkflowgraphnode``."""

    action: Literal["complete", "reopen"]


class ListRequest(Payload):
    """GET ``labelrowmetadata``; ``like`` is SQL's."""

    edited_before: Moment | None = None
    edited_after: Moment | None = None
    label_statuses: list[LabelStatus | TaskStatus] | None = None
    shadow_data_state: Literal["ALL_DATA", "SHADOW_DATA", "NOT_SHADOW_DATA"] | None = None
    include_uninitialised_labels: bool = False
    include_workflow_graph_node: bool = True
    include_client_metadata: bool = False
    include_images_data: bool = False
    include_children: bool = False
    include_all_label_branches: bool = False
    label_hashes: list[str] | None = None
    data_hashes: list[str] | None = None
    data_title_eq: str | None = None
    data_title_like: str | None = None
    workflow_graph_node_title_eq: str | None = None
    workflow_graph_node_title_like: str | None = None
    branch_name: Branch | None = None
    client_metadata_as_signed_url: bool = False


class BranchesQuery(Payload):
    """``ListBranchesParams``."""

    limit: Annotated[int, Field(ge=1, le=10_000)] | None = None
    page_token: str | None = None


class BulkAnswersRequest(Payload):
    """``BulkClassificationsPayload``."""

    label_uuids: Annotated[list[Uuid], Field(max_length=BULK_ANSWERS)]
    branch_name: Branch = "main"


class CopyBranchRequest(Payload):
    """``_CopyBranchRequest``."""

    source_branch_name: Branch
    target_branch_name: Branch
    overwrite: bool = False
    data_uuids: list[str] | None = None
    label_uuids: list[str] | None = None


def read_uids(given: Any) -> list[str]:
    """Return the uids of a legacy query, one or several; anything else is refused with 422."""
    try:
        uids = _UIDS.validate_python(given, strict=True)
    except ValidationError as error:
        raise ApiError(422, problems(error, "uid")) from None
    return [uids] if isinstance(uids, str) else uids
