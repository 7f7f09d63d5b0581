"""Objects of many videos over time: which sights there are, and which pairs of them follow each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray

FLAGS_PER_VALUE = 8  # a table of flags no larger than the integers themselves


@dataclass(frozen=True, slots=True)
class TrackSights:
    """
    One entry per object and frame of the videos, of one side (truth or submitted), in any order.

    ``submission`` is the submitted label row that the object is judged for: a ground truth that several submissions
    share has one entry for each. ``track_class`` is the class by its code in the ontology. ``owner`` is the object;
    the order of these numbers settles ties. All are (N,) and not negative. Repeated entries count once.
    """

    submission: IntArray
    track_class: IntArray
    owner: IntArray
    frame: IntArray


@dataclass(frozen=True, slots=True)
class SightPairs:
    """
    Two sights of the same class on the same frame whose similarity (positive, finite) reaches the gate.

    All such pairs are needed, not only those that the frame's matching chose. (K,) each, in any order.
    """

    submission: IntArray
    track_class: IntArray
    truth_owner: IntArray
    submitted_owner: IntArray
    frame: IntArray
    similarity: FloatArray


@dataclass(frozen=True, slots=True)
class Clips:
    """
    The clips, each a submission and class, and their moments: the frames of a clip on which there is any object.

    ``keys``, ``frames`` and ``moments`` are sorted, for look-up. ``step`` numbers, within the clip, the moments on
    which both sides have objects.
    """

    classes: int
    keys: IntArray
    frames: IntArray
    moments: IntArray
    step: IntArray
    truth_sights: IntArray
    submitted_sights: IntArray
    truth_tracks: IntArray
    submitted_tracks: IntArray

    @staticmethod
    def of(truth: TrackSights, submitted: TrackSights) -> Clips:
        sides = (truth, submitted)
        classes = max((int(side.track_class.max()) + 1 for side in sides if len(side.track_class)), default=1)
        keys = _union(*(side.submission * classes + side.track_class for side in sides))
        frames = _union(*(side.frame for side in sides))
        clip = [np.searchsorted(keys, side.submission * classes + side.track_class) for side in sides]
        code = [one * len(frames) + np.searchsorted(frames, side.frame) for one, side in zip(clip, sides, strict=True)]
        moments = _union(*code)
        clip_of_moment = moments // max(1, len(frames))
        seen = [_without_repeats(one, side.owner) for one, side in zip(code, sides, strict=True)]
        moment = [np.searchsorted(moments, one) for one in seen]
        both = np.logical_and(*(np.bincount(one, minlength=len(moments)) > 0 for one in moment))
        return Clips(
            classes,
            keys,
            frames,
            moments,
            _count_within(clip_of_moment, both),
            *(np.bincount(clip_of_moment[one], minlength=len(keys)) for one in moment),
            *(
                np.bincount(_without_repeats(one, side.owner), minlength=len(keys))
                for one, side in zip(clip, sides, strict=True)
            ),
        )

    def __len__(self) -> int:
        return len(self.keys)

    def clip_and_step(self, pairs: SightPairs) -> tuple[IntArray, IntArray]:
        """Return the clip of each pair, and its step in that clip."""
        clip = np.searchsorted(self.keys, pairs.submission * self.classes + pairs.track_class)
        moment = clip * len(self.frames) + np.searchsorted(self.frames, pairs.frame)
        return clip, self.step[np.searchsorted(self.moments, moment)]


@dataclass(frozen=True, slots=True)
class Links:
    """
    The pairs without repeats, as links over time.

    A link is a true and a submitted track of a clip that meet on at least one frame; ``clip``, ``truth`` and
    ``submitted`` (the track's number in the batch) are (L,). The pairs ``link``, ``step`` and ``similarity`` are (K,),
    sorted by link and step.
    """

    clip: IntArray
    truth: IntArray
    submitted: IntArray
    link: IntArray
    step: IntArray
    similarity: FloatArray

    @staticmethod
    def of(pairs: SightPairs, clips: Clips) -> Links:
        clip, step = clips.clip_and_step(pairs)
        truth, submitted = _rank(clip, pairs.truth_owner), _rank(clip, pairs.submitted_owner)
        link = _rank(truth, submitted)
        key = link * (int(step.max(initial=0)) + 1) + step
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order], prepend=-1))
        first = order[starts]
        similarity = np.maximum.reduceat(pairs.similarity[order], starts) if len(starts) else pairs.similarity
        of_link = np.flatnonzero(np.diff(link[first], prepend=-1))
        return Links(
            clip[first[of_link]],
            truth[first[of_link]],
            submitted[first[of_link]],
            link[first],
            step[first],
            similarity,
        )

    def count(self, chosen: BoolArray, clips: int) -> IntArray:
        """Count the chosen pairs of each clip."""
        return np.bincount(self.clip[self.link[chosen]], minlength=clips)


def _union(*parts: IntArray) -> IntArray:
    return _sorted_unique(np.concatenate(parts))


def _sorted_unique(values: IntArray) -> IntArray:
    """Do what `np.unique` does, several times faster on millions of integers from 0."""
    largest = int(values.max(initial=0))
    if largest < FLAGS_PER_VALUE * len(values):
        is_there = np.zeros(largest + 1, dtype=np.bool_)
        is_there[values] = True
        return np.flatnonzero(is_there)
    ordered = np.sort(values)
    is_first = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return ordered[is_first]


def _without_repeats(group: IntArray, member: IntArray) -> IntArray:
    """Return the groups, each as often as it has different members."""
    members = int(member.max(initial=0)) + 1
    return _sorted_unique(group * members + member) // members


def _rank(major: IntArray, minor: IntArray) -> IntArray:
    """Return each entry's number among the different (major, minor), from 0 in their order."""
    number: IntArray = np.unique(major * (int(minor.max(initial=0)) + 1) + minor, return_inverse=True)[1]
    return number


def _count_within(group: IntArray, flag: BoolArray) -> IntArray:
    """Count the flags up to each entry within its group; the groups are sorted."""
    total = np.cumsum(flag)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    before: IntArray = total[starts] - flag[starts]
    return total - np.repeat(before, np.diff(np.append(starts, len(group))))
