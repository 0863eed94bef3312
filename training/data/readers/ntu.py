"""Reader of NTU RGB+D 60 and 120 (SsssCcccPpppRrrrAaaa.skeleton text files). Numpy only.

A file holds the number of frames; for each frame the number of bodies; for each body a line with its id and nine more
values, the number of joints, and a line a joint: x y z in metres and nine more values. Kinect v2's camera axes are
those of training.data.readers.base: x to the left of the sensor, which is the right of an actor who faces it; y up; z
away from the sensor. The data set's videos are mirrored, but its skeletons are not: the feet point to where up x right
does.

Kinect takes furniture for bodies, numbers a lost person anew, and gives bodies in any order. So bodies are followed by
id, and pieces that follow each other in one place are joined to one person. A body that is seen too briefly or is too
wide for a person is left out where there is another one.

Shapes: T frames, V = 25 joints, C = 3 coordinates, N clips.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.skeleton import V
from training.data.readers.base import Columns, Reader, ReadError, RecordedClip, halves, most_moving
from training.data.readers.ntu_lists import ACTIONS, PUBLISHED_60, PUBLISHED_120, TRAIN_SUBJECTS_60, TRAIN_SUBJECTS_120

FPS = 30.0
VALUES_A_BODY, VALUES_A_JOINT = 10, 12
SETUPS_60, ACTIONS_60, TEST_CAMERA = 17, 60, 1
# The usual thresholds (of the processing that SGN, CVPR 2020, published) for what is no body.
LEAST_FRAMES = 12
TOO_WIDE, WIDE_SHARE = 0.8, 0.7  # wider than this share of its height, in this share of its frames
NEAR_M, SOON = 0.5, 30  # a body that appears this near to where one was lost, within so many frames, is the same
_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})")


@dataclass(frozen=True, slots=True)
class KinectBody:
    """Body of a clip: the numbers of the frames it is in, increasing, and its joints (25, 3) in each."""

    frames: list[int]
    joints: list[np.ndarray]


def parse(text: str) -> tuple[int, list[KinectBody]]:
    """Parse a file to its number of frames and its bodies, in the order of their first frames.

    Raises:
        ReadError: the text is cut off or is no skeleton.
    """
    words = text.split()
    bodies: dict[str, KinectBody] = {}
    try:
        frames, at = _count(words[0]), 1
        for t in range(frames):
            people, at = _count(words[at]), at + 1
            for _ in range(people):
                body = bodies.setdefault(words[at], KinectBody([], []))
                start = at + VALUES_A_BODY + 1
                if _count(words[start - 1]) != V:
                    raise ReadError(f"a body of {words[start - 1]} joints instead of {V}")
                at = start + V * VALUES_A_JOINT
                if body.frames[-1:] != [t]:  # an id twice in a frame: the first counts
                    body.frames.append(t)
                    body.joints.append(_joints(words[start:at]))
    except ReadError:
        raise
    except (IndexError, ValueError) as error:
        raise ReadError(f"cut off, or no NTU skeleton ({str(error)[:80]})") from None
    return frames, list(bodies.values())


def _count(word: str) -> int:
    count = int(word)
    if count < 0:
        raise ValueError(f"a count of {count}")
    return count


def _joints(words: list[str]) -> np.ndarray:
    return np.array([list(map(float, words[c::VALUES_A_JOINT])) for c in range(3)], np.float32).T.reshape(V, 3)


def joined(bodies: list[KinectBody]) -> list[KinectBody]:
    """Join bodies that are pieces of one person.

    Kinect gives a new id to a person whom it lost for a moment.
    """
    people: list[KinectBody] = []
    for body in sorted(bodies, key=lambda body: body.frames[0]):
        near = [(gap, i) for i, person in enumerate(people) if (gap := _gap(person, body)) <= NEAR_M]
        if near:
            person = people[min(near)[1]]
            person.frames.extend(body.frames)
            person.joints.extend(body.joints)
        else:
            people.append(KinectBody(list(body.frames), list(body.joints)))
    return people


def _gap(person: KinectBody, body: KinectBody) -> float:
    """Return the distance in metres between where the person was lost and where the body appears.

    It is infinite where the body is somebody else.
    """
    if not 0 < body.frames[0] - person.frames[-1] <= SOON:
        return np.inf
    return float(np.linalg.norm(person.joints[-1][0] - body.joints[0][0]))


def is_noise(body: KinectBody) -> bool:
    """Return whether a body is seen in a few frames only, or has a shape that no standing or sitting person has."""
    if len(body.frames) < LEAST_FRAMES:
        return True
    extent_TC = np.ptp(np.stack(body.joints), axis=1)
    return bool((extent_TC[:, 0] > TOO_WIDE * extent_TC[:, 1]).mean() >= WIDE_SHARE)


def people_of(frames: int, bodies: list[KinectBody]) -> np.ndarray:
    """Return the one or two people who move most, (P, T, 25, 3).

    Frames in which a person is not seen are zeros.

    Raises:
        ReadError: there is no body in any frame.
    """
    people = joined(bodies)
    if not people:
        raise ReadError("no frame has a body in it")
    real = [body for body in people if not is_noise(body)] or [max(people, key=lambda body: len(body.frames))]
    tracks = []
    for body in real:
        track_TVC = np.zeros((frames, V, 3), np.float32)
        track_TVC[body.frames] = np.stack(body.joints)
        tracks.append(track_TVC)
    return most_moving(tracks)


def read_missing(path: Path | None) -> frozenset[str]:
    """Read the names in a list of samples with missing skeletons.

    Whatever else stands in the file is passed over.

    Raises:
        ValueError: the file cannot be read, or names no sample.
    """
    if path is None:
        return frozenset()
    try:
        names = frozenset(match.group() for match in _NAME.finditer(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the list of missing skeletons cannot be read: {error}") from None
    if not names:
        raise ValueError(f"{path} names no sample like S001C002P005R002A008: is it the list of missing skeletons?")
    return names


@dataclass(frozen=True)
class NtuReader(Reader):
    """Reader of NTU RGB+D.

    Splits: xsub, and xview for the 60 classes, xset (even set-ups train) for the 120.

    A data set with a set-up past 17 or a class past 60 is NTU RGB+D 120.

    Args:
        missing: names of samples to leave out.
    """

    missing: frozenset[str] = frozenset()
    kind = "ntu"
    wanted = "files named like S001C001P001R001A001.skeleton"
    files_a_part = 64

    @property
    def advice(self) -> str:
        return "" if self.missing else "; name the official list of samples with missing skeletons with --missing"

    def files(self, source: Path) -> list[Path]:
        paths = [source] if source.is_file() else sorted(source.rglob("*.skeleton"))
        once = {path.stem: path for path in reversed(paths) if path.suffix == ".skeleton"}
        return sorted(path for name, path in once.items() if name not in self.missing)

    def read(self, path: Path, source: Path) -> Iterator[RecordedClip | ReadError]:
        match = _NAME.fullmatch(path.stem)
        if match is None:
            raise ReadError(f"{path.name}: its name does not say set-up, camera, person and action")
        setup, camera, subject, _, action = map(int, match.groups())
        if not 1 <= action <= len(ACTIONS):
            raise ReadError(f"{path.name}: there is no action {action}")
        people = people_of(*parse(path.read_text(encoding="ascii", errors="replace")))
        yield RecordedClip(path.stem, people, FPS, ACTIONS[action - 1], subject, camera, setup)

    def splits(self, columns: Columns, source: Path) -> dict[str, np.ndarray]:
        if self._has_120(columns):
            xsub_N = np.isin(columns.subject, TRAIN_SUBJECTS_120)
            return {"xsub": halves(xsub_N), "xset": halves(columns.setup % 2 == 0)}
        xsub_N = np.isin(columns.subject, TRAIN_SUBJECTS_60)
        return {"xsub": halves(xsub_N), "xview": halves(columns.view != TEST_CAMERA)}

    def labels(self, columns: Columns) -> tuple[str, ...]:
        return ACTIONS if self._has_120(columns) else ACTIONS[:ACTIONS_60]

    def expected(self, columns: Columns) -> dict[str, tuple[int, int]]:
        return PUBLISHED_120 if self._has_120(columns) else PUBLISHED_60

    @staticmethod
    def _has_120(columns: Columns) -> bool:
        later = set(columns.label.tolist()) & set(ACTIONS[ACTIONS_60:])
        return bool(later) or bool((columns.setup > SETUPS_60).any())
