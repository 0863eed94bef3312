"""The pictures that pose takes: any picture is scaled to what it needs."""

from __future__ import annotations

import numpy as np

LONGEST_SIDE = 1280  # pixels; pose needs no more, a 4K frame costs 36 MB, and MediaPipe ends the process from 32767 on


def fitted(rgb_HWC: np.ndarray) -> np.ndarray:
    """Return a picture with the same sides, or scaled so that the longer one is LONGEST_SIDE, in one piece of memory.

    Args:
        rgb_HWC: (H, W, 3) uint8 RGB, any size from one pixel on.

    Raises:
        ValueError: it is no such picture.
    """
    if rgb_HWC.ndim != 3 or rgb_HWC.shape[2] != 3 or rgb_HWC.dtype != np.uint8 or not rgb_HWC.size:
        raise ValueError(f"a frame is (H, W, 3) uint8 RGB with a pixel or more; got {rgb_HWC.shape} {rgb_HWC.dtype}")
    height, width = rgb_HWC.shape[:2]
    longest = max(height, width)
    if longest <= LONGEST_SIDE:
        return np.ascontiguousarray(rgb_HWC)
    import cv2

    size = [max(1, round(side * LONGEST_SIDE / longest)) for side in (width, height)]
    return cv2.resize(np.ascontiguousarray(rgb_HWC), size, interpolation=cv2.INTER_AREA)
