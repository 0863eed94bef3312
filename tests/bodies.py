"""A body with a person's limb lengths, for tests of recorded skeletons."""

from __future__ import annotations

import numpy as np

_STAND = [
    (0, 0, 0), (0, .25, 0), (0, .58, 0), (0, .72, 0), (-.18, .48, 0), (-.22, .22, 0), (-.22, -.02, 0), (-.22, -.1, 0),
    (.18, .48, 0), (.22, .22, 0), (.22, -.02, 0), (.22, -.1, 0), (-.1, -.03, 0), (-.11, -.45, 0), (-.11, -.85, 0),
    (-.11, -.9, -.12), (.1, -.03, 0), (.11, -.45, 0), (.11, -.85, 0), (.11, -.9, -.12), (0, .5, 0), (-.22, -.18, 0),
    (-.18, -.1, -.03), (.22, -.18, 0), (.18, -.1, -.03),
]  # fmt: skip
LEGS = [13, 14, 15, 17, 18, 19]
AWAY_M = 2.5  # from the sensor


def standing(frames: int) -> np.ndarray:
    """(T, 25, 3) metres, y up, of somebody who stands still before a sensor at the origin."""
    return np.repeat(np.array(_STAND, np.float32)[None], frames, 0) + np.float32([0, 0, AWAY_M])


def waving(frames: int, fps: float = 30.0) -> np.ndarray:
    """The same, with the right hand waving beside the head."""
    joints_TV3, angle_T = standing(frames), 0.5 * np.sin(3 * np.pi * np.arange(frames) / fps)
    joints_TV3[:, 9] = (0.3, 0.5, AWAY_M - 0.05)
    for v, reach in ((10, 0.25), (11, 0.33), (23, 0.41), (24, 0.33)):
        joints_TV3[:, v, 0], joints_TV3[:, v, 1] = 0.3 + reach * np.sin(angle_T), 0.55 + reach * np.cos(angle_T)
        joints_TV3[:, v, 2] = AWAY_M - 0.05
    return joints_TV3
