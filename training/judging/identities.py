"""`python -m training identities`: identity switches when people cross, of this app's and libraries' trackers.

The scenes are of training.drawing.crowd: two to four people, 10 to 30 frames a second, all seeded. The libraries
(norfair-enough, trackers) are no requirement. Those that are not installed are left out; none needs PyTorch. The table
counts switches of number in 54 scenes of 8 s that nothing was chosen on (seeds 100-105), and the share of the poses
that carry their person's own number. The app's constants were chosen on seeds 0-7.

    tracker                         switches  2 / 3 / 4 people  10 / 15 / 30 fps  kept %  numbers a person
    app.pose.tracker                          20       0 / 6 / 14         6 / 8 / 6     96.8              1.10
    norfair-enough 2.4.3, votes           52      6 / 14 / 32      17 / 18 / 17     92.7              1.22
    norfair-enough, our similarity        44      3 / 14 / 27      18 / 13 / 13     94.8              1.22
    trackers 2.6.1: ByteTrack             61     17 / 20 / 24      19 / 21 / 21     90.5              1.23
    trackers 2.6.1: OC-SORT               47      0 / 11 / 36      19 / 16 / 12     93.8              1.08

Shapes: P people, Q poses.
"""

from __future__ import annotations

import importlib.util
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from app.pose.tracker import PATIENCE_S, People, oks
from app.types import Pose
from training.drawing.crowd import Crowd, crowd

PEOPLE, RATES = (2, 3, 4), (10.0, 15.0, 30.0)
_SIZE = np.array([640.0, 480.0])  # libraries work in pixels
Tracker = Callable[[float, list[Pose]], list[int | None]]  # numbers of the poses of a frame


@dataclass(slots=True)
class TrackerCounts:
    """Counts of identities in some scenes.

    Attributes:
        switches: how often a person's number changes.
        kept: poses with the number that their person has most often, each number counted for one person.
        poses: of all people.
        people: who was given a number.
        numbers: different ones given.
        frames: of the scenes.
        ms: time spent.
    """

    switches: int = 0
    kept: int = 0
    poses: int = 0
    people: int = 0
    numbers: int = 0
    frames: int = 0
    ms: float = 0.0

    def __iadd__(self, other: TrackerCounts) -> TrackerCounts:
        for entry in fields(self):
            setattr(self, entry.name, getattr(self, entry.name) + getattr(other, entry.name))
        return self


def ours(_fps: float) -> Tracker:
    """Make a tracker of app.pose.tracker."""
    people = People()

    def track(time_s: float, poses: list[Pose]) -> list[int | None]:
        numbers = {id(pose): number for number, pose in people.update(time_s, poses).items()}
        return [numbers.get(id(pose)) for pose in poses]

    return track


def norfair(fps: float) -> Tracker:
    """Make a tracker of norfair-enough as its demo of poses sets it up.

    Two settings are others: it has no delay, and it is as patient as the app.
    """
    from norfair.distances import create_keypoints_voting_distance

    return _norfair(fps, create_keypoints_voting_distance(_SIZE[1] / 15, 0.05), 0.6)


def norfair_oks(fps: float) -> Tracker:
    """Make a tracker of norfair-enough's Kalman filter and assignment, with the app's similarity."""

    def distance(detection: Any, person: Any) -> float:
        pose = detection.data
        return 1 - oks(person.estimate / _SIZE, pose, pose.visibility_V, pose.area, 0.05)

    return _norfair(fps, distance, 0.9)


def _norfair(fps: float, distance: Callable[..., Any], threshold: float) -> Tracker:
    from norfair import Detection
    from norfair import Tracker as NorfairTracker

    patience = round(PATIENCE_S * fps)
    with redirect_stdout(None):  # it recommends other kinds of distances each time
        tracker = NorfairTracker(
            distance_function=distance, distance_threshold=threshold, hit_counter_max=patience,
            pointwise_hit_counter_max=patience, initialization_delay=0,
        )  # fmt: skip

    def track(_time_s: float, poses: list[Pose]) -> list[int | None]:
        found = [Detection(pose.image_V3[:, :2] * _SIZE, pose.visibility_V, data=pose) for pose in poses]
        numbers = {id(p.last_detection.data): p.id for p in tracker.update(found)}
        return [numbers.get(id(pose)) for pose in poses]

    return track


def bytetrack(fps: float) -> Tracker:
    """Make a tracker of `trackers`' ByteTrack, over boxes."""
    from trackers import ByteTrackTracker

    return _boxes(ByteTrackTracker(_buffer(), fps, minimum_consecutive_frames=1, minimum_iou_threshold=0.1))


def ocsort(fps: float) -> Tracker:
    """Make a tracker of `trackers`' OC-SORT, over boxes."""
    from trackers import OCSORTTracker

    return _boxes(OCSORTTracker(_buffer(), fps, minimum_consecutive_frames=1, minimum_iou_threshold=0.1))


def _buffer() -> int:
    return round(PATIENCE_S * 30)  # it counts frames of 30 a second


def _boxes(tracker: Any) -> Tracker:
    from supervision import Detections

    def track(_time_s: float, poses: list[Pose]) -> list[int | None]:
        xyxy = np.array([pose.box for pose in poses], np.float32).reshape(-1, 4) * np.tile(_SIZE, 2).astype(np.float32)
        place = {"place": np.arange(len(poses))}
        found = tracker.update(Detections(xyxy, confidence=np.full(len(poses), 0.9, np.float32), data=place))
        numbers: list[int | None] = [None] * len(poses)
        if len(found) and found.tracker_id is not None:
            for q, number in zip(found.data["place"].tolist(), found.tracker_id.tolist()):
                numbers[q] = number if number >= 0 else None
        return numbers

    return track


TRACKERS: dict[str, tuple[str | None, Callable[[float], Tracker]]] = {
    "app.pose.tracker": (None, ours),
    "norfair-enough, keypoint votes": ("norfair", norfair),
    "norfair-enough, our similarity": ("norfair", norfair_oks),
    "trackers: ByteTrack": ("trackers", bytetrack),
    "trackers: OC-SORT": ("trackers", ocsort),
}


def score(scene: Crowd, track: Tracker) -> TrackerCounts:
    """Count identities and their switches in one scene."""
    given: dict[int, list[int]] = defaultdict(list)
    counts = TrackerCounts(frames=len(scene.frames))
    for time_s, frame in zip(scene.times_T.tolist(), scene.frames):
        begin = time.perf_counter()
        numbers = track(time_s, [pose for _, pose in frame])
        counts.ms += 1000 * (time.perf_counter() - begin)
        counts.poses += len(frame)
        for (person, _), number in zip(frame, numbers):
            if number is not None:
                given[person].append(number)
    for mine in given.values():
        counts.switches += sum(a != b for a, b in zip(mine, mine[1:]))
    pairs = sorted(((n, p, k) for p, all_ in given.items() for k, n in Counter(all_).items()), reverse=True)
    owners: dict[int, int] = {}
    for n, person, number in pairs:
        if person not in owners and number not in owners.values():
            owners[person] = number
            counts.kept += n
    counts.people = len(given)
    counts.numbers = len({number for mine in given.values() for number in mine})
    return counts


def compare(seeds: Iterable[int], names: Iterable[str] = tuple(TRACKERS)) -> list[dict[str, Any]]:
    """Compare the trackers that are installed, a row each.

    A row holds switches by people and by frame rate, kept %, and time.
    """
    packages = {name: TRACKERS[name][0] for name in names}
    there = [name for name, package in packages.items() if package is None or importlib.util.find_spec(package)]
    groups: dict[str, dict[str, TrackerCounts]] = {name: defaultdict(TrackerCounts) for name in there}
    for seed, people, fps in itertools.product(seeds, PEOPLE, RATES):
        scene = crowd(people, fps, seed)
        for name in there:
            counts = score(scene, TRACKERS[name][1](fps))
            for group in ("all", f"{people} people", f"{fps:g} fps"):
                groups[name][group] += counts
    return [_row(name, groups[name]) for name in there]


def _row(name: str, groups: dict[str, TrackerCounts]) -> dict[str, Any]:
    every = groups["all"]
    return (
        {"tracker": name, "switches": every.switches}
        | {group: groups[group].switches for group in sorted(groups) if group != "all"}
        | {"kept %": round(100 * every.kept / every.poses, 1)}
        | {"numbers a person": round(every.numbers / every.people, 2)}
        | {"ms a frame": round(every.ms / every.frames, 2)}
    )
