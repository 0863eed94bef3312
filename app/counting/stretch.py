"""The repetitions of an action in a recording that is there as a whole, counted as the stream counts them.

Shapes: T frames, V joints (25).
"""

from __future__ import annotations

import numpy as np

from app.counting.counter import AFTER_S, BEFORE_S, Counted, Counter
from models.skeleton import CENTRE

_EVERY_S = 4.0  # the counter is asked so often meanwhile, so that it fixes what is long over


def counted_between(
    times_T: np.ndarray, joints_TV3: np.ndarray, seen_TV: np.ndarray, label: str, start_s: float, end_s: float
) -> Counted | None:
    """Return the repetitions of an action whose start and end are known; None if it has none.

    What lies shortly before and after is looked at too, for the first way out and the last way back.

    Args:
        times_T: (T,) seconds, increasing.
        joints_TV3: (T, 25, 3) metres, y up.
        seen_TV: (T, 25) bool; frames without shoulders are left out.
        label: short id.
        start_s: start of the action, seconds.
        end_s: its end.
    """
    counter, asked_s = Counter(), start_s
    near_T = seen_TV[:, CENTRE] & (times_T >= start_s - BEFORE_S) & (times_T <= end_s + AFTER_S)
    for k in np.flatnonzero(near_T):
        time_s = float(times_T[k])
        counter.push(time_s, joints_TV3[k], seen_TV[k])
        if time_s - asked_s > _EVERY_S:
            asked_s = time_s
            counter.count(label, start_s, start_s, time_s)
    return counter.counted(label, start_s, end_s)
