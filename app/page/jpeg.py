"""The camera pictures that the page sends, as JPEG."""

from __future__ import annotations

import io

import numpy as np

MOST_BYTES = 4 << 20  # most bytes of one picture; one of 640 x 480 has some 40 kB
MOST_PIXELS = 1 << 23  # a 4K camera


def read_frame(jpeg: bytes) -> np.ndarray | None:
    """Decode a JPEG to (height, width, 3) uint8 RGB, or return None if it is broken or too large.

    The size is checked before anything is decoded.
    """
    import cv2
    from PIL import Image

    if len(jpeg) > MOST_BYTES:
        return None
    try:
        width, height = Image.open(io.BytesIO(jpeg), formats=["JPEG"]).size
        if width * height > MOST_PIXELS:
            return None
        return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except (OSError, ValueError, SyntaxError, cv2.error):
        return None
