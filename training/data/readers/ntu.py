"""Reader of NTU RGB+D 60 and 120 (SsssCcccPpppRrrrAaaa.skeleton text files, see ntu_file). Numpy only.

Kinect v2's camera axes are those of training.data.readers.base: x to the left of the sensor, which is the right of an
actor who faces it; y up; z away from the sensor. The data set's videos are mirrored, but its skeletons are not: the
feet point to where up x right does.

Kinect takes furniture for bodies, numbers a lost person anew, and gives bodies in any order. So bodies are followed by
id, and pieces that follow each other in one place are joined to one person. A body that is seen too briefly or is too
wide for a person is left out where there is another one.

Shapes: T frames, V = 25 joints, C = 3 coordinates, N clips.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.lost_joints import known_joints
from models.skeleton import V
from models.system.words import why
from training.data.readers.base import Columns, Reader, ReadError, RecordedClip, files_below, halves, most_moving
from training.data.readers.ntu_file import NAME, KinectBody, parse, sample_of
from training.data.readers.ntu_lists import ACTIONS, PUBLISHED_60, PUBLISHED_120, TRAIN_SUBJECTS_60, TRAIN_SUBJECTS_120
from training.data.readers.text import one_a_name, read_text

FPS = 30.0
SETUPS_60, ACTIONS_60, TEST_CAMERA = 17, 60, 1
# The usual thresholds (of the processing that SGN, CVPR 2020, published) for what is no body.
LEAST_FRAMES = 12
TOO_WIDE, WIDE_SHARE = 0.8, 0.7  # wider than this share of its height, in this share of its frames
NEAR_M, SOON = 0.5, 30  # a body that appears this near to where one was lost, within so many frames, is the same


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
    last_V3, first_V3 = person.joints[-1], body.joints[0]
    v = np.argmax(known_joints(np.stack([last_V3, first_V3])).all(0))  # the pelvis, where it is known in both
    return float(np.linalg.norm(last_V3[v] - first_V3[v]))


def is_noise(body: KinectBody) -> bool:
    """Return whether a body is seen in a few frames only, or has a shape that no standing or sitting person has."""
    if len(body.frames) < LEAST_FRAMES:
        return True
    joints_TVC = np.stack(body.joints)
    known_TV1 = known_joints(joints_TVC)[..., None]
    extent_TC = joints_TVC.max(1, where=known_TV1, initial=-np.inf) - joints_TVC.min(1, where=known_TV1, initial=np.inf)
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
        names = frozenset(match.group() for match in NAME.finditer(read_text(path).upper()))
    except OSError as error:
        raise ValueError(f"the list of missing skeletons cannot be read: {why(error)}") from None
    if not names:
        raise ValueError(f"{path} names no sample like S001C002P005R002A008: is it the list of missing skeletons?")
    return names


def is_of_120(name: str) -> bool:
    """Return whether a sample's name is one that NTU RGB+D 120 alone has, as S018C001P001R001A001 is."""
    return bool(NAME.fullmatch(name)) and (int(name[1:4]) > SETUPS_60 or int(name[17:20]) > ACTIONS_60)


def _sample(path: Path) -> str:
    return sample_of(path) or ""


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

    def told_less(self, names: Iterable[str]) -> NtuReader | None:
        fewer = frozenset(names)
        return replace(self, missing=fewer) if fewer < self.missing else None

    @property
    def advice(self) -> str:
        return "" if self.missing else "; name the official list of samples with missing skeletons with --missing"

    def files(self, source: Path) -> list[Path]:
        named = [path for path in files_below(source) if sample_of(path)]
        return [path for path in one_a_name(named, _sample) if _sample(path) not in self.missing]

    def read(self, path: Path, source: Path) -> Iterator[RecordedClip | ReadError]:
        name = sample_of(path)
        if name is None or not NAME.fullmatch(name):
            raise ReadError(f"{path.name}: its name does not say set-up, camera, person and action")
        setup, camera, subject, _, action = (int(name[i : i + 3]) for i in range(1, 20, 4))
        if not 1 <= action <= len(ACTIONS):
            raise ReadError(f"{path.name}: there is no action {action}")
        people = people_of(*parse(read_text(path)))
        yield RecordedClip(name, people, FPS, ACTIONS[action - 1], subject, camera, setup)

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
