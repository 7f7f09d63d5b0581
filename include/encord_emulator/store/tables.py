"""The tables of the emulator's state; moments are text (see ``clock``), documents are JSON."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from include.encord_emulator import clock


class Document(sa.TypeDecorator[Any]):
    """JSON kept as text; in SQLite SQLAlchemy's own type has a numeric affinity, so that ``"0.2"`` becomes a number."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else orjson.loads(value)


METADATA = sa.MetaData()


def _table(name: str, *columns: sa.Column[object] | sa.Index | sa.UniqueConstraint) -> sa.Table:
    """Return a table whose ``seq`` tells the order of creation."""
    return sa.Table(name, METADATA, sa.Column("seq", sa.Integer, primary_key=True), *columns)


def _text(name: str, *, unique: bool = False, index: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text, unique=unique, index=index)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, Document)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Float)


def _integer(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer)


USERS = _table(
    "users", _text("email", unique=True), _text("public_key", index=True), _text("organisation_role"),
    sa.Column("member_type", sa.Text, default="internal"), sa.Column("joined_at", sa.Text, default=clock.now),
)  # fmt: skip
TOKENS = _table("tokens", _text("token", unique=True), _text("email"), _text("expires_at"))
INTEGRATIONS = _table("integrations", _text("uuid", unique=True), _text("title"), _integer("is_strict"))
TEMPLATES = _table("templates", _text("uuid", unique=True), _text("title"), _json("document"), _integer("is_default"))
SWITCHES = _table("switches", _text("name", unique=True), _json("value"))
REQUESTS = _table(
    "requests", _text("method"), _text("path"), _text("route"), _text("query_type"), _text("query_method"),
    _integer("status"), _text("user"), _text("signature"), _text("at"),
)  # fmt: skip

FOLDERS = _table(
    "folders", _text("uuid", unique=True), _text("name"), _text("description"), _text("client_metadata"),
    _text("owner"), _text("parent", index=True), _text("created_at"), _text("edited_at"),
    _text("integration"), _text("remote_url"), _json("config"),
)  # fmt: skip
FOLDER_GROUPS = _table(
    "folder_groups", _text("folder", index=True), _text("group_hash"), _text("role"),
    sa.UniqueConstraint("folder", "group_hash"),
)  # fmt: skip
ITEMS = _table(
    "items", _text("uuid", unique=True), _text("folder", index=True), _text("item_type"), _text("name"),
    _text("url"), _text("url_key"), _json("client_metadata"), _json("media"), _text("integration"), _text("owner"),
    _text("parent_item", index=True), _text("created_at"), _text("edited_at"), _integer("tombstone"), _json("layout"),
    sa.Index("items_by_url", "folder", "url_key"), sa.Index("items_by_name", "folder", "name"),
)  # fmt: skip
GROUP_MEMBERS = _table(
    "group_members", _text("group_uuid", index=True), _text("key"), _text("item_uuid", index=True),
    sa.UniqueConstraint("group_uuid", "key"),
)  # fmt: skip
MEDIA = _table(
    "media", _text("item_uuid", unique=True), _text("path"), sa.Column("content", sa.LargeBinary), _text("mime"),
    _integer("width"), _integer("height"),
)  # fmt: skip
UPLOADED_OBJECTS = _table(
    "uploaded_objects", _text("object_key", unique=True), _text("item_uuid", unique=True), _text("folder"),
    _text("created_at"),
)  # fmt: skip
SECRETS = _table("secrets", _text("name", unique=True), _text("value"))
CLOUD_OBJECTS = _table(
    "cloud_objects", _text("integration"), _text("url"), sa.UniqueConstraint("integration", "url"),
)  # fmt: skip
FOLDER_SYNCS = _table(
    "folder_syncs", _text("uuid", unique=True), _text("folder"), _text("upload_job"), _text("created_at"),
)  # fmt: skip
METADATA_SCHEMAS = _table(
    "metadata_schemas", _text("uuid", unique=True), _json("document"), _text("created_at"), _text("edited_at"),
)  # fmt: skip
UPLOAD_JOBS = _table(
    "upload_jobs", _text("uuid", unique=True), _text("folder"), _text("dataset"), _text("integration"),
    _text("owner"), _text("status", index=True), _integer("ignore_errors"), _integer("skip_duplicates"),
    _integer("upsert"), _text("file_name"), _integer("total"), _json("outcome"), _text("created_at"),
    _text("ready_at"),
)  # fmt: skip
UPLOAD_CHUNKS = _table(
    "upload_chunks", _text("job", index=True), _integer("position"), _integer("size"), _json("entries"),
    _json("results"), _integer("failed"), _integer("skipped"),
)  # fmt: skip

DATASETS = _table(
    "datasets", _text("dataset_hash", unique=True), _text("title"), _text("description"), _text("backing_folder"),
    _text("owner"), _text("created_at"), _text("edited_at"),
)  # fmt: skip
DATA_ROWS = _table(
    "data_rows", _text("data_hash", index=True), _text("dataset_hash", index=True), _text("item_uuid", index=True),
    _text("title"), _text("created_at"), sa.UniqueConstraint("dataset_hash", "data_hash"),
)  # fmt: skip
DATASET_USERS = _table(
    "dataset_users", _text("dataset_hash", index=True), _text("email"), _integer("role"),
    sa.UniqueConstraint("dataset_hash", "email"),
)  # fmt: skip
DATASET_GROUPS = _table(
    "dataset_groups", _text("dataset_hash", index=True), _text("group_hash"), _integer("role"),
    sa.UniqueConstraint("dataset_hash", "group_hash"),
)  # fmt: skip
ONTOLOGIES = _table(
    "ontologies", _text("ontology_hash", unique=True), _text("title"), _text("description"), _json("editor"),
    _text("owner"), _text("created_at"), _text("edited_at"),
)  # fmt: skip

PROJECTS = _table(
    "projects", _text("project_hash", unique=True), _text("title"), _text("description"), _text("ontology_hash"),
    _text("template"), _json("workflow"), _text("status"), _text("owner"), _text("created_at"), _text("edited_at"),
)  # fmt: skip
PROJECT_DATASETS = _table(
    "project_datasets", _text("project_hash", index=True), _text("dataset_hash", index=True),
    sa.UniqueConstraint("project_hash", "dataset_hash"),
)  # fmt: skip
PROJECT_USERS = _table(
    "project_users", _text("project_hash", index=True), _text("email", index=True), _integer("role"),
    sa.UniqueConstraint("project_hash", "email"),
)  # fmt: skip
PROJECT_GROUPS = _table(
    "project_groups", _text("project_hash", index=True), _text("group_hash"), _integer("role"),
    sa.UniqueConstraint("project_hash", "group_hash"),
)  # fmt: skip
GROUPS = _table("groups", _text("group_hash", unique=True), _text("name"), _text("description"), _text("created_at"))
GROUP_USERS = _table(
    "group_users", _text("group_hash", index=True), _text("email"), sa.UniqueConstraint("group_hash", "email")
)
ONTOLOGY_GROUPS = _table(
    "ontology_groups", _text("ontology_hash", index=True), _text("group_hash"), _integer("role"),
    sa.UniqueConstraint("ontology_hash", "group_hash"),
)  # fmt: skip
TAGS = _table("tags", _text("uuid", unique=True), _text("name", unique=True), _text("description"))
PROJECT_TAGS = _table(
    "project_tags", _text("project_hash", index=True), _text("tag_uuid"),
    sa.UniqueConstraint("project_hash", "tag_uuid"),
)  # fmt: skip

TASKS = _table(
    "tasks", _text("uuid", unique=True), _text("project_hash"), _text("stage"), _text("data_hash"),
    _text("dataset_hash"), _text("status"), _text("assignee"), _text("last_actioned_by"), _number("priority"),
    _text("visible_at"), _text("created_at"), _text("updated_at"),
    sa.UniqueConstraint("project_hash", "data_hash"), sa.Index("tasks_by_stage", "project_hash", "stage"),
    sa.Index("tasks_by_priority", "project_hash", "stage", sa.text("priority DESC")),
)  # fmt: skip
SUBTASKS = _table(
    "subtasks", _text("uuid", unique=True), _text("task_uuid", index=True), _text("status"), _text("assignee"),
    _text("branch"), _text("created_at"), _text("updated_at"),
)  # fmt: skip
LABEL_REVIEWS = _table(
    "label_reviews", _text("uuid", unique=True), _text("stage"), _text("task_uuid", index=True), _text("label_type"),
    _text("label_id"), _text("status"), _text("comment"), _json("comment_tags"), _text("created_at"),
    _text("updated_at"),
)  # fmt: skip
LABELS = _table(
    "labels", _text("label_hash", unique=True), _text("project_hash"), _text("data_hash"), _text("branch"),
    _json("labels"), _integer("labelled"), _json("problems"), _integer("version"), _text("created_at"),
    _text("edited_at"), sa.UniqueConstraint("project_hash", "data_hash", "branch"),
)  # fmt: skip
TASK_ACTIONS = _table(
    "task_actions", _text("at"), _text("action"), _text("project_hash", index=True), _text("stage"),
    _text("task_uuid"), _text("data_hash"), _text("actor"), _text("pathway"),
)  # fmt: skip
TIME_SPENT = _table(
    "time_spent", _text("project_hash", index=True), _text("stage"), _text("task_uuid"), _text("data_hash"),
    _text("email"), _text("start_at"), _text("end_at"), _number("seconds"),
)  # fmt: skip
EDITOR_LOGS = _table(
    "editor_logs", _text("uuid", unique=True), _text("project_hash", index=True), _text("stage"), _text("task_uuid"),
    _text("data_hash"), _text("branch"), _text("label_hash"), _text("category"), _text("action"), _text("actor"),
    _text("session"), _json("label"), _integer("time_taken_ms"), _text("at"),
)  # fmt: skip
ISSUE_TAGS = _table("issue_tags", _text("uuid", unique=True), _text("name", unique=True))
PROJECT_ISSUE_TAGS = _table(
    "project_issue_tags", _text("project_hash", index=True), _text("tag_uuid"),
    sa.UniqueConstraint("project_hash", "tag_uuid"),
)  # fmt: skip
ISSUES = _table(
    "issues", _text("uuid", unique=True), _text("project_hash"), _text("data_hash"), _text("author"), _json("anchor"),
    _json("tags"), _json("comments"), _json("resolutions"), sa.Index("issues_by_unit", "project_hash", "data_hash"),
)  # fmt: skip
