"""The frames that every source of pictures gives: their times, size and orientation."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from app.pose.picture import LONGEST_SIDE

if TYPE_CHECKING:
    from fractions import Fraction

    from av import VideoFrame
    from av.video.reformatter import VideoReformatter

MOST_PIXELS = 1 << 26  # a frame of 8192 x 8192; a file that claims more is broken or hostile

Frames = Generator[tuple[float, np.ndarray], None, None]  # (when captured on the camera's clock, rgb_HWC)


class CameraError(ValueError):
    """The reason why a camera cannot be read, as one sentence for the user."""


def upright_rgb(frame: VideoFrame, reformatter: VideoReformatter, pixel_aspect: Fraction | None) -> np.ndarray:
    """Return a frame as a player shows it, (H, W, 3) uint8.

    It has square pixels, is turned upright, and is at most LONGEST_SIDE long.
    """
    width = frame.width * float(pixel_aspect or 1)
    scale = min(1.0, LONGEST_SIDE / max(width, frame.height))
    size = max(1, round(width * scale)), max(1, round(frame.height * scale))
    picture = reformatter.reformat(frame, width=size[0], height=size[1], format="rgb24", threads=1)
    rgb_HWC = picture.to_ndarray()
    matrix = _display_matrix(frame)
    return np.ascontiguousarray(rgb_HWC if matrix is None else _turn(rgb_HWC, matrix))


def _display_matrix(frame: VideoFrame) -> np.ndarray | None:
    """Return the file's display matrix, (2, 2) int: x' = m00 x + m10 y, y' = m01 x + m11 y.

    If the file has none, return None.
    """
    # Not asked of frame.rotation: it is 0 for a picture that only stands on its head.
    from av.sidedata.sidedata import Type

    data = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]  # PyAV's types know one kind alone
    return None if data is None else np.frombuffer(bytes(data), np.int32).reshape(3, 3)[:2, :2]


def _turn(rgb_HWC: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn and mirror a picture by quarter turns; another angle is rounded to the nearest one."""
    (x_to_x, x_to_y), (y_to_x, y_to_y) = matrix.tolist()
    if abs(x_to_y) > abs(x_to_x):  # rows become columns
        rgb_HWC, x_sign, y_sign = rgb_HWC.transpose(1, 0, 2), y_to_x, x_to_y
    else:
        x_sign, y_sign = x_to_x, y_to_y
    return rgb_HWC[:: -1 if y_sign < 0 else 1, :: -1 if x_sign < 0 else 1]
