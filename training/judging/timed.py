"""Recordings whose actions have known times: spliced, written as motions, or real videos with times in labels.csv."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.types import JointFrame, PosedFrame
from models.labels import DISPLAY, SAME, SILENT
from training.data.splices import FPS, splices
from training.judging.events import Segment
from training.judging.videos import CLIP, Listed, listed, recording_of

if TYPE_CHECKING:
    from app.pose.landmarker import PoseSource

SPLICED, WRITTEN, VIDEOS = "spliced", "written", "videos"
STAND_S, ACTION_S, AFTER_S = 3.0, 5.0, 4.0  # of a written motion
EACH = {SPLICED: 5, WRITTEN: 4}  # recordings a set, and a motion
_OVER = ("sit_down", "stand_up", "pick_up")  # written ones are over long before ACTION_S, or begin seated
_SEEDS = {"val": 0, "test": 1000}
_TIMES = re.compile(r"(?:timeline: )?(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?) (?:s )?(.*)")


@dataclass(frozen=True, slots=True)
class Timed:
    """Recording and the times of its actions.

    Attributes:
        kind: "spliced", "written" or "videos".
        truth: label, start and end in seconds of each action, in turn.
        frames: plays it.
    """

    kind: str
    truth: tuple[Segment, ...]
    frames: Callable[[], Iterable[JointFrame] | Iterable[PosedFrame]]


def spliced(data: Path, parts: Sequence[str]) -> list[Timed]:
    """Splice recordings of some parts' actors (training.data.splices)."""
    some = [splice for part in parts for splice in splices(data, part, EACH[SPLICED])]
    return [Timed(SPLICED, splice.truth, partial(_joints, splice.joints_TV3)) for splice in some]


def written(parts: Sequence[str]) -> list[Timed]:
    """Make recordings of each written motion between standing and standing, as joints without a camera."""
    from training.drawing.motions import MOTIONS

    actions = [name for name in MOTIONS if name not in (*SILENT, *_OVER, *SAME)]
    seeds = [_SEEDS[part] + k for part in parts for k in range(EACH[WRITTEN])]
    segment = (STAND_S, STAND_S + ACTION_S)
    return [
        Timed(WRITTEN, ((action, *segment),), partial(_motion, action, seed)) for action in actions for seed in seeds
    ]


def timelines(
    videos: Path, parts: Sequence[str], make_pose: Callable[[], PoseSource], seen: Path | None = None
) -> list[Timed]:
    """Return the real videos for which labels.csv tells times.

    Args:
        videos: folder of labels.csv and the files that it names.
        parts: of "val" and "test".
        make_pose: makes the pose source that looks at them.
        seen: folder of recordings that `classify --skeletons` made of them, which save looking again.
    """
    timed = [(video, segments(video)) for video in listed(videos, parts)]
    return [
        Timed(VIDEOS, truth, partial(_played, recording_of(video, videos, seen), make_pose))
        for video, truth in timed
        if truth
    ]


def segments(video: Listed) -> tuple[Segment, ...]:
    """Read the actions and their times from the words of a line of labels.csv.

    The video of one action tells it by its first word ("raises one arm"), a timeline by its label ("sit down").
    """
    if video.kind not in (CLIP, "timeline"):
        return ()
    found = []
    for item in video.what.split(";"):
        told = _TIMES.match(item.strip())
        action = _action(video, told[3]) if told else ""
        if told and action:
            found.append((action, float(told[1]), float(told[2])))
    return tuple(found)


def _action(video: Listed, words: str) -> str:
    """Return the action that some words of a video's line name, or ""."""
    if video.kind == CLIP:
        return video.action if re.search(rf"\b{video.action.split('_')[0]}", words) else ""
    named = [label for label in DISPLAY if re.match("^" + label.replace("_", r"\w* ") + r"\b", words)]
    return next((label for label in named if label not in SILENT), "")


def _joints(joints_TV3: np.ndarray) -> Iterator[JointFrame]:
    seen_V = np.ones(joints_TV3.shape[1], bool)
    return (JointFrame(t / FPS, joints_V3, seen_V) for t, joints_V3 in enumerate(joints_TV3))


def _motion(action: str, seed: int) -> Iterator[JointFrame]:
    from training.drawing.motions import make_scene

    return _joints(make_scene([("stand", STAND_S), (action, ACTION_S), ("stand", AFTER_S)], FPS, seed))


def _played(path: Path, make_pose: Callable[[], PoseSource]) -> Iterator[PosedFrame]:
    from app.classify.poses import poses_of
    from models.system.native_warnings import native_warnings_hidden

    with native_warnings_hidden(), poses_of(path, make_pose) as played:
        yield from played.frames
