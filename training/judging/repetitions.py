"""How well repetitions are counted: joined recordings of known numbers, and real videos that were counted by eye.

UI-PRMD's clips are one repetition each. Several of one person and movement are joined, by a hold of the last pose or by
a crossfade, and with cut edges too, of which half a repetition is left over that does not count. A recording is played
to the app's own counter, frame by frame. The first five people choose, the others report.

Shapes: T frames, V joints (25).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.counting.actions import is_counted
from app.counting.stretch import counted_between
from models.clips import Clip, read_clips
from models.skeleton import CENTRE

PEOPLE = {"val": range(1, 6), "test": range(6, 11)}
GOAL = ("squat", "lunge", "raise_hand")  # the movements that the published numbers are about
HOLD, FADE = JOINS = ("hold", "fade")
FEWEST = 3  # clips of a recording; one more where those at the ends are cut
FADE_S = 0.3
HOLDS_S = (0.1, 0.8)
FPS = 30.0


@dataclass(frozen=True, slots=True)
class Joined:
    """A recording of several repetitions.

    Attributes:
        movement: the set's own name.
        action: the common label, "" if none fits.
        join: HOLD or FADE.
        cut: whether half repetitions are left at both ends.
        number: how many whole repetitions there are.
        joints_TV3, seen_TV: the frames, FPS a second.
    """

    movement: str
    action: str
    join: str
    cut: bool
    number: int
    joints_TV3: np.ndarray
    seen_TV: np.ndarray


@dataclass(frozen=True, slots=True)
class CountRow:
    """How well some recordings are counted.

    Attributes:
        what: which recordings.
        recordings: how many.
        mae: mean of |counted - true| / true.
        off_by_one: share that is off by at most one.
        bias: mean of counted - true.
    """

    what: str
    recordings: int
    mae: float
    off_by_one: float
    bias: float


def joined(data: Path, part: str, seed: int = 0) -> Iterator[Joined]:
    """Yield recordings of each person and movement: held and faded, whole and cut, of 3 to 10 clips.

    Args:
        data: the folder with skeletons/ui_prmd.npz.
        part: val or test.
        seed: of the numbers, holds and cuts.
    """
    rng, clips = np.random.default_rng(seed), defaultdict(list)
    for clip in read_clips(data / "skeletons" / "ui_prmd.npz"):
        if clip.subject in PEOPLE[part]:
            clips[clip.subject, clip.label].append(clip)
    for some in clips.values():
        for join in JOINS:
            for cut in (False, True):
                number = int(rng.integers(FEWEST + cut, len(some) + 1))
                first = int(rng.integers(0, len(some) - number + 1))
                yield _join(some[first : first + number], join, cut, rng)


def _join(clips: Sequence[Clip], join: str, cut: bool, rng: np.random.Generator) -> Joined:
    parts = [(clip.joints_TV3 - clip.joints_TV3[:, CENTRE : CENTRE + 1], clip.seen_TV) for clip in clips]
    if cut:  # of the first there is the way back alone, of the last the way out
        parts[0] = _cut(parts[0], slice(round(len(clips[0].joints_TV3) * rng.uniform(0.6, 0.8)), None))
        parts[-1] = _cut(parts[-1], slice(round(len(clips[-1].joints_TV3) * rng.uniform(0.2, 0.4))))
    joints, seen = list(parts[0][0]), list(parts[0][1])
    for joints_TV3, seen_TV in parts[1:]:
        if join == HOLD:
            frames = round(rng.uniform(*HOLDS_S) * FPS)
            joints += joints[-1:] * frames
            seen += seen[-1:] * frames
        else:
            frames = min(round(FADE_S * FPS), len(joints), len(joints_TV3))
            share_T = (np.arange(frames) + 1)[:, None, None] / (frames + 1)
            joints[-frames:] = list((1 - share_T) * np.array(joints[-frames:]) + share_T * joints_TV3[:frames])
            joints_TV3, seen_TV = joints_TV3[frames:], seen_TV[frames:]
        joints += list(joints_TV3)
        seen += list(seen_TV)
    number = len(clips) - 2 * cut
    return Joined(clips[0].label, clips[0].action, join, cut, number, np.array(joints, np.float32), np.array(seen))


def _cut(part: tuple[np.ndarray, np.ndarray], frames: slice) -> tuple[np.ndarray, np.ndarray]:
    return part[0][frames], part[1][frames]


def counted(times_T: np.ndarray, joints_TV3: np.ndarray, seen_TV: np.ndarray, label: str) -> int:
    """Return how many repetitions the app's counter finds in a recording that is one action from end to end."""
    found = counted_between(times_T, joints_TV3, seen_TV, label, float(times_T[0]), float(times_T[-1]))
    return 0 if found is None else found.count


def judge_joined(recordings: Iterable[Joined]) -> list[CountRow]:
    """Return the rows of all movements, of those of the goal together, and of the goal's by join."""
    movements: dict[str, list[tuple[int, int]]] = defaultdict(list)
    goal: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in recordings:
        times_T = np.arange(len(one.joints_TV3)) / FPS
        label = one.action if one.action and is_counted(one.action) else "taught"
        pair = (counted(times_T, one.joints_TV3, one.seen_TV, label), one.number)
        movements[one.movement].append(pair)
        if one.action in GOAL:
            goal[f"{', '.join(GOAL)}: all"].append(pair)
            goal[f"... {one.join}, {'cut' if one.cut else 'whole'}"].append(pair)
    return [_row(what, pairs) for what, pairs in [*sorted(movements.items()), *goal.items()]]


def _row(what: str, pairs: Sequence[tuple[int, int]]) -> CountRow:
    said_N, true_N = np.array(pairs).T
    off_N = said_N - true_N
    return CountRow(
        what=what,
        recordings=len(pairs),
        mae=round(float((np.abs(off_N) / true_N).mean()), 3),
        off_by_one=round(float((np.abs(off_N) <= 1).mean()), 3),
        bias=round(float(off_N.mean()), 2),
    )
