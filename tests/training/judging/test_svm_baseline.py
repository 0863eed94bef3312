"""The baseline: features that see the motion and not the place, a machine that learns it and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from models.skeleton import JOINTS, mirrored
from training.data.tracks import Track
from training.drawing.motions import make_motion
from training.judging.svm_baseline import GRID, Settings, SvmBaseline, kard_alone
from training.judging.svm_features import features

LABELS = ("squat", "wave")
ONE_HAND = 1  # seed of a wave of one hand
LEFT, RIGHT = JOINTS.index("left_wrist"), JOINTS.index("right_wrist")


def _track(action, seed, source="motion"):
    joints = make_motion(action, 3.0, 20.0, seed)
    return Track(np.arange(len(joints)) / 20, joints, np.ones(joints.shape[:2], bool), action, "train", source, "raw")


def _tracks(first, each):
    return [_track(action, first + k) for action in LABELS for k in range(each)]


def _window(seed=0):
    return make_motion("wave", 2.5, 20.0, seed)[:50]


def _turned(window_KV3, angle):
    c, s = np.cos(angle), np.sin(angle)
    return window_KV3 @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32).T


def _right(baseline, tracks):
    return np.mean([answer == track.action for answer, track in zip(baseline.predict(tracks), tracks, strict=True)])


@pytest.mark.parametrize(
    "change",
    [lambda w: _turned(w, 0.7), lambda w: _turned(w, 3.0), lambda w: w + np.float32([1.0, -0.4, 2.5]),
     lambda w: w * np.float32(0.6), lambda w: w + np.linspace(0, 1, len(w), dtype=np.float32)[:, None, None]],
    ids=["turned", "turned round", "moved", "a child", "drifting"],
)  # fmt: skip
def test_neither_place_nor_size_nor_facing_changes_the_features(change):
    plain_F = features(_window())
    assert plain_F.dtype == np.float32 and plain_F.shape == (840,)
    assert np.abs(features(change(_window())) - plain_F).max() < 1e-4


def test_another_motion_changes_the_features():
    assert np.abs(features(_window()) - features(make_motion("squat", 2.5, 20.0, 0)[:50])).max() > 0.3


def test_the_mirror_changes_sides():
    window = _window(ONE_HAND)
    assert np.array_equal(mirrored(mirrored(window)), window)
    assert np.allclose(mirrored(window)[:, LEFT], window[:, RIGHT] * [-1, 1, 1])
    mean_V3, other_V3 = (features(w)[:72].reshape(24, 3) for w in (window, mirrored(window)))
    assert np.allclose(other_V3[LEFT], mean_V3[RIGHT] * [-1, 1, 1], atol=1e-4)
    assert np.abs(other_V3[LEFT] - mean_V3[LEFT]).max() > 0.3


@pytest.mark.parametrize(
    "window", [np.zeros((50, 24, 3)), np.zeros((4, 25, 3)), np.full((50, 25, 3), np.nan)], ids=["24", "short", "nan"]
)
def test_what_is_no_window_is_refused(window):
    with pytest.raises(ValueError, match="features need"):
        features(window)


def test_a_collapsed_skeleton_has_finite_features():
    assert np.isfinite(features(np.zeros((50, 25, 3), np.float32))).all()


def test_two_motions_are_told_apart_and_choosing_picks_from_the_grid():
    baseline = SvmBaseline().fit(_tracks(0, 12), LABELS, 0, _tracks(500, 3))
    assert _right(baseline, _tracks(1000, 15)) == 1.0
    assert tuple(baseline.chosen) == GRID and baseline.chosen[baseline.settings] == max(baseline.chosen.values())


def test_the_better_settings_are_chosen():
    useless = Settings("rbf", 1.0, 1e6)  # no two windows look alike to it
    baseline = SvmBaseline(grid=(useless, GRID[0])).fit(_tracks(0, 6), LABELS, 0, _tracks(500, 3))
    assert baseline.settings == GRID[0] and baseline.chosen[useless] < baseline.chosen[GRID[0]]


def test_shuffled_labels_teach_nothing():
    """Half of each motion's clips, at random, bear the other's label: nothing is left to learn."""
    others, rates = _tracks(2000, 10), []
    for seed in range(4):
        tracks, rng = _tracks(100 * seed, 10), np.random.default_rng(seed)
        named = [label for _ in LABELS for label in rng.permutation(LABELS * 5)]
        rates.append(
            _right(SvmBaseline().fit([replace(t, action=str(n)) for t, n in zip(tracks, named)], LABELS, 0), others)
        )
    assert 0.3 < np.mean(rates) < 0.7, rates


def test_the_fit_repeats_and_takes_sources_in_turns():
    """Of many clips of one source and few of another, the few stay in."""
    many = _tracks(0, 20)
    few = [_track(action, 900 + k, "rare") for action in LABELS for k in range(2)]
    swapped = [replace(track, action=LABELS[1 - LABELS.index(track.action)]) for track in few]
    baselines = [SvmBaseline(most_per_action=4).fit(many + few, LABELS, 3) for _ in range(2)]
    assert baselines[0].predict(many) == baselines[1].predict(many)
    kept = SvmBaseline(most_per_action=4).fit(many + swapped, LABELS, 3)  # half of what trains says the opposite
    assert _right(kept, swapped) == 1.0


def test_what_cannot_be_fitted_is_refused():
    tracks = _tracks(0, 3)
    with pytest.raises(ValueError, match=r"too few clips of clap \(0\): give at least 2 .* or leave those labels out"):
        SvmBaseline().fit(tracks, (*LABELS, "clap"), 0)
    with pytest.raises(ValueError, match=r"too few clips of wave \(1\)"):
        SvmBaseline().fit(tracks[:4], LABELS, 0)
    with pytest.raises(ValueError, match="two different labels"):
        SvmBaseline().fit(tracks, ("wave",), 0)
    with pytest.raises(ValueError, match="call fit first"):
        SvmBaseline().predict(tracks)
    with pytest.raises(ValueError, match="most_per_action"):
        SvmBaseline(most_per_action=1)
    with pytest.raises(ValueError, match="grid"):
        SvmBaseline(grid=())


def test_nothing_to_predict():
    assert SvmBaseline().fit(_tracks(0, 3), LABELS, 0).predict([]) == []


@pytest.mark.slow
def test_kard_by_its_own_labels_reaches_what_is_known(shared_data):
    row = kard_alone(shared_data)
    assert row.clips == 270 and row.top1 >= 80, row
