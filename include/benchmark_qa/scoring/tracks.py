"""
Whether objects of a video keep their identity: IDF1, ID switches and fragmentations, as TrackEval defines them.

Sources: E. Ristani et al., Performance measures and a data set for multi-target, multi-camera tracking (2016), for
IDF1; K. Bernardin and R. Stiefelhagen, Evaluating multiple object tracking performance: the CLEAR MOT metrics (2008),
for the rest; both in the reading of TrackEval (J. Luiten and A. Hoffhues, 2020).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from include.benchmark_qa.labels.columns import BoolArray, FloatArray, IntArray
from include.benchmark_qa.scoring.bipartite import maximum_weight_matching
from include.benchmark_qa.scoring.clips import Clips, Links, SightPairs, TrackSights


@dataclass(frozen=True, slots=True)
class TrackColumns:
    """
    One entry per submission and class with any object in its video, sorted by both; counts of sights or tracks.

    ``idtp``, ``idfn``, ``idfp`` of the best one-to-one pairing of whole tracks; ``clear_tp``, ``clear_fn``,
    ``clear_fp`` of the pairing frame by frame that keeps the pairs of the frame before. An *ID switch*: a true object
    is found as another submitted object than when it was last found. A *fragmentation*: it is found again after it
    was lost. ``truth_tracks`` and ``submitted_tracks`` count the objects.
    """

    submission: IntArray
    track_class: IntArray
    idtp: IntArray
    idfn: IntArray
    idfp: IntArray
    clear_tp: IntArray
    clear_fn: IntArray
    clear_fp: IntArray
    id_switches: IntArray
    fragmentations: IntArray
    truth_tracks: IntArray
    submitted_tracks: IntArray

    def __len__(self) -> int:
        return len(self.submission)

    @property
    def idf1(self) -> FloatArray:
        """IDF1 = 2 IDTP / (2 IDTP + IDFN + IDFP) in [0, 1] per entry, NaN where there is no object at all."""
        sights = 2 * self.idtp + self.idfn + self.idfp
        idf1: FloatArray = np.full(len(self), np.nan)
        np.divide(2 * self.idtp, sights, out=idf1, where=sights > 0)
        return idf1

    def summed_over_classes(self, submissions: int) -> TrackColumns:
        """Return one entry per submission 0 to ``submissions`` - 1, with ``track_class`` -1; all 0 without a video."""
        counts = (
            np.bincount(self.submission, getattr(self, one.name), submissions).astype(np.int64)
            for one in fields(self)[2:]
        )
        rows = np.arange(submissions, dtype=np.int64)
        return TrackColumns(rows, np.full(submissions, -1, dtype=np.int64), *counts)


def judge_tracks(pairs: SightPairs, truth: TrackSights, submitted: TrackSights) -> TrackColumns:
    """
    Count, for each submission and class, how well the submitted tracks follow the true ones.

    All clips of a batch are judged at once; the order of the entries does not matter. Two details are TrackEval's:
    a frame on which one side has no object of the class is passed over (it neither breaks nor continues anything),
    and where several objects compete, the pairs of the frame before are kept, and then the sum of similarity decides.
    """
    clips = Clips.of(truth, submitted)
    links = Links.of(pairs, clips)
    matched = _match_frame_by_frame(links)
    switches, fragmentations = _breaks(links, matched)
    idtp, clear_tp = _count_identities(links, len(clips)), links.count(matched, len(clips))
    return TrackColumns(
        submission=clips.keys // clips.classes,
        track_class=clips.keys % clips.classes,
        idtp=idtp,
        idfn=clips.truth_sights - idtp,
        idfp=clips.submitted_sights - idtp,
        clear_tp=clear_tp,
        clear_fn=clips.truth_sights - clear_tp,
        clear_fp=clips.submitted_sights - clear_tp,
        id_switches=links.count(switches, len(clips)),
        fragmentations=links.count(fragmentations, len(clips)),
        truth_tracks=clips.truth_tracks,
        submitted_tracks=clips.submitted_tracks,
    )


def _count_identities(links: Links, clips: int) -> IntArray:
    """Return each clip's IDTP: the frames on which tracks meet, under the pairing of tracks that makes it largest."""
    meetings = np.bincount(links.link, minlength=len(links.clip))
    chosen = maximum_weight_matching(links.truth, links.submitted, meetings.astype(np.float64))
    return np.bincount(links.clip[chosen], meetings[chosen], clips).astype(np.int64)


def _match_frame_by_frame(links: Links) -> BoolArray:
    """
    Return the pairs that hold on each step.

    Most sights have one possible partner, so their pair holds whatever was before. Only where sights compete are the
    steps taken one after the other, each for all clips at once.
    """
    truth, submitted = links.truth[links.link], links.submitted[links.link]
    competing = _repeated(truth, links.step) | _repeated(submitted, links.step)
    matched: BoolArray = ~competing
    continues = (np.diff(links.link, prepend=-1) == 0) & (np.diff(links.step, prepend=-1) == 1)
    taken_truth: BoolArray = np.zeros(int(truth.max(initial=-1)) + 1, dtype=np.bool_)
    taken_submitted: BoolArray = np.zeros(int(submitted.max(initial=-1)) + 1, dtype=np.bool_)
    open_pairs = np.flatnonzero(competing)
    open_pairs = open_pairs[np.argsort(links.step[open_pairs], kind="stable")]
    steps = np.flatnonzero(np.diff(links.step[open_pairs])) + 1
    for pairs in np.split(open_pairs, steps):
        # Pairs of the step before never compete with each other, so all of them can be kept.
        kept = pairs[continues[pairs] & matched[pairs - 1]]
        taken_truth[truth[kept]] = taken_submitted[submitted[kept]] = True
        free = pairs[~(taken_truth[truth[pairs]] | taken_submitted[submitted[pairs]])]
        taken_truth[truth[kept]] = taken_submitted[submitted[kept]] = False
        matched[kept] = True
        matched[free[maximum_weight_matching(truth[free], submitted[free], links.similarity[free])]] = True
    return matched


def _breaks(links: Links, matched: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Return the matched pairs at which the true object's partner is another one, or its track goes on after a gap."""
    truth, step = links.truth[links.link], links.step
    found = np.flatnonzero(matched)
    found = found[np.lexsort((step[found], truth[found]))]
    again = np.diff(truth[found], prepend=-1) == 0
    switched, resumed = np.zeros_like(matched), np.zeros_like(matched)
    switched[found] = again & (np.diff(links.submitted[links.link[found]], prepend=-1) != 0)
    resumed[found] = again & (np.diff(step[found], prepend=-1) != 1)
    return switched, resumed


def _repeated(track: IntArray, step: IntArray) -> BoolArray:
    """Say which entries share track and step with another entry."""
    key = track * (int(step.max(initial=0)) + 1) + step
    ordered = np.sort(key)
    return np.isin(key, ordered[1:][ordered[1:] == ordered[:-1]])
