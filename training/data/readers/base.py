"""Interface of the readers of recorded skeletons, and what all of them share. Numpy only.

Axes of joints: right-handed, metres; x to the actor's right when facing the camera, y up, z away from the camera.

Shapes: P people of a clip (1 or 2), T frames, V = 25 joints (NTU RGB+D order), C = 3 coordinates, N clips.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from app.sources.folders import look_into
from models.skeleton import JOINTS, V

MOST_PEOPLE = 2
FARTHEST_M = 100.0  # no skeleton sensor sees this far: such numbers are garbage, or millimetres
_AT = {name: v for v, name in enumerate(JOINTS)}
_LEFT, _RIGHT = (_AT[f"{side}_shoulder"] for side in ("left", "right"))
_ANKLES, _FEET = ([_AT[f"{side}_{part}"] for side in ("left", "right")] for part in ("ankle", "foot"))


class ReadError(ValueError):
    """Error of a file or a clip that cannot be used. The message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class RecordedClip:
    """Clip as a reader gives it.

    Attributes:
        name: unique within its source.
        joints_PTVC: metres in the axes above, all people on one clock, the most moving first; all zeros where a
            person is not seen.
        fps: frames a second.
        label: name of the action, "" where unknown.
        subject: number of the actor, 0 unknown.
        view: number of the camera, 0 unknown.
        setup: number of the set-up, 0 unknown.

    Raises:
        ReadError: nobody is seen in it, or its numbers are no joints in metres.
    """

    name: str
    joints_PTVC: np.ndarray
    fps: float
    label: str = ""
    subject: int = 0
    view: int = 0
    setup: int = 0

    def __post_init__(self) -> None:
        joints = self.joints_PTVC
        assert joints.ndim == 4 and joints.shape[2:] == (V, 3) and 1 <= len(joints) <= MOST_PEOPLE, joints.shape
        if not self.fps > 0:
            raise ReadError(f"{self.name}: {self.fps} frames a second")
        if not np.isfinite(joints).all() or np.abs(joints).max(initial=0) > FARTHEST_M:
            raise ReadError(f"{self.name}: its coordinates are no joints in metres")
        if not joints.any():
            raise ReadError(f"{self.name}: nobody is seen in it")

    @property
    def valid_PT(self) -> np.ndarray:
        """Mask of the frames in which each person is seen, (P, T) bool."""
        return np.asarray(self.joints_PTVC.any((2, 3)))

    @property
    def frames(self) -> float:
        """Number of frames in which anybody is seen, at 30 a second."""
        return float(self.valid_PT.any(0).sum() / self.fps * 30)


@dataclass(frozen=True, slots=True)
class Columns:
    """Metadata of a source's clips, (N,) each, from which its splits and labels follow."""

    name: np.ndarray
    label: np.ndarray
    subject: np.ndarray
    view: np.ndarray
    setup: np.ndarray


def files_below(source: Path) -> list[Path]:
    """Return the file that a source is, or every file below it, in a fixed order; links are followed once."""
    return [source] if source.is_file() else look_into(source).files


class Reader(ABC):
    """Reader of one file format of recorded skeletons. It is small and picklable, as it travels to worker processes."""

    kind: ClassVar[str]
    wanted: ClassVar[str]  # what files it looks for, for messages
    files_a_part: ClassVar[int] = 1  # files that are read between two safe points
    names_left_out: ClassVar[bool] = True  # False where a source holds files that are of use beside those to read
    split_notes: ClassVar[dict[str, str]] = {}  # what to know of a split

    @property
    def advice(self) -> str:
        """End of the warning that a split has another number of clips than published."""
        return ""

    @abstractmethod
    def files(self, source: Path) -> list[Path]:
        """List the files to read, in a fixed order.

        The list is empty where there are none of this kind.
        """

    @abstractmethod
    def read(self, path: Path, source: Path) -> Iterator[RecordedClip | ReadError]:
        """Yield the clips of one file one by one, with a ReadError in place of a clip that cannot be used.

        Raises:
            ValueError, OSError: the whole file cannot be used.
        """

    @abstractmethod
    def splits(self, columns: Columns, source: Path) -> dict[str, np.ndarray]:
        """Return the splits by name, (N,) int8 each: 1 trains, 0 tests, -1 neither."""

    def labels(self, columns: Columns) -> tuple[str, ...]:
        """Return the names of the label numbers: those that occur, sorted."""
        return tuple(sorted(set(columns.label.tolist()) - {""}))

    def expected(self, columns: Columns) -> dict[str, tuple[int, int]]:
        """Return how many clips train and test in the published data set, by split, where that is known."""
        return {}

    def settings(self, source: Path) -> str:
        """Describe everything besides the files that the clips depend on.

        Another text means that a store has to be made anew.
        """
        return self.kind


def halves(train_N: np.ndarray, known_N: np.ndarray | None = None) -> np.ndarray:
    """Combine two masks to (N,) int8: 1 trains, 0 tests, -1 where not known."""
    part_N = train_N.astype(np.int8)
    return part_N if known_N is None else np.where(known_N, part_N, np.int8(-1))


def motion_energy(joints_TVC: np.ndarray) -> float:
    """Return the variance of the joints' positions, summed over joints, in square metres.

    Only the frames where the person is seen count.
    """
    seen_TVC = joints_TVC[joints_TVC.any((1, 2))]
    with np.errstate(all="ignore"):  # garbage is found out later, by name
        return float(seen_TVC.var(0).sum()) if len(seen_TVC) else 0.0


def most_moving(people: list[np.ndarray]) -> np.ndarray:
    """Return the at most two people with the largest motion energy, the most moving first, (P, T, V, C)."""
    return np.stack(sorted(people, key=motion_energy, reverse=True)[:MOST_PEOPLE])


def forwardness(joints_TVC: np.ndarray) -> float:
    """Measure how far the feet point to the front, as a mean in metres.

    The front is where shoulders and spine say that it is.

    Below zero over many clips means mirrored coordinates (or left and right exchanged): the front of a body is the
    cross product of up and its right. A mirrored set would look alright and train the wrong thing.
    """
    right_TC = joints_TVC[:, _RIGHT] - joints_TVC[:, _LEFT]
    front_TC = np.cross([0.0, 1.0, 0.0], right_TC, axis=-1)
    length_T1 = np.linalg.norm(front_TC, axis=-1, keepdims=True)
    toes_TC = (joints_TVC[:, _FEET] - joints_TVC[:, _ANKLES]).mean(1)
    return float((toes_TC * front_TC / np.maximum(length_T1, 1e-6)).sum(-1).mean())
