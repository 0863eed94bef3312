"""Training windows: placed over the action, finite whatever is lost, the same by seed."""

import numpy as np
import pytest

from models.skeleton import CENTRE, JOINTS
from training.data.tracks import Track
from training.drawing.motions import make_motion
from training.supervised.augmentation import Augmentation
from training.supervised.recipe import Recipe, chances, epoch_windows
from training.supervised.train import running_mean
from training.supervised.window_augmentation import middle_window, place, window_of

LABELS = ("wave", "idle")


def _track(action="wave", seconds=3.0, domain="raw", source="motion"):
    joints = make_motion(action, seconds, 30.0, 3)
    return Track(np.arange(len(joints)) / 30, joints, np.ones(joints.shape[:2], bool), action, "train", source, domain)


@pytest.mark.parametrize("seconds", [0.5, 2.0, 2.5, 7.0])
def test_a_window_holds_its_share_of_the_action(seconds):
    rng = np.random.default_rng(0)
    for _ in range(500):
        end = place(seconds, 2.5, 0.7, rng)
        overlap = min(end, seconds) - max(end - 2.5, 0.0)
        assert overlap >= 0.7 * min(seconds, 2.5) - 1e-9


def test_windows_are_centred_and_finite_and_repeat_by_seed():
    how = Augmentation(lost_legs=0.5, lost_limb=1.0)
    for seed in range(30):
        one, two = (window_of(_track(), 2.5, 50, how, np.random.default_rng(seed))[0] for _ in range(2))
        assert one.shape == (50, 25, 3) and np.isfinite(one).all() and (one == two).all()


def test_lost_legs_sit_where_the_app_would_put_them():
    how = Augmentation(lost_legs=1.0, lost_limb=0.0, noise=0.0)
    knee, hip = JOINTS.index("left_knee"), JOINTS.index("left_hip")
    for seed in range(10):
        window, _ = window_of(_track(), 2.5, 50, how, np.random.default_rng(seed))
        on_hip = np.abs(window[:, knee] - window[:, hip]).max()
        on_shoulders = np.abs(window[:, knee] - window[:, CENTRE]).max()
        assert min(on_hip, on_shoulders) < 1e-5


def test_the_plain_window_is_the_middle_one():
    track = _track(seconds=6.0)
    plain = middle_window(track, 2.0, 20)
    middle = track.joints_TV3[(track.times_T > 2.2) & (track.times_T < 3.8)]
    assert np.abs(plain[10] - middle[len(middle) // 2]).max() < 0.1


def test_chances_follow_the_domains_share_and_even_out_actions():
    tracks = [_track("wave", domain="camera")] * 30 + [_track("idle", domain="camera")] * 10 + [_track("idle")] * 5
    p = chances(tracks, Recipe(shares={"camera": 0.6, "raw": 0.4}, evenness=1.0))
    assert p[:40].sum() == pytest.approx(0.6) and p[:30].sum() == pytest.approx(p[30:40].sum())


def test_epochs_differ_and_repeat():
    tracks = [_track("wave"), _track("idle")]
    recipe = Recipe(windows=8, batch=4)
    first, again, other = (list(epoch_windows(tracks, LABELS, recipe, epoch)) for epoch in (0, 0, 1))
    assert len(first) == 2 and all((a[0] == b[0]).all() for a, b in zip(first, again))
    assert (first[0][0] != other[0][0]).any()


def test_the_running_mean_forgets_its_start_soon():
    torch = pytest.importorskip("torch")
    mean, value = [torch.zeros(1)], [torch.ones(1)]
    update = running_mean(0.998)
    for step in range(100):
        update(mean, value, torch.tensor(step))
    assert mean[0] > 0.99
