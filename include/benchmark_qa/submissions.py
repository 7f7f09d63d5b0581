"""Who has submitted labels for which unit: the input of scoring, in bounded batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import orjson

# In place of the version of labels that Encord could not hand out.
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Submission:
    """
    One annotator's labels for one unit, on their branch.

    ``label_hash`` is None where the annotator submitted without saving anything: an empty submission. ``truth_hash``
    is the data hash of the unit in the benchmark project, None where there is none, ``truth_edited_at`` when its ground
    truth was last edited, as the ledger writes moments. The versions are those of the
    labels that it was last scored with, empty where it must be scored whatever its labels are. ``is_waiting``: its task
    waits in the scored stage; else it is scored again from what is left of it. ``submitted_at``, as the ledger writes
    moments, and ``seconds``, the time spent on the task, are None where nobody tells. ``frames`` says how much there is
    to read: 1 for whatever has no frames.
    """

    task_uuid: str
    data_hash: str
    data_title: str
    annotator_email: str
    label_branch_name: str
    label_hash: str | None
    truth_hash: str | None = None
    truth_edited_at: str | None = None
    submission_version: str = ""
    ground_truth_version: str = ""
    is_waiting: bool = True
    submitted_at: str | None = None
    seconds: float | None = None
    frames: int = 1


def split_batches(
    submissions: Sequence[Submission], size: int, frames: int | None = None
) -> Iterator[tuple[Submission, ...]]:
    """
    Split submissions into batches of about ``size``, in a stable order, units never torn apart.

    :param frames: about how many frames a batch may have beside; None for any number
    :raises ValueError: ``size`` is not positive
    """
    if size < 1:
        raise ValueError(f"a batch holds at least one submission, not {size}")
    batch: list[Submission] = []
    held = 0
    for one in sorted(submissions, key=lambda one: (one.data_hash, one.annotator_email, one.label_branch_name)):
        is_full = len(batch) >= size or (frames is not None and held + one.frames > frames)
        if batch and is_full and batch[-1].data_hash != one.data_hash:
            yield tuple(batch)
            batch, held = [], 0
        batch.append(one)
        held += one.frames
    if batch:
        yield tuple(batch)


def batch_title(batch: Sequence[Submission]) -> str:
    """Return a title by which a person knows a batch: its first unit, and how much else there is."""
    units = len({one.data_hash for one in batch})
    more = f" and {units - 1} more unit(s)" if units > 1 else ""
    return f"{batch[0].data_title[-100:]}{more}: {len(batch)} submission(s)"


def dump_batch(batch: Sequence[Submission]) -> bytes:
    """Return a batch as JSON; the same batch gives the same bytes."""
    return orjson.dumps([asdict(one) for one in batch], option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def load_batch(content: bytes) -> tuple[Submission, ...]:
    """Read what :func:`dump_batch` wrote."""
    return tuple(Submission(**fields) for fields in orjson.loads(content))


def batch_name(content: bytes) -> str:
    """Return a short name that only the batch's content decides, so that a repeat writes the same file."""
    return hashlib.sha256(content).hexdigest()[:16]
