"""Splits of the recorded clips by actor, set by set: which train, which choose (val) and which only report (test).

The standard cross-subject halves of each set; of the actors held out, half choose and half report. KARD's even
actors all report, as in its own protocol. Two sets and all real videos never train.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from models.clips import Clip, read_clips
from models.labels import IDLE, OTHER

UNSEEN_SETS = ("utkinect", "msr_action3d")
_TRAIN: dict[str, set[int]] = {
    "kard": {1, 3, 5, 7, 9},
    "precog2016": {1, 3, 5, 7, 9, 11},
    "nw_ucla": {1, 3, 5, 7, 9},
    "msr_daily": {1, 2, 3, 4, 5},
    "ui_prmd": {1, 2, 3, 4, 5},
    "hdm05": {1, 2, 3},
    "kinder_gator": {103, 169, 337, 474, 644, 565, 604, 876, 921, 970},
    "cad60": {1, 2, 3},
    "cmu8": {0},
    "bandai_namco": {100},
}
# Sets that train with their skeletons alone: nothing of them is drawn, spliced or among the measures of `SETS`.
_TRAIN_MORE: dict[str, set[int]] = {
    "utd_mhad": {1, 3, 5, 7},
    "totalcapture_mocap": {1, 2, 3, 4, 5},
    "karate_kata": {1, 2, 3, 4, 5},
    "irds_sample": {215, 216, 217},
}
# Actors held out that choose; the other held-out actors report.
_VAL: dict[str, set[int]] = {
    "precog2016": {2, 6, 10},
    "nw_ucla": {2, 6, 10},
    "msr_daily": {6, 8, 10},
    "ui_prmd": {6, 8, 10},
    "hdm05": {4},
    "kinder_gator": {106, 342, 577, 723, 888},
    "bandai_namco": {200},
    "cad60": {4},
}
SETS = tuple(_TRAIN)
MORE_SETS = tuple(_TRAIN_MORE)
# Material of standing or sitting still: (set, the set's own label) whole, and the ends of another set's clips.
IDLE_LABELS = {("cad60", "still"), ("msr_daily", "sit still"), ("msr_daily", "sit_still")}
IDLE_ENDS = {"kinder_gator": 0.7}
# Too near to an action to be called something else, and too far from it to train it.
_BETWEEN = {
    "Raise-your-arm-to-one-side", "Raise-your-arm-to-the-other-side", "Signal-someone-to-stop",
    "Signal-someone-to-come-here", "Bend-your-knee-while-raising-your-leg",
    "Bend-your-other-knee-while-raising-your-leg", "elbow strike", "depositFloorR", "soccer", "respond",
    "hurdle step", "hurdle step (incorrect form)", "standing active straight leg raise",
    "standing active straight leg raise (incorrect form)", "talking_on_couch", "relaxing_on_couch",
    "rinsing_mouth_with_water",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """Labelled clip of a set. `action` is the short id by which it is trained or judged."""

    set: str
    part: str
    action: str
    clip: Clip

    @property
    def key(self) -> str:
        return f"{self.set}#{self.clip.index}"


def part_of(set_name: str, subject: int) -> str:
    """Return an actor's part: train, val, test, or unseen for a whole set that never trains."""
    if set_name in UNSEEN_SETS:
        return "unseen"
    if subject in (_TRAIN | _TRAIN_MORE)[set_name]:
        return "train"
    return "val" if subject in _VAL.get(set_name, ()) else "test"


def _idle_ends(clip: Clip, seconds: float) -> list[Clip]:
    n = round(seconds * clip.fps)
    ends = (clip.joints_TV3[:n], clip.joints_TV3[-n:])
    return [replace(clip, joints_TV3=end) for end in ends if len(end) == n]


def samples(data: str | Path, sets: tuple[str, ...] = SETS, other: bool = False) -> Iterator[Sample]:
    """Yield every labelled clip of the sets under DATA/skeletons, clips of stillness included.

    Args:
        data: folder that holds skeletons/.
        sets: which.
        other: give clips of no action too, as "other".

    Raises:
        ValueError: a set's file is missing.
    """
    for name in sets:
        for clip in read_clips(Path(data) / "skeletons" / f"{name}.npz"):
            if clip.seen_T.sum() < 4:
                continue
            part = part_of(name, clip.subject)
            action = IDLE if (name, clip.label) in IDLE_LABELS else clip.action
            if not action and other and clip.label not in _BETWEEN:
                action = OTHER
            if action:
                yield Sample(name, part, action, clip)
            for end in _idle_ends(clip, IDLE_ENDS.get(name, 0.0)) if name in IDLE_ENDS else ():
                yield Sample(name, part, IDLE, end)
