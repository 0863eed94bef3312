"""Windows from the middle of life: what stands around an action, and what a window of it is called."""

from collections import Counter

import numpy as np
import pytest

from models.labels import IDLE, OTHER
from models.skeleton import CENTRE
from models.skeleton import LOWER_BODY as LOWER
from training.data.stillness import peak_speed
from training.data.tracks import Track
from training.drawing.motions import make_motion
from training.supervised.augmentation import Augmentation
from training.supervised.life import OVER_S, Life
from training.supervised.recipe import Recipe, chances, epoch_windows
from training.supervised.surroundings import Piece, Surroundings, held, joined, piece_of, stirring
from training.supervised.window_augmentation import window_of

HOW = Augmentation(life=1.0, over=0.5, speed=1.0, thin=0.0, lost_legs=0.0, lost_limb=0.0, noise=0.0)


def _track(action="wave", seconds=2.0, seed=3, domain="camera", subject="one"):
    joints = make_motion(action if action != OTHER else "throw", seconds, 30.0, seed)
    times_T = np.arange(len(joints)) / 30
    return Track(times_T, joints, np.ones(joints.shape[:2], bool), action, "train", "set", domain, subject=subject)


TRACKS = [_track(), _track("clap", seed=4, subject="two"), _track(IDLE, 4.0), _track(OTHER, seed=5)]


def test_a_held_pose_sways_like_a_living_one():
    pose = piece_of(TRACKS[0])
    calm = held(pose.joints_TV3[0], pose.seen_TV[0], 3.0, np.random.default_rng(0))
    assert calm.seconds > 2.9 and (np.abs(calm.joints_TV3 - pose.joints_TV3[0]).max() < 0.03)
    moving = Track(calm.times_T, calm.joints_TV3, calm.seen_TV, IDLE, "train", "", "raw")
    assert 0 < peak_speed(moving) < 0.25


def test_what_rests_at_the_ends_of_a_clip_is_not_the_action():
    piece = piece_of(_track(seconds=2.0))
    rest = held(piece.joints_TV3[0], piece.seen_TV[0], 1.5, np.random.default_rng(0))
    starts, ends = stirring(joined(rest, piece, 0.1))
    assert 1.2 < starts < 2.1 and ends > 3.0
    assert stirring(rest) == (0.0, rest.seconds)


def test_pieces_follow_each_other_about_the_shoulders():
    around = Surroundings(TRACKS)
    piece = piece_of(TRACKS[0])
    for seed in range(40):
        rng = np.random.default_rng(seed)
        before = around.before(TRACKS[0], piece, 2.5, rng)
        after = around.after(TRACKS[0], piece, 2.5, rng)
        for some in (before, after, joined(before, piece, 0.3)):
            assert isinstance(some, Piece) and (np.diff(some.times_T) > 0).all()
            assert np.abs(some.joints_TV3[:, CENTRE]).max() < 1e-5 and np.isfinite(some.joints_TV3).all()


def test_a_window_ends_in_the_action_or_well_after_it():
    life = Life(TRACKS)
    said = Counter()
    for seed in range(120):
        rng = np.random.default_rng(seed)
        whole, end_s, action = life.lived(TRACKS[0], piece_of(TRACKS[0]), 2.5, HOW, rng)
        said[action] += 1
        assert 0 < end_s <= whole.seconds + 0.8 * 2.5
        if action == IDLE:  # the wave, 2 s, has been over for a while
            assert end_s > 2.0 + OVER_S
    assert set(said) == {"wave", IDLE} and 30 < said[IDLE] < 90


def test_without_stillness_an_action_that_may_be_held_is_never_over():
    track = _track("raise_hand")
    life = Life([track])
    said = {life.lived(track, piece_of(track), 2.5, HOW, np.random.default_rng(seed))[2] for seed in range(40)}
    assert said == {"raise_hand"}


def test_joints_hover_as_in_another_track():
    seen = np.ones((60, 25), bool)
    seen[::2, LOWER] = False
    hidden = Track(np.arange(60) / 30, make_motion("wave", 2.0, 30.0, 1)[:60], seen, "wave", "train", "set", "webcam")
    life = Life([hidden])
    mine = np.ones((45, 25), bool)
    theirs = life.hovering(np.arange(45) / 30, mine, np.random.default_rng(0))
    assert mine.all() and 0.2 < theirs[:, LOWER[0]].mean() < 0.8 and theirs[:, CENTRE].all()


def test_at_a_desk_the_lower_body_is_never_seen():
    how = Augmentation(desk=1.0, lost_limb=0.0, noise=0.0)
    window, action = window_of(_track(), 2.5, 50, how, np.random.default_rng(0))
    assert action == "wave" and np.abs(window[:, LOWER] - window[:, [CENTRE]]).max() < 1e-5
    window, _ = window_of(_track("squat"), 2.5, 50, how, np.random.default_rng(1))
    assert np.abs(window[:, LOWER] - window[:, [CENTRE]]).max() > 0.1


def test_people_of_an_action_are_evened_out_and_the_action_keeps_its_share():
    tracks = [_track()] * 90 + [_track(subject="two")] * 10 + [_track("clap")] * 50
    p = chances(tracks, Recipe(shares={"camera": 1.0}, evenness=1.0, people=1.0))
    assert p[:90].sum() == pytest.approx(p[90:100].sum()) and p[:100].sum() == pytest.approx(p[100:].sum())
    p = chances(tracks, Recipe(shares={"camera": 1.0}, evenness=0.0, people=0.0))
    np.testing.assert_allclose(p, 1 / 150)


def test_two_actions_mixed_are_none():
    recipe = Recipe(windows=64, batch=32, shares={"camera": 1.0}, mixed=1.0)
    labels = ("wave", "clap", IDLE, OTHER)
    seen = Counter(int(n) for _, label in epoch_windows(TRACKS, labels, recipe, 0) for n in label)
    assert seen[3] > 20 and seen[2] > 0
