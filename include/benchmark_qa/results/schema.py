"""The result tables: what each column means, in which version; the meanings are also written into the files."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

# Raise it when a column is added, renamed or changes its meaning; readers refuse what they do not know.
SCHEMA_VERSION = "2"

SUBMISSIONS, VERDICTS, ANNOTATORS = "submissions", "verdicts", "annotators"
RATE_NAMES = ("accuracy", "precision", "recall", "f1", "jaccard", "mean_iou", "pq", "attribute_accuracy", "score")

_TEXT, _NUMBER, _COUNT, _FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_NAME = pa.dictionary(pa.int32(), pa.string())
_TIME = pa.timestamp("us", tz="UTC")


def _column(name: str, kind: pa.DataType, meaning: str, *, optional: bool = False) -> pa.Field[Any]:
    return pa.field(name, kind, nullable=optional, metadata={"meaning": meaning})


def _schema(table: str, columns: list[pa.Field[Any]]) -> pa.Schema:
    return pa.schema(columns, metadata={"schema_version": SCHEMA_VERSION, "table": table})


def _key_columns(kind: pa.DataType) -> list[pa.Field[Any]]:
    return [
        _column("campaign", kind, "name of the campaign"),
        _column("project_hash", kind, "production project of the submission"),
        _column("data_hash", kind, "data unit"),
        _column("data_title", kind, "title of the data unit"),
        _column("annotator_email", kind, "who labelled"),
        _column("label_branch_name", kind, "branch of the label row that holds the labels"),
        _column("ground_truth_version", kind, "version (sha256) of the ground truth that was compared with"),
        _column("submission_version", kind, "version (sha256) of the submitted labels"),
        _column("settings_version", kind, "version of the settings and rules of scoring, empty where not told"),
    ]


_LABEL_COUNTS = [
    _column("tp", _COUNT, "found labels: per frame for objects and classifications"),
    _column("fp", _COUNT, "submitted labels without a partner of their class: extra and mislabelled"),
    _column("fn", _COUNT, "labels of the ground truth without a partner of their class: missing and mislabelled"),
    _column("iou_sum", _NUMBER, "sum of the similarities of the found objects"),
    _column("iou_pairs", _COUNT, "found objects, over which iou_sum was taken"),
    _column("answer_sum", _NUMBER, "sum of the agreements of the answers of found labels"),
    _column("answer_count", _COUNT, "found labels with answers to compare, over which answer_sum was taken"),
    _column("credit", _NUMBER, "sum of similarity times agreement; over tp + fp + fn it is the score"),
]
_VERDICT_COUNTS = [
    _column("matched", _COUNT, "found, with enough overlap and the right answers"),
    _column("low_overlap", _COUNT, "found, outlined loosely"),
    _column("attribute_mismatch", _COUNT, "found, with a wrong answer"),
    _column("mislabelled", _COUNT, "drawn in the right place as another class"),
    _column("missing", _COUNT, "in the ground truth only"),
    _column("extra", _COUNT, "in the submission only"),
]


def _rate_columns() -> list[pa.Field[Any]]:
    columns = []
    for name in RATE_NAMES:
        columns += [
            _column(f"micro_{name}", _NUMBER, f"{name} over all labels", optional=True),
            _column(f"macro_{name}", _NUMBER, f"mean over the classes of {name}", optional=True),
            _column(f"worst_{name}", _NUMBER, f"lowest {name} of a class", optional=True),
            _column(f"worst_{name}_class", _NAME, f"name of the class with the lowest {name}", optional=True),
        ]
    return columns


# One row per submission that was compared, or could not be.
SUBMISSIONS_SCHEMA = _schema(
    SUBMISSIONS,
    [
        *_key_columns(_NAME),
        _column("label_hash", _TEXT, "label row's hash, null where nothing was ever saved", optional=True),
        _column("task_uuid", _TEXT, "review task that acts on the submission, empty if none"),
        _column("submitted_at", _TIME, "when the annotator submitted, where the platform tells", optional=True),
        _column("seconds", _NUMBER, "time spent on the task, where the platform tells", optional=True),
        _column("score", _NUMBER, "the target metric, in [0, 1]; null when not computed", optional=True),
        _column("passed", _FLAG, "whether the score reaches the pass mark; null when not computed", optional=True),
        _column("both_empty", _FLAG, "nothing to find and nothing submitted, which is right"),
        _column("not_computed", _TEXT, "reasons, joined with '; '; empty when computed"),
        *_LABEL_COUNTS,
        *_VERDICT_COUNTS,
        _column("identical", _COUNT, "found objects of drawn shapes that equal the ground truth to the last digit"),
        *_rate_columns(),
        _column("idf1", _NUMBER, "identity of objects in a video; null where there are no tracks", optional=True),
        _column("id_switches", _COUNT, "changes of a true object's submitted identity", optional=True),
        _column("fragmentations", _COUNT, "interruptions of a true object's track", optional=True),
        _column("scored_at", _TIME, "when it was scored; of several scores of a submission the latest counts"),
    ],
)

# One row per verdict on an object of a frame, or on a stretch of frames of a classification.
VERDICTS_SCHEMA = _schema(
    VERDICTS,
    [
        *_key_columns(_NAME),
        _column("kind", _NAME, "object or classification"),
        _column("verdict", _NAME, "matched, low_overlap, attribute_mismatch, mislabelled, missing or extra"),
        _column("ground_truth_class", _NAME, "name of the true class; null for extra", optional=True),
        _column("ground_truth_feature", _NAME, "featureHash of the true class; null for extra", optional=True),
        _column("submitted_class", _NAME, "name of the submitted class; null for missing", optional=True),
        _column("submitted_feature", _NAME, "featureHash of the submitted class; null for missing", optional=True),
        _column("ground_truth_hash", _TEXT, "objectHash or classificationHash; null for extra", optional=True),
        _column("submitted_hash", _TEXT, "objectHash or classificationHash; null for missing", optional=True),
        _column("first_frame", _COUNT, "first frame; 0 where there are none"),
        _column("last_frame", _COUNT, "last frame, inclusive"),
        _column("frames", _COUNT, "how many labels of the score the row stands for"),
        _column("similarity", _NUMBER, "in [0, 1]; null where there is no pair", optional=True),
        _column("attribute_agreement", _NUMBER, "in [0, 1]; null where no answer was compared", optional=True),
        _column("credit", _NUMBER, "similarity times agreement times frames of a found pair, else 0"),
        _column("answer_sum", _NUMBER, "what the row adds to the sum of the agreements"),
        _column("answer_count", _COUNT, "what the row adds to the number of labels with compared answers"),
        _column("scored_at", _TIME, "when it was scored"),
    ],
)

# One row per annotator, over all time and per ISO week, over all classes and per class; and the same for everybody.
ANNOTATORS_SCHEMA = _schema(
    ANNOTATORS,
    [
        _column("campaign", _NAME, "name of the campaign"),
        _column("annotator_email", _NAME, "who labelled; null for everybody", optional=True),
        _column("week", _NAME, "ISO week, such as 2026-W47; null for all time", optional=True),
        _column("class_name", _NAME, "name of the class; null for all classes", optional=True),
        _column("feature_hash", _NAME, "featureHash of the class; null for all classes", optional=True),
        _column("submissions", _COUNT, "scored submissions; of a class: those in which it occurs"),
        _column("passes", _COUNT, "how many of them passed"),
        _column("not_computed", _COUNT, "submissions that could not be compared"),
        _column("mean_score", _NUMBER, "mean score; of a class: credit over its labels", optional=True),
        _column("precision", _NUMBER, "tp / (tp + fp) over all labels", optional=True),
        _column("recall", _NUMBER, "tp / (tp + fn) over all labels", optional=True),
        _column("mean_iou", _NUMBER, "mean similarity of the found objects", optional=True),
        _column("attribute_accuracy", _NUMBER, "mean agreement of answers", optional=True),
        _column("median_seconds", _NUMBER, "median time on a task, where the platform tells", optional=True),
        _column("tp", _COUNT, "found labels"),
        _column("fp", _COUNT, "submitted labels without a partner of their class"),
        _column("fn", _COUNT, "labels of the ground truth without a partner of their class"),
    ],
)
SCHEMAS = {SUBMISSIONS: SUBMISSIONS_SCHEMA, VERDICTS: VERDICTS_SCHEMA, ANNOTATORS: ANNOTATORS_SCHEMA}


def check_schema(found: pa.Schema, table: str, place: str = "") -> None:
    """
    Refuse a table that this version cannot read.

    :param found: the schema of the file
    :param table: the table that is expected
    :param place: which file it is, for the message
    :raises ValueError: when it is another table or another version of it
    """
    said = {key.decode(): value.decode() for key, value in (found.metadata or {}).items()}
    if (said.get("table"), said.get("schema_version")) != (table, SCHEMA_VERSION):
        raise ValueError(
            f"{place + ': ' if place else ''}expected the {table} table, version {SCHEMA_VERSION}, found "
            f"{said.get('table')!r}, version {said.get('schema_version')!r}: move it away to score anew"
        )
