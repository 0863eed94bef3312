"""The examples of an action: short clips, one for each repetition in a recording.

How long a clip is, and which windows lie in it: models.taught_clip.

Shapes: T recorded frames, V joints, E clips, K frames of a clip, F frames of a window, W windows of a clip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from app.pose.tracker import distinct
from app.stream.motion import LEAST_MPS, Motion
from app.types import Pose, PosedFrame
from models.resample import read_window
from models.skeleton import CENTRE, V, bridge
from models.taught_clip import clip_frames, clip_seconds, first_frames

STILL_S = 0.5  # least stillness between two repetitions
LEAST_S = 0.3  # least duration of a movement
OF_FASTEST = 0.25  # share of the recording's fast moments below which a speed is stillness
LEAST_SEEN_S = 0.5  # least duration of a recording
LEAST_SHOWN = 0.3  # least share of frames with somebody; below it the landmarker may be wrong
CROWD = 0.1  # share of frames with a second person from which it is unclear who is meant


class TeachError(ValueError):
    """The reason why a recording teaches nothing, as a message that says what to do."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A recording of one person showing an action: their joints, as the app sees them.

    Attributes:
        times_T: seconds, increasing.
        joints_TV3: metres, y up.
        seen_TV: bool.
        note: what there is to know of the recording, "" if nothing.
    """

    times_T: np.ndarray
    joints_TV3: np.ndarray
    seen_TV: np.ndarray
    note: str = ""

    @classmethod
    def of_person(cls, poses: Sequence[Pose]) -> Demonstration:
        """Return one person's movement, of the poses that show the shoulders; it may be empty."""
        if not poses:
            return cls(np.zeros(0), np.zeros((0, V, 3)), np.zeros((0, V), bool))
        joints_TV3, seen_TV = bridge(
            np.stack([pose.world_V3 for pose in poses]), np.stack([pose.visibility_V for pose in poses])
        )
        shown_T = seen_TV[:, CENTRE]
        return cls(np.array([pose.time_s for pose in poses])[shown_T], joints_TV3[shown_T], seen_TV[shown_T])

    @classmethod
    def from_poses(cls, frames: Iterable[PosedFrame]) -> Demonstration:
        """Return the demonstration of the one person in some frames; a body that was found twice counts once.

        Raises:
            TeachError: nobody is in view, or more than one person.
        """
        nearest, looked, crowded = [], 0, 0
        for frame in frames:
            looked += 1
            poses = distinct(frame.poses)
            crowded += len(poses) > 1
            if poses:
                nearest.append(max(poses, key=lambda pose: pose.area))
        found = cls.of_person(nearest)
        times = found.times_T
        if crowded > CROWD * looked:
            raise TeachError("two people are in view: record the action again, alone before the camera")
        if looked and len(times) < LEAST_SHOWN * looked:
            raise TeachError("nobody is in view most of the time: cut out the part that shows the action")
        if len(times) < 2 or times[-1] - times[0] < LEAST_SEEN_S:
            raise TeachError("nobody was in view long enough: show shoulders, arms and hips, and record again")
        return found


def repetitions(recording: Demonstration, longest_s: float) -> list[tuple[float, float]]:
    """Return where in a recording each repetition lies: movement between moments of stillness.

    A longer movement without stillness is cut into equal parts of up to `longest_s`. A recording without any movement
    (such as a held pose) is cut likewise, as a whole.

    Args:
        recording: of one person.
        longest_s: longest duration of a repetition, seconds.

    Returns:
        Start and end of each in seconds, in order.
    """
    start_s, end_s = float(recording.times_T[0]), float(recording.times_T[-1])
    motion = Motion(end_s - start_s + 1)
    for time_s, joints_V3, seen_V in zip(recording.times_T, recording.joints_TV3, recording.seen_TV, strict=True):
        motion.push(float(time_s), joints_V3, seen_V)
    time_K, speed_K = motion.speeds(start_s, end_s)
    moving = time_K[speed_K >= max(LEAST_MPS, OF_FASTEST * float(np.percentile(speed_K, 95)))]
    breaks = np.flatnonzero(np.diff(moving) > STILL_S)
    runs = np.split(moving, breaks + 1) if len(moving) else []
    found = [(float(run[0]), float(run[-1])) for run in runs if run[-1] - run[0] >= LEAST_S]
    return [part for run in found or [(start_s, end_s)] for part in _parts(*run, longest_s)]


def _parts(start_s: float, end_s: float, longest_s: float) -> list[tuple[float, float]]:
    edges = np.linspace(start_s, end_s, 1 + max(1, int(np.ceil((end_s - start_s) / longest_s - 0.25))))
    return [(float(a), float(b)) for a, b in zip(edges, edges[1:])]


def clip_of(recording: Demonstration, start_s: float, end_s: float, window_s: float, frames: int) -> np.ndarray:
    """Return the clip around a repetition, (K, V, 3) metres, relative to the shoulders' centre of its first frame.

    Args:
        recording: the recording that holds it.
        start_s: start of the repetition.
        end_s: end of the repetition.
        window_s: length of the model's window, seconds.
        frames: frames of the model's window.
    """
    whole_s = clip_seconds(window_s)
    end_s = (start_s + end_s + whole_s) / 2
    columns = (recording.times_T, recording.joints_TV3, recording.seen_TV)
    clip_KV3 = read_window(*columns, end_s, whole_s, clip_frames(window_s, frames))
    return clip_KV3 - clip_KV3[:1, CENTRE : CENTRE + 1]


def windows_of(clips_EKV3: np.ndarray, frames: int) -> np.ndarray:
    """Return each clip's windows of so many frames, from the earliest to the latest, (E, W, F, V, 3)."""
    firsts = first_frames(clips_EKV3.shape[1], frames)
    return np.stack([clips_EKV3[:, first : first + frames] for first in firsts], axis=1)
