"""Written ways as tracks: all actions, people in turns, the same by seed."""

import numpy as np

from models.labels import DISPLAY
from training.data.stillness import peak_speed
from training.drawing.way_tracks import LASTS_S, way_tracks


def test_ways_become_tracks_that_train():
    first, again = way_tracks(1, 5), way_tracks(1, 5)
    assert {track.action for track in first} <= set(DISPLAY) and {"wave", "idle", "other"} <= {t.action for t in first}
    assert all(t.part == "train" and t.domain == "raw" and LASTS_S[0] - 0.1 < t.seconds < LASTS_S[1] for t in first)
    assert all(np.array_equal(a.joints_TV3, b.joints_TV3) for a, b in zip(first, again, strict=True))
    assert max(peak_speed(track) for track in first if track.action == "idle") < 0.5
    assert min(peak_speed(track) for track in first if track.action == "wave") > 0.2
