"""The motion of one person: how fast their body moves, and so where in a window a movement lies, starts and ends.

A window's scores tell what is done within some seconds; the motion tells when. A speed is that of the fastest joints
relative to the shoulders, over BASE_S, so that a landmark's jitter matters little.

Shapes: V joints, F fastest joints, K moments of a regular grid.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from models.skeleton import CENTRE

BASE_S = 0.2  # time over which displacement is measured
LONGEST_S = 0.6  # longest loss over which a speed is known
FASTEST = 5  # number of joints: a hand with its elbow, wrist and fingers
STEP_S = 1 / 30  # step of the grid on which speeds are read
SIGMA_S = 0.1  # width of the Gaussian that smooths them
LEAST_MPS = 0.2  # a lower speed is always stillness ...
OF_PEAK = 0.4  # ... and so is a speed below this share of the action's own peak
QUIET_S = 0.25  # longest stillness that is part of an action
REACH_S = 0.6  # how far an edge may be moved outwards


class Motion:
    """The speed of one person over the last seconds.

    Args:
        keep_s: how many seconds are kept.
    """

    def __init__(self, keep_s: float) -> None:
        self._keep_s = keep_s
        self._frames: deque[tuple[float, np.ndarray, np.ndarray]] = deque()
        self._speeds: deque[tuple[float, float]] = deque()

    def push(self, time_s: float, joints_V3: np.ndarray, seen_V: np.ndarray) -> None:
        """Add one frame: joints (V, 3) in metres and seen (V,) bool, with its shoulders seen; time increases."""
        body_V3 = joints_V3 - joints_V3[CENTRE]
        while len(self._frames) > 1 and self._frames[1][0] <= time_s - BASE_S + 1e-6:
            self._frames.popleft()
        if self._frames:
            before_s, before_V3, before_seen_V = self._frames[0]
            if BASE_S / 2 < time_s - before_s < LONGEST_S:
                gone_V = np.linalg.norm(body_V3 - before_V3, axis=1) * (seen_V & before_seen_V)
                speed = float(np.sort(gone_V)[-FASTEST:].mean()) / (time_s - before_s)
                self._speeds.append(((time_s + before_s) / 2, speed))
        self._frames.append((time_s, body_V3, seen_V))
        while self._speeds and self._speeds[0][0] < time_s - self._keep_s:
            self._speeds.popleft()

    def clear(self) -> None:
        """Forget all frames and speeds."""
        self._frames.clear()
        self._speeds.clear()

    def moment(self, from_s: float, to_s: float) -> float:
        """Return the middle of the movement between two times.

        It is the mean time, weighted by how much the speed exceeds its median.
        """
        time_K, speed_K = self.speeds(from_s, to_s)
        weight_K = np.maximum(speed_K - np.median(speed_K), 0) + 1e-3
        return float((weight_K * time_K).sum() / weight_K.sum())

    def start(self, earliest_s: float, start_s: float, end_s: float, open_ended: bool = False) -> float:
        """Return where the movement around `start_s` begins.

        Args:
            earliest_s: the movement does not begin before.
            start_s: about when it begins.
            end_s: about when it ends.
            open_ended: whether it may have begun at any time since `earliest_s`; if no movement tells, it began then.
        """
        return -self._edge(-1, -earliest_s, start_s, end_s, open_ended)

    def end(self, start_s: float, end_s: float, latest_s: float, open_ended: bool = False) -> float:
        """Return where the movement around `end_s` ends, not after `latest_s`; see `start`."""
        return self._edge(1, latest_s, start_s, end_s, open_ended)

    def _edge(self, way: int, limit: float, start_s: float, end_s: float, open_ended: bool) -> float:
        """Return the edge of a movement in one direction of time (-1: time runs backwards, and so does the result)."""
        edge = end_s if way > 0 else -start_s
        reach = limit if open_ended else min(limit, edge + REACH_S)
        _, speed_K = self.speeds(start_s - BASE_S, end_s + BASE_S)
        least = max(LEAST_MPS, OF_PEAK * float(np.percentile(speed_K, 95)))
        inner = max(edge - (end_s - start_s), edge - REACH_S)
        after = self._moving(way, edge, reach, least)
        joined = _unbroken(after, edge)
        if len(joined):
            return joined[-1]
        if open_ended and not len(after):
            return limit
        before = self._moving(way, inner, edge, least)
        return before[-1] if len(before) else edge

    def _moving(self, way: int, from_: float, to: float, least: float) -> np.ndarray:
        """Return the moments of movement between two moments, in the order and sign of the direction."""
        if to <= from_:
            return np.zeros(0)
        time_K, speed_K = self.speeds(*((from_, to) if way > 0 else (-to, -from_)))
        return np.sort(way * time_K[speed_K >= least])

    def speeds(self, from_s: float, to_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the times of a regular grid and the smoothed speed at each, in m/s; an unknown speed is 0."""
        steps = max(1, round((to_s - from_s) / STEP_S))
        time_K = from_s + (np.arange(steps) + 0.5) * (to_s - from_s) / steps
        if not self._speeds:
            return time_K, np.zeros(steps)
        at, speeds = np.array(self._speeds).T
        wide = round(3 * SIGMA_S / STEP_S)
        shift = np.arange(-wide, wide + 1) * STEP_S
        weight = np.exp(-0.5 * (shift / SIGMA_S) ** 2)
        dense = np.interp(time_K[:, None] + shift, at, speeds)
        return time_K, dense @ (weight / weight.sum())


def _unbroken(moments: np.ndarray, edge: float) -> np.ndarray:
    """Return the moments from the edge up to the first long stillness."""
    breaks = np.flatnonzero(np.diff(moments, prepend=edge) > QUIET_S)
    return moments[: breaks[0]] if len(breaks) else moments
