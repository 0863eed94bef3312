"""Face as a camera on a desk sees it: ears, brows, eyes, nose and mouth with soft edges. Colours are BGR."""

from __future__ import annotations

import cv2
import numpy as np

Colour = tuple[int, int, int]
HAIR: tuple[Colour, ...] = ((25, 25, 30), (35, 50, 75), (60, 95, 130), (120, 170, 200), (150, 150, 150))


def _toned(colour: Colour, by: float) -> Colour:
    blue, green, red = (int(min(255, v * by)) for v in colour)
    return blue, green, red


def draw_face(image: np.ndarray, at: np.ndarray, r: float, facing: np.ndarray, skin: Colour, hair: Colour) -> None:
    """Draw a head that turns with the chest.

    Args:
        image: drawn on, (H, W, 3) uint8.
        at: pixels of its middle.
        r: pixels of half its width.
        facing: to the right of the picture, and to the camera; of length 1.
        skin: colour.
        hair: colour.
    """
    turn, narrow = 0.6 * float(facing[0]), max(float(facing[1]), 0.3)

    def oval(x: float, y: float, w: float, h: float, colour: Colour, start: int = 0, end: int = 360) -> None:
        centre = (int(at[0] + x * r), int(at[1] + y * r))
        axes = (max(1, int(w * r)), max(1, int(h * r)))
        cv2.ellipse(image, centre, axes, 0, start, end, colour, -1, cv2.LINE_AA)

    oval(0, -0.12, 0.92, 1.12, hair)
    for side in (-1, 1):
        if side * turn > -0.35:  # the far ear is behind the face
            oval(0.84 * side - 0.5 * turn, 0.05, 0.13, 0.24, _toned(skin, 0.85))
    oval(0.04 * turn, 0.1, 0.82, 1.1, _toned(skin, 0.8))
    oval(0.2 * turn, 0.08, 0.74, 1.04, skin)
    oval(0.25 * turn, 0.25, 0.55 * narrow, 0.6, _toned(skin, 1.08))
    oval(-0.1 * turn, -0.55, 0.86, 0.62, hair, 180, 360)
    for eye in (-0.36, 0.36):
        x = turn + eye * narrow
        oval(x, 0.0, 0.2 * narrow, 0.12, _toned(skin, 0.72))
        oval(x, 0.01, 0.16 * narrow, 0.08, (225, 228, 230))
        oval(x, 0.01, 0.075, 0.08, (35, 40, 50))
        oval(x, -0.2, 0.22 * narrow, 0.05, _toned(hair, 0.8))
    nose = 1.25 * turn
    oval(nose, 0.24, 0.09, 0.24, _toned(skin, 1.15))
    oval(nose, 0.42, 0.17 * narrow, 0.07, _toned(skin, 0.75))
    oval(1.05 * turn, 0.7, 0.29 * narrow, 0.1, _toned((95, 90, 165), 0.6 + 0.4 * skin[2] / 255))
    oval(1.05 * turn, 0.69, 0.27 * narrow, 0.025, (50, 45, 80))
    _soften(image, at, r)


def _soften(image: np.ndarray, at: np.ndarray, r: float) -> None:
    height, width = image.shape[:2]
    left, right = (int(np.clip(at[0] + s * 1.3 * r, 0, width)) for s in (-1, 1))
    top, bottom = (int(np.clip(at[1] + s * 1.5 * r, 0, height)) for s in (-1, 1))
    if right - left > 8 and bottom - top > 8:
        patch = image[top:bottom, left:right]
        image[top:bottom, left:right] = cv2.GaussianBlur(patch, (0, 0), max(0.6, 0.035 * r))
