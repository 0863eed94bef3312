"""The window by time: gaps, edges, and a slow twin of its arithmetic."""

import numpy as np
import pytest

from models.resample import DENSE_HZ, HOLD_S, SIGMA_S, bridge_gaps, read_window
from models.skeleton import CENTRE, JOINTS

WRIST, ELBOW = JOINTS.index("left_wrist"), JOINTS.index("left_elbow")


def _track(seconds=3.0, fps=30.0):
    times = np.arange(round(seconds * fps)) / fps
    phase = np.arange(75).reshape(25, 3)
    return (
        times,
        np.sin(2 * np.pi * 0.8 * times[:, None, None] + phase).astype(np.float32),
        np.ones((len(times), 25), bool),
    )


def _slow_window(times, joints, end, seconds, frames):
    """One coordinate at a time, one frame at a time."""
    dense = np.arange(-seconds - 3 * SIGMA_S, 3 * SIGMA_S + 0.5 / DENSE_HZ, 1 / DENSE_HZ) + end
    out = np.zeros((frames, 25, 3))
    for v in range(25):
        for c in range(3):
            line = np.interp(dense, times, joints[:, v, c])
            for k in range(frames):
                weight = np.exp(-0.5 * ((dense - (end - seconds + (k + 0.5) * seconds / frames)) / SIGMA_S) ** 2)
                out[k, v, c] = (weight * line).sum() / weight.sum()
    return out


@pytest.mark.parametrize("seconds, frames, end", [(2.5, 50, 2.9), (2.0, 20, 1.0), (2.5, 50, 4.0)])
def test_window_against_its_slow_twin(seconds, frames, end):
    times, joints, seen = _track()
    slow = _slow_window(times, joints, end, seconds, frames)
    np.testing.assert_allclose(read_window(times, joints, seen, end, seconds, frames), slow, atol=1e-5)


@pytest.mark.parametrize("fps, most", [(60.0, 0.006), (15.0, 0.02), (8.0, 0.07)])
def test_camera_rate_hardly_moves_the_window(fps, most):
    reference = read_window(*_track(fps=30.0), 2.8, 2.5)
    assert np.abs(read_window(*_track(fps=fps), 2.8, 2.5) - reference).max() < most


def test_outside_the_recording_the_edge_pose_is_held():
    times, joints, seen = _track(seconds=1.0)
    window = read_window(times, joints, seen, 2.0, 2.5)
    assert np.abs(window[-15:] - joints[-1]).max() < 1e-5 and np.abs(window[:5] - joints[0]).max() < 1e-5


@pytest.mark.parametrize("lost_s, bridged", [(HOLD_S * 0.8, True), (HOLD_S * 3, False)])
def test_short_losses_are_bridged_and_long_ones_are_lost(lost_s, bridged):
    times, joints, seen = _track()
    lost = (times > 1.0) & (times < 1.0 + lost_s)
    seen[lost, WRIST] = False
    joints[lost, WRIST] = 99.0  # what BlazePose guesses while it cannot see must not come through
    filled = bridge_gaps(times, joints, seen)
    assert np.abs(filled).max() < 2
    inside = np.flatnonzero(lost)[-2]
    on_elbow = np.allclose(filled[inside, WRIST], filled[inside, ELBOW])
    assert on_elbow != bridged
    if bridged:
        a, b = np.flatnonzero(lost)[0] - 1, np.flatnonzero(lost)[-1] + 1
        line = joints[a, WRIST] + (times[inside] - times[a]) / (times[b] - times[a]) * (
            joints[b, WRIST] - joints[a, WRIST]
        )
        np.testing.assert_allclose(filled[inside, WRIST], line, atol=1e-5)


def test_a_loss_is_held_for_a_bounded_time_only():
    times, joints, seen = _track()
    seen[times > 1.0, WRIST] = False
    filled = bridge_gaps(times, joints, seen)
    last = np.flatnonzero(times <= 1.0)[-1]
    held = np.all(filled[:, WRIST] == joints[last, WRIST], axis=-1)
    assert held[last + 1 : last + 15].all() and not held[times > times[last] + HOLD_S].any()


def test_a_joint_never_seen_is_finite():
    times, joints, seen = _track()
    seen[:] = False
    seen[:, CENTRE] = True
    window = read_window(times, joints, seen, 2.9, 2.5)
    assert np.isfinite(window).all() and np.allclose(window, window[:, [CENTRE]])


def test_no_frame_is_refused():
    with pytest.raises(ValueError, match="at least one frame"):
        read_window(np.zeros(0), np.zeros((0, 25, 3)), np.zeros((0, 25), bool), 1.0, 2.5)
