"""What the forms of a campaign's Dags ask for: in which section, under which title, and where a campaign holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FILES, IMPORT, PROJECTS, WAITING, MIX = "Files", "Import", "Projects", "Waiting", "Mix"
# A section's title is the one line that nobody overlooks.
SCORING = "Scoring (of this run: the loop keeps to the campaign file, and scores anew what differs)"
DECISION = "Decision (of this run)"
ACTING = "Acting (of this run)"

STEPS = {
    "leave": "Leave it to people",
    "approve": "Approve",
    "reject": "Reject: back to the annotators",
    "move": "Move to the stage named below",
    "proceed": "Proceed along the pathway named below",
}
_METRICS = {
    "score": "Score: similarity times right answers",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "jaccard": "Jaccard index",
    "mean_iou": "Mean overlap",
    "pq": "Panoptic quality",
    "attribute_accuracy": "Right answers",
}
_AVERAGES = {"": "", "macro_": ", mean of the classes", "worst_": ", worst class"}
TARGET_METRICS = {
    f"{prefix}{name}": f"{title}{average}" for prefix, average in _AVERAGES.items() for name, title in _METRICS.items()
} | {"idf1": "IDF1: identity of objects in a video"}


@dataclass(frozen=True)
class FormField:
    """
    One field of a form.

    :param path: dotted name of the campaign's field that it overrides; its model gives type and limits
    :param section: headline under which it stands
    :param title: what it is called on the form
    :param help: the line below it
    :param choices: the values that can be chosen, with what the form shows for them
    :param limits: JSON schema beside, or instead of, what the campaign's model says
    """

    path: str
    section: str
    title: str
    help: str
    choices: Mapping[str, str] | None = None
    limits: Mapping[str, object] = field(default_factory=dict)


_NOT_EMPTY = {"minLength": 1}
_OPTIONAL_TEXT = {"type": ["null", "string"], "minLength": 1}
_TARGET = "Title of the stage, or name of the agent stage's pathway; for `move` and `proceed` only."

FILE_FIELDS = {
    "bucket_uri": FormField(
        "bucket.uri", FILES, "Bucket", "s3://bucket, gs://bucket, az://container, ...: docs/buckets.md"
    ),
    "benchmark_prefix": FormField(
        "bucket.benchmark_prefix",
        FILES,
        "Prefix of the known files",
        "Files whose labels you trust are made first, as ground truth. Neither prefix may begin with the other.",
        limits=_NOT_EMPTY,
    ),
    "production_prefix": FormField(
        "bucket.production_prefix",
        FILES,
        "Prefix of the real work",
        "Files that annotators label; the known ones are mixed in among them.",
        limits=_NOT_EMPTY,
    ),
    "filter_glob": FormField(
        "bucket.filters.glob", FILES, "Only files like", "A glob below the prefix, such as **/*.jpg; empty: all."
    ),
    "filter_exclude": FormField(
        "bucket.filters.exclude", FILES, "No files like", "A glob below the prefix, such as **/drafts/**."
    ),
    "filter_min_size": FormField("bucket.filters.min_size", FILES, "Smallest file", "In bytes, inclusive."),
    "filter_max_size": FormField("bucket.filters.max_size", FILES, "Largest file", "In bytes, inclusive."),
    "manifest_strict": FormField(
        "manifest.strict",
        FILES,
        "Stop at a file that cannot be registered",
        "Off: such files are left out, and listed with the reason.",
    ),
}
IMPORT_FIELDS = {
    "integration": FormField(
        "integration",
        IMPORT,
        "Cloud integration",
        "Title of Encord's cloud integration that can read the bucket; local folders need none.",
    ),
    "import_mode": FormField(
        "import.mode",
        IMPORT,
        "How files come to Encord",
        "Cloud-synced folders take images, videos, audio, text and PDF of prefixes that end in a slash.",
        choices={"manifest": "Register what the manifest names", "cloud_synced": "Encord mirrors the prefixes"},
    ),
    "import_max_failed": FormField(
        "import.max_failed", IMPORT, "Units that may be refused", "With more of them, import_files fails at its end."
    ),
    "import_concurrency": FormField(
        "import.concurrency", IMPORT, "Imports at the same time", "Upload jobs that Encord works on, 1 to 20."
    ),
    "import_upload_workers": FormField(
        "import.upload_workers", IMPORT, "Local uploads at the same time", "For files of a local folder, 1 to 64."
    ),
    "import_poll_interval": FormField(
        "import.poll_interval", IMPORT, "Seconds between looks at an import", "More than 0."
    ),
}
PROJECT_FIELDS = {
    "benchmark_template": FormField(
        "benchmark_project.workflow_template",
        PROJECTS,
        "Workflow template of the benchmark project",
        "Its hash, copied from Encord's web app. A project that exists keeps its own.",
    ),
    "production_template": FormField(
        "production_project.workflow_template",
        PROJECTS,
        "Workflow template of the production project",
        "Its hash; the workflow needs the agent stage that tells known units from others.",
    ),
}
WAITING_FIELDS = {
    "require": FormField(
        "ground_truth.require",
        WAITING,
        "Ground truth is made when",
        "What wait_for_ground_truth waits for.",
        choices={
            "all": "all units are complete",
            "share": "the share below is complete",
            "stage": "all units have reached the stage below",
        },
    ),
    "require_share": FormField(
        "ground_truth.require",
        WAITING,
        "Share that is enough",
        "More than 0 and up to 1; only where a share is waited for.",
        limits={"type": ["null", "number"], "exclusiveMinimum": 0, "maximum": 1},
    ),
    "require_stage": FormField(
        "ground_truth.require",
        WAITING,
        "Stage to reach",
        "Its title in the benchmark project; only where a stage is waited for.",
        limits=_OPTIONAL_TEXT,
    ),
    "poke_interval": FormField(
        "ground_truth.poke_interval", WAITING, "Seconds between looks at the ground truth", "More than 0."
    ),
    "timeout_hours": FormField(
        "ground_truth.timeout_hours", WAITING, "Hours to wait at most", "After them wait_for_ground_truth fails."
    ),
    "approval": FormField(
        "approval",
        WAITING,
        "Ask a person to approve the ground truth",
        "Before the production project is made; under Required Actions in Airflow.",
    ),
}
MIX_FIELDS = {
    "benchmark_mix": FormField(
        "benchmark_mix",
        MIX,
        "How known units lie among the real work",
        "Set through the priorities of tasks.",
        choices={"interleave": "Spread evenly", "first": "Known units first", "none": "Priorities untouched"},
    ),
}
SCORING_FIELDS = {
    "iou_threshold": FormField(
        "scoring.iou_threshold",
        SCORING,
        "Overlap that counts as the same object",
        "Intersection over union, more than 0 and up to 1.",
    ),
    "low_overlap_threshold": FormField(
        "scoring.low_overlap_threshold",
        SCORING,
        "Overlap below which a match is reported",
        "0 to 1. Such a match still counts.",
    ),
    "pass_mark": FormField(
        "scoring.pass_mark", SCORING, "Pass mark", "A submission passes with at least this score, 0 to 1."
    ),
    "target_metric": FormField(
        "scoring.target_metric",
        SCORING,
        "What the score is",
        "The rate that is held against the pass mark: docs/scoring.md.",
        choices=TARGET_METRICS,
    ),
    "text_match": FormField(
        "scoring.text_match",
        SCORING,
        "How free text is compared",
        "By how alike it is, or by equality.",
        choices={"levenshtein": "Likeness (Levenshtein)", "exact": "Equal or not"},
    ),
    "number_abs_tol": FormField(
        "scoring.number_abs_tol", SCORING, "Absolute tolerance of numbers", "In the number's own unit, 0 or more."
    ),
    "number_rel_tol": FormField(
        "scoring.number_rel_tol", SCORING, "Relative tolerance of numbers", "As a share of the truth, 0 or more."
    ),
    "point_tolerance": FormField(
        "scoring.point_tolerance", SCORING, "Tolerance of points", "As a share of the image's size, up to 1."
    ),
    "line_tolerance": FormField(
        "scoring.line_tolerance", SCORING, "Tolerance of polylines", "As a share of the image's size, up to 1."
    ),
    "directed": FormField(
        "scoring.directed", SCORING, "Polylines have a direction", "On: one that is drawn backwards is wrong."
    ),
    "node_sigma": FormField(
        "scoring.node_sigma", SCORING, "Tolerance of skeleton nodes", "As a share of the skeleton's size, up to 1."
    ),
}
DECISION_FIELDS = {
    "required_pass_rate": FormField(
        "decision.required_pass_rate",
        DECISION,
        "Required share of passes",
        "An annotator passes when, with 95 % confidence, at least this share of submissions passes.",
    ),
    "min_tasks": FormField(
        "decision.min_tasks",
        DECISION,
        "Fewest submissions for a decision",
        "An annotator with fewer scored submissions stays UNDECIDED.",
    ),
    "suspect_min_annotators": FormField(
        "decision.suspect_min_annotators",
        DECISION,
        "Good annotators who make ground truth suspect",
        "So many who pass elsewhere must fail a unit before its ground truth is doubted.",
    ),
    "retire_suspect_ground_truth": FormField(
        "decision.retire_suspect_ground_truth",
        DECISION,
        "Leave suspect units out",
        "On: units whose ground truth is suspect count neither for nor against annotators.",
    ),
    "copied_objects": FormField(
        "decision.copied_objects", DECISION, "Objects equal to the last digit", "So many are reported as copied."
    ),
    "hasty_share": FormField(
        "decision.hasty_share", DECISION, "Hasty below", "Share of a unit's median time, 0 to 1, that is reported."
    ),
    "trend_window": FormField(
        "decision.trend_window", DECISION, "Submissions of a trend", "So many of the last are held against the others."
    ),
}
ACTING_FIELDS = {
    "dry_run": FormField("policy.dry_run", ACTING, "Dry run", "On: say what would be done, and do nothing."),
    "on_pass": FormField(
        "policy.on_pass", ACTING, "When all submissions of a task passed", "What to do with the task.", choices=STEPS
    ),
    "on_pass_target": FormField("policy.on_pass", ACTING, "Where to, on a pass", _TARGET, limits=_OPTIONAL_TEXT),
    "on_fail": FormField(
        "policy.on_fail", ACTING, "When a submission of a task failed", "What to do with the task.", choices=STEPS
    ),
    "on_fail_target": FormField("policy.on_fail", ACTING, "Where to, on a fail", _TARGET, limits=_OPTIONAL_TEXT),
    "on_annotator_fail": FormField(
        "policy.on_annotator_fail",
        ACTING,
        "When an annotator fails",
        "Never before the fewest submissions for a decision.",
        choices={"leave": "Report it", "notify": "Tell people", "remove": "Remove from the project"},
    ),
    "issues": FormField(
        "policy.issues",
        ACTING,
        "Write hints as issues",
        "On the data unit, where all of its annotators may see them.",
    ),
}
SCORING_FORM = MIX_FIELDS | SCORING_FIELDS | DECISION_FIELDS | ACTING_FIELDS
CAMPAIGN_FORM = FILE_FIELDS | IMPORT_FIELDS | PROJECT_FIELDS | WAITING_FIELDS | SCORING_FORM
