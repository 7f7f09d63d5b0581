from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.benchmark_qa.scoring.clips import SightPairs, TrackSights
from include.benchmark_qa.scoring.tracks import TrackColumns, judge_tracks
from tests.unit.scoring.track_samples import Clip, as_columns, columns, random_clip, trackeval_counts

FIELDS = {
    "idtp": "IDTP",
    "idfn": "IDFN",
    "idfp": "IDFP",
    "clear_tp": "CLR_TP",
    "clear_fn": "CLR_FN",
    "clear_fp": "CLR_FP",
    "id_switches": "IDSW",
    "fragmentations": "Frag",
}
CLIP_IDS = [(0, 0), (0, 3), (2, 1)]


def presence(*tracks: str):
    return np.array([[letter == "x" for letter in track] for track in tracks]).T


def clip(truth: list[str], submitted: list[str], together: dict[tuple[int, int], str]) -> Clip:
    """Return a clip from one letter a frame: ``x`` where the object is, or where the two overlap wholly."""
    similarity = np.zeros((len(truth[0]), len(truth), len(submitted)))
    for (one, other), frames in together.items():
        similarity[:, one, other] = [float(letter == "x") for letter in frames]
    return Clip(presence(*truth), presence(*submitted), similarity)


# The sequences of TrackEval's own tests/test_metrics.py: no_confusion, with_confusion, split_tracks.
APART = {(0, 1): "...xx", (1, 0): "xx..."}
NO_CONFUSION = clip(["xxxxx", "xxx.."], ["xxxx.", "xxxxx"], APART)
WITH_CONFUSION = clip(["xxxxx", "xxx.."], ["xxxx.", "xxxxx"], APART | {(0, 0): "..x..", (1, 1): ".x..."})
SPLIT_TRACKS = clip(
    ["xx.xx", "xxxxx"],
    ["xx...", "..xxx", "....x", "..xxx", "xx..."],
    {(0, 0): "xx...", (0, 3): "...xx", (1, 1): "..xx.", (1, 2): "....x", (1, 4): "xx..."},
)


def judge(clips: list[Clip], clip_ids: list[tuple[int, int]]) -> TrackColumns:
    return judge_tracks(*as_columns(clips, clip_ids))


def counts(tracks: TrackColumns, entry: int) -> list[int]:
    return [int(getattr(tracks, name)[entry]) for name in FIELDS]


@pytest.mark.parametrize(
    ("toy", "tp", "fn", "fp", "switches", "idf1"),
    [
        (NO_CONFUSION, 4, 4, 5, 0, 8 / 17),
        (WITH_CONFUSION, 5, 3, 4, 1, 8 / 17),
        (SPLIT_TRACKS, 9, 0, 2, 3, 0.4),
    ],
    ids=["no_confusion", "with_confusion", "split_tracks"],
)
def test_the_toy_sequences_of_trackeval(toy, tp, fn, fp, switches, idf1):
    tracks = judge([toy], [(0, 0)])
    assert [tracks.clear_tp[0], tracks.clear_fn[0], tracks.clear_fp[0]] == [tp, fn, fp]
    assert tracks.id_switches[0] == switches
    assert tracks.idf1[0] == pytest.approx(idf1, abs=1e-15)
    assert tracks.truth_tracks[0] == 2
    assert tracks.submitted_tracks[0] == toy.submitted.shape[1]


@st.composite
def batches(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = st.integers(1, 6)
    share = st.sampled_from([0.1, 0.3, 0.6, 1.0])
    return [
        random_clip(rng, draw(st.integers(1, 15)), draw(size), draw(size), draw(share), draw(share)) for _ in CLIP_IDS
    ]


@settings(deadline=None)
@given(batches())
def test_random_batches_come_out_as_in_trackeval(clips):
    tracks = judge(clips, CLIP_IDS)
    entries = {key: entry for entry, key in enumerate(zip(tracks.submission, tracks.track_class, strict=True))}
    for one, key in zip(clips, CLIP_IDS, strict=True):
        expected = trackeval_counts(one)
        found = counts(tracks, entries[key]) if key in entries else [0] * len(FIELDS)
        assert found == [expected[name] for name in FIELDS.values()]
        if key in entries:
            assert tracks.idf1[entries[key]] == pytest.approx(expected["IDF1"], abs=1e-12)


@settings(deadline=None)
@given(batches(), st.integers(0, 2**32))
def test_the_order_of_the_entries_does_not_matter(clips, seed):
    rng = np.random.default_rng(seed)

    def shuffled(table):
        order = rng.permutation(len(table.frame))
        return type(table)(*(getattr(table, one.name)[order] for one in fields(table)))

    tables = as_columns(clips, CLIP_IDS)
    first, second = judge_tracks(*tables), judge_tracks(*map(shuffled, tables))
    for one in fields(TrackColumns):
        assert np.array_equal(getattr(first, one.name), getattr(second, one.name))


@settings(deadline=None)
@given(batches())
def test_repeated_entries_count_once(clips):
    tables = as_columns(clips, CLIP_IDS)
    twice = [type(one)(*(np.tile(getattr(one, name.name), 2) for name in fields(one))) for one in tables]
    first, second = judge_tracks(*tables), judge_tracks(*twice)
    for one in fields(TrackColumns):
        assert np.array_equal(getattr(first, one.name), getattr(second, one.name))


def test_a_clip_compared_with_itself_is_perfect():
    rng = np.random.default_rng(5)
    present = rng.random((20, 7)) < 0.7
    same = Clip(present, present, np.broadcast_to(np.eye(7), (20, 7, 7)))
    tracks = judge([same], [(0, 0)])
    assert tracks.idf1[0] == 1
    assert tracks.clear_tp[0] == present.sum()
    assert tracks.id_switches[0] == tracks.clear_fn[0] == tracks.clear_fp[0] == 0


def test_the_pair_of_the_frame_before_is_kept_against_a_better_one():
    kept = Clip(presence("xxx"), presence("xxx", ".xx"), np.array([[[0.6, 0]], [[0.6, 0.9]], [[0.6, 0.9]]]))
    tracks = judge([kept], [(0, 0)])
    assert tracks.id_switches[0] == 0
    assert tracks.idtp[0] == 3


def test_a_track_that_is_lost_and_found_again_is_a_fragmentation_and_no_switch():
    tracks = judge([clip(["xxxx"], ["xxxx"], {(0, 0): "x..x"})], [(0, 0)])
    assert tracks.fragmentations[0] == 1
    assert tracks.id_switches[0] == 0


def test_a_frame_without_any_submitted_object_breaks_nothing():
    tracks = judge([clip(["xxxx"], ["x..x"], {(0, 0): "x..x"})], [(0, 0)])
    assert tracks.fragmentations[0] == 0
    assert tracks.clear_fn[0] == 2


def test_classes_are_summed_per_submission():
    tracks = judge([NO_CONFUSION, SPLIT_TRACKS, WITH_CONFUSION], CLIP_IDS).summed_over_classes(4)
    assert tracks.submission.tolist() == [0, 1, 2, 3]
    assert tracks.clear_tp.tolist() == [13, 0, 5, 0]
    assert tracks.id_switches.tolist() == [3, 0, 1, 0]
    assert tracks.idf1 == pytest.approx([16 / 37, np.nan, 8 / 17, np.nan], nan_ok=True)


def test_one_side_only():
    tracks = judge([clip(["xx"], [".."], {}), clip([".."], ["xx"], {})], [(0, 0), (1, 0)])
    assert tracks.idf1.tolist() == [0, 0]
    assert (tracks.idfn.tolist(), tracks.idfp.tolist()) == ([2, 0], [0, 2])


def test_no_video_at_all():
    nothing = TrackSights(*columns([], 4))
    tracks = judge_tracks(SightPairs(*columns([], 5), np.empty(0)), nothing, nothing)
    assert len(tracks) == 0
    assert len(tracks.summed_over_classes(0)) == 0


def test_frames_far_apart_need_no_more_memory():
    far = np.array([0, 10**12], dtype=np.int64)
    zeros = np.zeros(2, dtype=np.int64)
    sights = TrackSights(zeros, zeros, zeros, far)
    tracks = judge_tracks(SightPairs(zeros, zeros, zeros, zeros, far, np.ones(2)), sights, sights)
    assert tracks.idtp.tolist() == [2]


def test_of_a_pair_given_twice_the_higher_similarity_counts():
    # On frame 0 both submitted objects compete; which of them wins decides whether frame 1 is a switch.
    pairs = columns([(0, 0, 0, 1, 0), (0, 0, 0, 2, 0), (0, 0, 0, 1, 0), (0, 0, 0, 1, 1)], 5)
    truth = TrackSights(*columns([(0, 0, 0, 0), (0, 0, 0, 1)], 4))
    submitted = TrackSights(*columns([(0, 0, 1, 0), (0, 0, 2, 0), (0, 0, 1, 1)], 4))
    tracks = judge_tracks(SightPairs(*pairs, np.array([0.6, 0.7, 0.8, 0.9])), truth, submitted)
    assert tracks.id_switches.tolist() == [0]
