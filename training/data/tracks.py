"""Tracks, from which training draws its windows, in three domains.

A raw track is a recorded clip as its sensor saw it; a camera track is the same clip, or a motion written by hand,
as the app's own pose path saw it drawn; a webcam track is a real person whom that path saw (training.data.poses).
All end as timestamped joints with a mask of what was seen.

Shapes: T frames, V joints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.types import JointFrame
from models.skeleton import CENTRE, bridge
from models.system.command_line import called
from training.data.splits import SETS, Sample, samples

# Share of a drawn clip's frames in which the person must have been found. People who are near, in the dark or covered
# are lost more often, and are what a webcam shows.
LEAST_FOUND = 0.4
LEAST_FRAMES = 4  # with the shoulders seen: a clip of fewer shows nothing
DOMAINS = ("raw", "camera", "webcam")  # recorded; drawn and seen by the app's pose path; real people seen so
SCENE_MARK = "@"  # in the key of a drawn clip, before the scene's number; what stands before it names the clip
RATE_MARK = ":"  # in the key of a drawn clip, before the camera's rate; what stands before it names the scene


@dataclass(frozen=True, slots=True)
class Track:
    """Clip of either domain.

    Attributes:
        times_T: seconds, increasing.
        joints_TV3: metres.
        seen_TV: bool.
        action: short id, "" unknown.
        part: train, val, test or unseen.
        source: name of the set, or "motion".
        domain: "raw", "camera" or "webcam".
        key: names the recorded clip, or the drawn scene whatever the camera's rate; "" where nobody matches tracks.
        subject: names the person, unlike any other source's; "" where nobody knows.
        truth_TV3: the counterpart, which is the same motion at the same times as another sensor saw it or as it was
            drawn: metres in its own place, a frame of all zeros where it was lost; None where there is none.
    """

    times_T: np.ndarray
    joints_TV3: np.ndarray
    seen_TV: np.ndarray
    action: str
    part: str
    source: str
    domain: str
    key: str = ""
    subject: str = ""
    truth_TV3: np.ndarray | None = None

    @property
    def recorded(self) -> str:
        """Key of the recorded clip, also where this is a drawing of it."""
        return self.key.partition(SCENE_MARK)[0]

    @property
    def seconds(self) -> float:
        return float(self.times_T[-1] - self.times_T[0])

    def played(self) -> Iterator[JointFrame]:
        """Yield the track's frames as the app's stream takes them."""
        return map(JointFrame, self.times_T.tolist(), self.joints_TV3, self.seen_TV)


def raw_track(sample: Sample) -> Track:
    """Make the track of a recorded clip, without its lost frames."""
    subject = f"{sample.set} {sample.clip.subject}"
    return Track(*sample.clip.shown, sample.action, sample.part, sample.set, "raw", sample.key, subject)


def raw_tracks(data: str | Path, sets: tuple[str, ...] = SETS, other: bool = False) -> list[Track]:
    """Read labelled clips of the sets under DATA/skeletons, and with `other` also those of no action."""
    return [raw_track(sample) for sample in samples(data, sets, other)]


def camera_tracks(drawn: str | Path, least_found: float = LEAST_FOUND) -> list[Track]:
    """Read the clips that training.drawing.camera_clips wrote.

    Clips whose person was missed too often are left out. Their counterparts are the joints that were drawn.

    Raises:
        ValueError: the folder holds none.
    """
    tracks = []
    for path in sorted(Path(drawn).glob("part_*.npz")):
        with np.load(path, allow_pickle=False) as part:
            tracks += _part(dict(part), least_found)
    if not tracks:
        command = f"{called('training')} draw --data DATA --out {drawn}"
        raise ValueError(f"{drawn} holds no drawn clips; make them: {command}")
    return tracks


def track_of(seen: dict[str, np.ndarray], action: str, part: str) -> Track | None:
    """Make the track of a clip that training.drawing.camera_clips.see looked at.

    None where too few frames show the shoulders.
    """
    joints_TV3, seen_TV = bridge(seen["world"].astype(np.float32), seen["visibility"].astype(np.float32))
    shown_T = seen_TV[:, CENTRE]
    if shown_T.sum() < LEAST_FRAMES:
        return None
    times_T = seen["times"].astype(float)
    return Track(times_T[shown_T], joints_TV3[shown_T], seen_TV[shown_T], action, part, "motion", "camera")


def _part(part: dict[str, np.ndarray], least_found: float) -> list[Track]:
    joints, seen = bridge(part["world"].astype(np.float32), part["visibility"].astype(np.float32))
    ends = np.cumsum(part["length"])
    tracks = []
    for i, (a, b) in enumerate(zip(ends - part["length"], ends, strict=True)):
        shown_T = seen[a:b, CENTRE]
        if part["found"][i] < least_found or shown_T.sum() < LEAST_FRAMES:
            continue
        track = Track(
            times_T=part["times"][a:b].astype(float)[shown_T],
            joints_TV3=joints[a:b][shown_T],
            seen_TV=seen[a:b][shown_T],
            action=str(part["action"][i]),
            part=str(part["part"][i]),
            source=str(part["source"][i]),
            domain="camera",
            key=str(part["key"][i]).partition(RATE_MARK)[0],
            truth_TV3=part["truth"][a:b][shown_T] if "truth" in part else None,  # float16: there are many
        )
        tracks.append(track)
    return tracks
