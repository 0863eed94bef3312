"""The window: the last seconds of one person's joints, read at a fixed length in time.

Shapes: V joints (25), T frames of the window (50).
"""

from __future__ import annotations

from collections import deque

import numpy as np

from models.resample import kept_seconds, read_window
from models.skeleton import CENTRE, V

LEAST_SPAN_S = 0.5  # least duration that tells enough about a movement that goes on
LEAST_WHOLE_S = 0.25  # and about one that is over, such as a clip of a single throw


class Window:
    """A ring buffer of the last seconds of one person's joints.

    Args:
        seconds: length of the window, from the model file.
        frames: frames that it is resampled to, from the model file.
    """

    def __init__(self, seconds: float, frames: int = 50) -> None:
        if not seconds > 0 or frames < 2:
            raise ValueError(f"a window needs a positive length and at least 2 frames; got {seconds} s, {frames}")
        self.seconds, self.frames = float(seconds), frames
        self._keep_s = kept_seconds(self.seconds)
        self._ring: deque[tuple[float, np.ndarray, np.ndarray]] = deque()

    def push(self, time_s: float, joints_V3: np.ndarray, seen_V: np.ndarray) -> None:
        """Add one frame: joints (25, 3) metres and seen (25,) bool.

        A frame whose shoulders are unseen adds nothing.

        Raises:
            ValueError: time does not increase, or a shape is wrong.
        """
        if joints_V3.shape != (V, 3) or seen_V.shape != (V,):
            raise ValueError(f"a frame is ({V}, 3) joints and ({V},) seen; got {joints_V3.shape} and {seen_V.shape}")
        if self._ring and time_s <= self._ring[-1][0]:
            raise ValueError(f"time must increase: {time_s} s came after {self._ring[-1][0]} s")
        if not seen_V[CENTRE]:
            return
        self._ring.append((time_s, joints_V3, seen_V))
        while self._ring[0][0] < time_s - self._keep_s:
            self._ring.popleft()

    def clear(self) -> None:
        """Forget all frames, because the person is gone or another one is followed."""
        self._ring.clear()

    @property
    def span_s(self) -> float:
        """The seconds between the oldest and the newest frame held."""
        return self._ring[-1][0] - self._ring[0][0] if self._ring else 0.0

    def resample(self, end_s: float | None = None, least_s: float = LEAST_SPAN_S) -> tuple[np.ndarray, float] | None:
        """Return the window that ends at `end_s` (the newest frame by default).

        Returns:
            Joints (T, 25, 3) float32 metres and the window's length in frames of 1/30 s, which the model file takes as
            input; or None while less than `least_s` has been seen.
        """
        if self.span_s < least_s:
            return None
        times_T, joints_TV3, seen_TV = (np.array(column) for column in zip(*self._ring, strict=True))
        end_s = float(times_T[-1]) if end_s is None else end_s
        return read_window(times_T, joints_TV3, seen_TV, end_s, self.seconds, self.frames), self.seconds * 30
