"""The ring of poses that a window is read from."""

import numpy as np
import pytest

from app.stream.window import LEAST_SPAN_S, Window
from models.skeleton import CENTRE

SEEN = np.ones(25, bool)


def _pose(value):
    return np.full((25, 3), value, np.float32)


def test_waits_for_half_a_second_and_gives_frames_at_30_a_second():
    window = Window(2.5)
    window.push(0.0, _pose(1), SEEN)
    assert window.resample() is None
    window.push(LEAST_SPAN_S, _pose(1), SEEN)
    joints, frames = window.resample()
    assert joints.shape == (50, 25, 3) and frames == 75 and np.allclose(joints, 1)


def test_forgets_what_is_older_than_it_needs():
    window = Window(1.0)
    for k in range(10_000):
        window.push(k / 30, _pose(k), SEEN)
    assert len(window._ring) < 70 and window.resample()[0].min() > 10_000 - 31 - 2


def test_frames_without_shoulders_add_nothing():
    window = Window(2.5)
    unseen = SEEN.copy()
    unseen[CENTRE] = False
    window.push(0.0, _pose(0), unseen)
    window.push(1.0, _pose(0), unseen)
    assert window.resample() is None and window.span_s == 0


@pytest.mark.parametrize("time_s", [1.0, 0.5])
def test_time_must_increase(time_s):
    window = Window(2.5)
    window.push(1.0, _pose(0), SEEN)
    with pytest.raises(ValueError, match="time must increase"):
        window.push(time_s, _pose(0), SEEN)


@pytest.mark.parametrize("seconds, frames", [(0, 50), (-1, 50), (2, 1)])
def test_impossible_windows_are_refused(seconds, frames):
    with pytest.raises(ValueError, match="window needs"):
        Window(seconds, frames)


def test_clear_forgets_everything():
    window = Window(2.5)
    window.push(0.0, _pose(0), SEEN)
    window.push(1.0, _pose(0), SEEN)
    window.clear()
    assert window.resample() is None
