"""The repetitions in a stretch of time: when a movement had gone out and come more than half of the way back.

Nothing is trained and no action is known. The signal is the direction of the pose space in which the body goes back and
forth the most. Its turning points give the repetitions: out from the rest to the far point, and back. Which end is the
rest is told by the height of the joints (arms and legs hang at rest), and by where more time is spent. Where the sides
move against each other (steps, boxing), both ends are far points.

Shapes: T frames, V joints (25), K moments of a regular grid, F features, R repetitions.
"""

from __future__ import annotations

import numpy as np

from app.counting.body_signal import HZ, BodySignal, body_signal
from app.counting.turns import turns, typical_swing

DEPTH = 0.3  # of the typical swing: what is smaller is wavering, and no repetition
BACK = 0.5  # of the way out: so far back the repetition counts
LEAST_M = 0.2  # smallest typical swing, the root of the sum of squares over all joints; stillness has half of it
LEAST_S = 0.5  # a shorter stretch tells nothing
DIRECTIONS = 3  # principal directions that are looked at ...
MORE = 2.0  # ... of which a weaker one needs so many times the evidence ...
SMALL = 0.2  # ... and no smaller swing than this share
FEW = 4  # swings: fewer are little evidence of a repetition, however large they are
AGAINST = 2.0  # so many times the evidence is needed for sides that move against each other
ALIKE = 1.5  # of the typical swing: a far point that is further from the usual one belongs to another movement
NEAR = 1.5  # times the usual distance from the usual pose of an action: further off one gets into position
_HEIGHT = 0.05  # of the typical swing: a difference in height that decides

TOGETHER, IN_TURN, FOUND_OUT = "together", "in turn", "found out"


def repetitions(
    times_T: np.ndarray,
    joints_TV3: np.ndarray,
    seen_TV: np.ndarray,
    sides: str = FOUND_OUT,
    action_s: tuple[float, float] | None = None,
) -> np.ndarray:
    """Return when each repetition was at its far point, and when more than half of the way back, (R, 2) seconds.

    Half a repetition at either end, of which only the way out or only the way back is there, is none.

    Args:
        times_T: (T,) seconds, increasing.
        joints_TV3: (T, 25, 3) metres, y up.
        seen_TV: (T, 25) bool; the middle of the shoulders is seen in every frame.
        sides: IN_TURN if they move against each other and each is to be counted (steps), TOGETHER if they never do.
        action_s: start and end of an action that may be done in a position that one gets into, as a hand is raised to
            wave: if the movement in it repeats more often than all of it together, that is counted.
    """
    if len(times_T) < 3 or times_T[-1] - times_T[0] < LEAST_S:
        return np.zeros((0, 2))
    signal = body_signal(times_T, joints_TV3, seen_TV)
    found_R2 = _found(signal, sides)
    if action_s is not None:
        inside_R2 = _found(_in_position(signal, *action_s), sides)
        found_R2 = max(found_R2, inside_R2, key=len)
    return found_R2


def _in_position(signal: BodySignal, start_s: float, end_s: float) -> BodySignal:
    """Return the part of a movement from when the body first is near its usual pose of an action until it last is."""
    pose_KF = np.concatenate([signal.same_KF, signal.against_KF], 1)
    action_K = (signal.times_K >= start_s) & (signal.times_K <= end_s)
    if not action_K.any():
        return signal
    far_K = np.linalg.norm(pose_KF - np.median(pose_KF[action_K], 0), axis=1)
    near = np.flatnonzero(far_K <= NEAR * np.median(far_K[action_K]))
    if not len(near):
        return signal
    return BodySignal(*(values[near[0] : near[-1] + 1] for values in signal))


def _found(signal: BodySignal, sides: str) -> np.ndarray:
    """Return far points and ways back of a movement, (R, 2) seconds."""
    if len(signal.times_K) < LEAST_S * HZ:
        return np.zeros((0, 2))
    same, against = _most_moving(signal.same_KF), _most_moving(signal.against_KF)
    in_turn = sides == IN_TURN or (
        sides == FOUND_OUT and _beats(against, same, AGAINST) and against.swing >= same.swing
    )
    chosen, pose_KF = (against, signal.against_KF) if in_turn else (same, signal.same_KF)
    # What one side does alone is half in either part.
    if (np.hypot(same.swing, against.swing) if sides == FOUND_OUT else chosen.swing) < LEAST_M:
        return np.zeros((0, 2))
    ways = (1, -1) if in_turn else (1,) if _rests_low(chosen, signal) else (-1,)
    found = np.concatenate([_repeated(way * chosen.signal_K, chosen.swing, pose_KF) for way in ways])
    return signal.times_K[np.sort(found, 0)]


class _Direction:
    """A movement along one direction of the pose space.

    Attributes:
        signal_K: (K,) metres.
        swing: the typical swing, metres.
        turns: places of the turning points.
        evidence: how far it goes back and forth in all, less where it does so only a few times.
    """

    def __init__(self, signal_K: np.ndarray) -> None:
        self.signal_K, self.swing = signal_K, typical_swing(signal_K)
        self.turns = turns(signal_K, DEPTH * self.swing)
        swings_S = np.abs(np.diff(signal_K[self.turns]))
        self.evidence = float(swings_S.sum()) * len(swings_S) / (len(swings_S) + FEW)


def _most_moving(pose_KF: np.ndarray) -> _Direction:
    """Return the direction in which a body goes back and forth the most.

    That is the first principal one, unless a drift or a single large movement is larger than what repeats.
    """
    from_mean_KF = pose_KF - pose_KF.mean(0)
    _, directions_FF = np.linalg.eigh(from_mean_KF.T @ from_mean_KF)
    best, *others = (_Direction(from_mean_KF @ directions_FF[:, -1 - k]) for k in range(DIRECTIONS))
    for other in others:
        if _beats(other, best, MORE):
            best = other
    return best


def _beats(one: _Direction, other: _Direction, times: float) -> bool:
    """Return whether a direction has so many times the evidence of another one, and is no mere tremor beside it."""
    return one.evidence > times * other.evidence and one.swing >= SMALL * other.swing


def _rests_low(moving: _Direction, signal: BodySignal) -> bool:
    """Return whether the rest is at the low end of a signal."""
    value_K, at = moving.signal_K, moving.turns
    if len(at) < 2:
        return True
    first = int(value_K[at[0]] > value_K[at[1]])  # turning points from here on in twos are the low ones
    lows, highs = at[first::2], at[1 - first :: 2]
    low, high = np.median(value_K[lows]), np.median(value_K[highs])
    hang = np.median(signal.height_K[highs]) - np.median(signal.height_K[lows])
    vote = float(np.clip(hang / (_HEIGHT * moving.swing), -1, 1))
    vote += 0.5 - float(np.clip((np.median(value_K) - low) / (high - low), 0, 1))
    return vote >= 0


def _repeated(value_K: np.ndarray, swing: float, pose_KF: np.ndarray) -> np.ndarray:
    """Return the places of the far points of a signal that rises from its rest, and of half of the way back, (R, 2)."""
    at, found = turns(value_K, DEPTH * swing), []
    for start, top, end in zip(at[:-2], at[1:-1], at[2:], strict=True):
        if value_K[top] <= value_K[start]:
            continue
        half = value_K[top] - BACK * (value_K[top] - value_K[start])
        back = np.flatnonzero(value_K[top : end + 1] <= half)
        if len(back):
            found.append((top, top + back[0]))
    if not found:
        return np.zeros((0, 2), int)
    found_R2 = np.array(found)
    far_RF = pose_KF[found_R2[:, 0]]
    return found_R2[np.linalg.norm(far_RF - np.median(far_RF, 0), axis=1) <= ALIKE * swing]
