"""
The behaviours of Encord's that no source settles, each with a setting.

A pipeline must be right under every value. Evidence: S the SDK's source, T Encord's own tests, D its documentation, G a
guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from include.encord_emulator.errors import invalid

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Switch:
    """One behaviour; ``values`` names the choices, or is a range ``(low, high)`` of numbers."""

    name: str
    values: tuple[Value, ...]
    default: Value
    evidence: str
    meaning: str

    @property
    def choices(self) -> str:
        """The allowed values in words."""
        if self.is_range:
            return f"{self.values[0]} to {self.values[1]}"
        return ", ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in self.values)

    @property
    def shown_default(self) -> str:
        """The default as it is written."""
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    @property
    def is_range(self) -> bool:
        """Whether any number between the two values will do."""
        return not isinstance(self.default, (bool, str))

    def from_text(self, text: str) -> Any:
        """Return what a word of the command line stands for; ``check`` says whether it is allowed."""
        if isinstance(self.default, str):
            return text
        if isinstance(self.default, bool):
            return {"true": True, "false": False}.get(text.lower(), text)
        try:
            return float(text)
        except ValueError:
            return text

    def check(self, value: Any) -> Value:
        """Return ``value`` if it is allowed."""
        if self.is_range:
            low, high = (float(bound) for bound in self.values)
            allowed = isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high
        else:
            if isinstance(self.default, str) and type(value) is int:  # JSON and YAML take 401 for a number
                value = str(value)
            allowed = type(value) is type(self.default) and value in self.values
        if not allowed:
            raise invalid(f"switch {self.name}: {value!r} is not among {self.choices}")
        return value  # type: ignore[no-any-return]  # checked just above


_BOTH = (True, False)
LISTINGS = (
    Switch("task_paging", ("keyset", "offset"), "keyset", "G",
           "a page token of a task listing is the last task seen, or a count that skips what leaves meanwhile"),
    Switch("page_size", (1, 10_000), 100, "G", "entries of a page where the request cannot say"),
    Switch("task_order", ("priority", "created"), "priority", "D",
           "a stage's tasks are listed by falling priority and then by age, or by age alone"),
)  # fmt: skip
STORAGE = (
    Switch("upload_seconds", (0, 3600), 0.2, "G", "how long an upload job stays PENDING"),
    Switch("skipped_duplicates_reported", _BOTH, False, "G", "an upload job names the items it skipped as duplicates"),
    Switch("partial_uploads_kept", _BOTH, True, "G", "good units stay when a job without ignore_errors ends in ERROR"),
    Switch("folder_delete", ("recursive", "only_empty"), "recursive", "G",
           "deleting a folder that is not empty deletes what is in it, or is a 400"),
    Switch("folder_summary", ("direct", "recursive"), "direct", "G",
           "a folder's summary counts what lies in it, or what lies in its subfolders as well"),
    Switch("delete_used_item", ("tombstone", "cascade", "refuse"), "tombstone", "S",
           "deleting an item of a dataset or data group leaves a tombstone, takes both along, or is a 400"),
    Switch("client_metadata_patch", ("merge", "overwrite"), "merge", "D",
           "update(client_metadata=...) keeps the keys it does not name, or drops them"),
    Switch("signed_url_seconds", (1, 604_800), 604_800, "S", "how long a signed URL works"),
    Switch("upload_problems", ("unit", "request"), "unit", "G",
           "a wrong URL, title or media metadata is an error of its unit, or refuses the whole upload with a 400"),
    Switch("create_video_default", _BOTH, False, "G", "an image group of a manifest without createVideo is a sequence"),
    Switch("duplicate_url_scope", ("folder", "dataset", "organisation"), "folder", "S",
           "where skip_duplicate_urls looks for the URL; dataset: that of the upload, if it has one, else the folder"),
    Switch("skipped_duplicates_counted", _BOTH, True, "G", "skipped duplicates are among an upload job's done units"),
    Switch("skipped_duplicates_linked", _BOTH, False, "G", "an upload into a dataset also links what it skipped"),
)  # fmt: skip
DATASETS = (
    Switch("link_skip_result", ("new rows only", "all rows"), "new rows only", "G",
           "what link_items answers under SKIP: only what it made, or the rows that were there as well"),
    Switch("data_hash_scope", ("dataset", "item"), "dataset", "G",
           "an item linked into a second dataset gets a data hash of its own, or keeps the first one"),
)  # fmt: skip
PROJECTS = (
    Switch("unique_titles", _BOTH, False, "G", "a second folder, dataset, ontology or project of one title is a 409"),
    Switch(
        "default_template",
        ("taken", "refused"),
        "taken",
        "G",
        "a project that names no workflow template gets the default one, or is a 400",
    ),
    Switch("unknown_template", ("404", "400", "403"), "404", "G", "what a workflow template that is not there gets"),
    Switch(
        "default_ontology",
        ("made", "refused"),
        "made",
        "G",
        "a project that names no ontology gets an empty one of its title, or is a 400",
    ),
    Switch("task_delay_s", (0, 3600), 0, "G", "seconds before a new task can be seen through the API"),
)
WORKFLOW = (
    Switch("consensus_stage_titles", ("same", "suffixed"), "same", "G",
           "a consensus block's stages both carry its title, or the second '<title> Review'; for new projects"),
    Switch("consensus_options", ("after_all", "as_submitted"), "after_all", "G",
           "a task is listed in consensus review when all its annotators, or when the first of them, submitted"),
    Switch("stale_action", ("400", "200"), "400", "T",
           "a request with a task that has left the stage is refused whole (known of agent stages), or does the rest"),
    Switch("actions_limit", (0, 1_000_000), 0, "G",
           "actions on tasks that one request may hold before it is a 400; 0: any"),
    Switch("undecided_label_reviews", ("kept", "refused"), "kept", "G",
           "approving a task but not its undecided single labels leaves these as they are, or is a 400"),
    Switch("task_uuid", ("kept", "renewed"), "kept", "G", "a task that comes to another stage keeps its uuid, or not"),
    Switch("task_priority", ("kept", "renewed"), "kept", "G",
           "a task that comes to another stage keeps its priority, or gets the ordinary one"),
    Switch("legal_moves", ("any", "not_from_final", "connected"), "any", "S",
           "tasks may be moved to any stage, to any but from a final one, or only to a stage that comes next"),
    Switch("proceed_action", ("submit", "move"), "submit", "G",
           "what the listing of task actions calls an agent's decision, for which it has no word"),
    Switch("assignee_is_member", _BOTH, True, "G", "tasks are assigned to members of the project only, else 400"),
    Switch("rejected_goes_to", ("submitter", "nobody"), "submitter", "D",
           "a rejected task is assigned to whoever submitted it last, or to nobody"),
    Switch("label_reviews_on_return", ("kept", "reopened"), "kept", "G",
           "when a rejected task is reviewed again, reviews of its single labels keep their status, or are REOPENED"),
    Switch("consensus_branches", ("per_task", "per_position"), "per_task", "G",
           "label branches of consensus are named anew for each subtask, or alike in all tasks: first, second, ..."),
    Switch("consensus_branch_start", ("empty", "main"), "empty", "G",
           "consensus annotators start without labels, or with a copy of what is on main"),
    Switch("consensus_approve_merges", ("by_review", "nothing", "first"), "by_review", "G",
           "approving consensus leaves main as it is or makes the first annotator's labels main; by_review: leaves it "
           "under review_and_refine, where the reviewer saves to main, and merges under determine_consensus"),
)  # fmt: skip
LABELS = (
    Switch("invalid_labels", ("stored", "refused"), "stored", "S",
           "labels that do not fit the ontology are kept and marked invalid, or refused even without "
           "validate_before_saving"),
    Switch("required_attributes_checked", _BOTH, True, "G",
           "labels without an answer to a required attribute count as invalid"),
    Switch("object_numbers_assigned", _BOTH, True, "S", "a save gives a number to objects that come without one"),
    Switch("label_status", ("labels", "workflow"), "labels", "G",
           "label_status tells whether there are labels, or how far the unit's task is"),
    Switch("init_existing_labels", ("returned", "409"), "returned", "G",
           "initialising several label rows of which some exist returns these as they are, or is refused"),
    Switch("bulk_answers_branch", ("asked", "own"), "asked", "G",
           "classification answers in bulk leave out label rows of another branch than the one asked for, or do not"),
    Switch("multi_label_limit", (0, 1_000_000), 0, "S",
           "label rows that one request may initialise or read before it gets MULTI_LABEL_LIMIT_ERROR; 0: any"),
    Switch("label_save_limit", (0, 1_000_000), 0, "G",
           "label rows that one request may save before it gets MULTI_LABEL_LIMIT_ERROR; 0: any"),
)  # fmt: skip
PEOPLE = (
    Switch("group_creator_listed", _BOTH, True, "S",
           "who creates a group, and so becomes its manager, is among the group's users"),
    Switch("unknown_issue_tags", ("refused", "created"), "refused", "S",
           "linking an issue tag that the workspace lacks is refused, or makes it"),
    Switch("issue_tags_checked", _BOTH, True, "G", "an issue may carry only tags that are linked to its project"),
)  # fmt: skip
ANALYTICS = (
    Switch("analytics_delay_s", (0, 86_400), 0, "G",
           "seconds before what people did shows in task actions, time spent, timers, editor and label logs"),
)  # fmt: skip
ACCESS = (
    Switch("strict_roles", _BOTH, True, "D",
           "keys of users who are annotators or reviewers get 403 from the API, of the organisation or of the project"),
    Switch("unknown_key", ("401", "403"), "401", "G", "what v2 answers to a key that nobody has; legacy says 400"),
    Switch("clock_window_s", (1, 86_400), 300, "G", "how old, or early, a v2 signature may be"),
    Switch("token_lifetime_s", (1, 604_800), 43_200, "G", "how long a bearer token is good"),
    Switch("rate_limit_per_minute", (0, 1_000_000), 0, "G", "requests of a user in a minute before 429; 0: no limit"),
    Switch("retry_after_header", _BOTH, True, "G", "whether that 429 says in how many seconds to come back"),
    Switch("max_body_mb", (1, 4096), 256, "G", "larger bodies get 413"),
)  # fmt: skip
TABLE = (*LISTINGS, *STORAGE, *DATASETS, *PROJECTS, *WORKFLOW, *LABELS, *PEOPLE, *ANALYTICS, *ACCESS)
