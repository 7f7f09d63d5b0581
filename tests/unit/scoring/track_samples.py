"""Clips as TrackEval wants them, and the same clips as `judge_tracks` wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from trackeval.metrics import CLEAR, Identity

from include.benchmark_qa.scoring.clips import SightPairs, TrackSights

if TYPE_CHECKING:
    from numpy.typing import NDArray

GATE = 0.5


@dataclass(frozen=True)
class Clip:
    """Presence of N true and M submitted objects, (T, N) and (T, M), and their similarity, (T, N, M)."""

    truth: NDArray[np.bool_]
    submitted: NDArray[np.bool_]
    similarity: NDArray[np.float64]


def random_clip(rng: np.random.Generator, frames: int, truth: int, submitted: int, presence: float, meeting: float):
    """Return a clip whose similarities have no ties; they drift from frame to frame, so that pairs often last."""
    shape = (frames, truth, submitted)
    held = np.where(rng.random(shape) < 0.3, rng.random(shape), rng.random(shape[1:]))
    return Clip(
        rng.random((frames, truth)) < presence,
        rng.random((frames, submitted)) < presence,
        np.where(held < meeting, GATE + (1 - GATE) * rng.random(shape), GATE * held),
    )


def trackeval_counts(clip: Clip, gate: float = GATE) -> dict[str, float]:
    """Return TrackEval's verdict on one clip."""
    gt_ids = [np.flatnonzero(row) for row in clip.truth]
    tracker_ids = [np.flatnonzero(row) for row in clip.submitted]
    data = {
        "num_timesteps": len(clip.truth),
        "num_gt_ids": clip.truth.shape[1],
        "num_tracker_ids": clip.submitted.shape[1],
        "num_gt_dets": int(clip.truth.sum()),
        "num_tracker_dets": int(clip.submitted.sum()),
        "gt_ids": gt_ids,
        "tracker_ids": tracker_ids,
        "similarity_scores": [
            clip.similarity[t][np.ix_(*ids)] for t, ids in enumerate(zip(gt_ids, tracker_ids, strict=True))
        ],
    }
    config = {"THRESHOLD": gate, "PRINT_CONFIG": False}
    return Identity(config).eval_sequence(data) | CLEAR(config).eval_sequence(data)


def as_columns(
    clips: list[Clip], clip_ids: list[tuple[int, int]], gate: float = GATE
) -> tuple[SightPairs, TrackSights, TrackSights]:
    """Return the clips as one batch; ``clip_ids`` are the submission and the class of each."""
    pairs, truth, submitted = [], [], []
    for clip, (submission, track_class) in zip(clips, clip_ids, strict=True):
        truth += [(submission, track_class, owner, frame) for frame, owner in np.argwhere(clip.truth)]
        submitted += [(submission, track_class, owner, frame) for frame, owner in np.argwhere(clip.submitted)]
        allowed = (clip.similarity >= gate) & clip.truth[:, :, np.newaxis] & clip.submitted[:, np.newaxis, :]
        pairs += [
            (submission, track_class, one, other, frame, clip.similarity[frame, one, other])
            for frame, one, other in np.argwhere(allowed)
        ]
    return (
        SightPairs(*columns(pairs, 5), np.array([pair[5] for pair in pairs])),
        TrackSights(*columns(truth, 4)),
        TrackSights(*columns(submitted, 4)),
    )


def columns(rows: list[tuple[int, ...]], width: int) -> list[NDArray[np.int64]]:
    return list(np.array([row[:width] for row in rows], dtype=np.int64).reshape(-1, width).T)
