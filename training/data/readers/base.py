"""Interface of the readers of recorded skeletons, and what all of them share. Numpy only.

Axes of joints: right-handed, metres; x to the actor's right when facing the camera, y up, z away from the camera.

Shapes: P people of a clip (1 or 2), T frames, V = 25 joints (NTU RGB+D order), C = 3 coordinates, N clips.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from app.sources.folders import look_into
from models.body import judge
from models.lost_joints import known_joints, mended
from models.resample import bridge_gaps, too_few
from models.skeleton import CENTRE, JOINTS, V

MOST_PEOPLE = 2
_AT = {name: v for v, name in enumerate(JOINTS)}
_LEFT, _RIGHT = (_AT[f"{side}_shoulder"] for side in ("left", "right"))
_ANKLES, _FEET = ([_AT[f"{side}_{part}"] for side in ("left", "right")] for part in ("ankle", "foot"))


class ReadError(ValueError):
    """Error of a file or a clip that cannot be used. The message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class RecordedClip:
    """Clip as a reader gives it.

    Lost joints (models.lost_joints) are bridged or held for a moment, and then lie on their nearest known ancestor, as
    the app's stream has them (models.resample). Frames without shoulders, and people who are no bodies, are not seen.

    Attributes:
        name: unique within its source.
        joints_PTVC: metres in the axes above, all people on one clock, the most moving first; all zeros where a
            person is not seen.
        fps: frames a second.
        label: name of the action, "" where unknown.
        subject: number of the actor, 0 unknown.
        view: number of the camera, 0 unknown.
        setup: number of the set-up, 0 unknown.
        note: what there is to know of the first person's body, "" if nothing.

    Raises:
        ReadError: nobody is seen in it, its numbers are no joints in metres, or it has too few frames a second.
    """

    name: str
    joints_PTVC: np.ndarray
    fps: float
    label: str = ""
    subject: int = 0
    view: int = 0
    setup: int = 0
    note: str = field(init=False)

    def __post_init__(self) -> None:
        joints = self.joints_PTVC
        assert joints.ndim == 4 and joints.shape[2:] == (V, 3) and 1 <= len(joints) <= MOST_PEOPLE, joints.shape
        if not self.fps > 0:
            raise ReadError(f"{self.name}: {self.fps} frames a second")
        if too_few(self.fps):
            raise ReadError(f"{self.name}: {too_few(self.fps)}")
        people = [_whole(self.name, person, self.fps) for person in joints]
        shown = [(person, note) for person, note in people if person.any()]
        if not shown:
            why = "".join(f" ({note})" for _, note in people[:1] if note)
            raise ReadError(f"{self.name}: nobody is seen in it{why}")
        object.__setattr__(self, "joints_PTVC", np.stack([person for person, _ in shown]))
        object.__setattr__(self, "note", shown[0][1])

    @property
    def valid_PT(self) -> np.ndarray:
        """Mask of the frames in which each person is seen, (P, T) bool."""
        return np.asarray(self.joints_PTVC.any((2, 3)))

    @property
    def clock(self) -> slice:
        """Frames from the first to the last in which anybody is seen; what lies outside is empty."""
        seen = np.flatnonzero(self.valid_PT.any(0))
        return slice(int(seen[0]), int(seen[-1]) + 1)

    @property
    def frames(self) -> float:
        """Length of the clock in frames of 1/30 s, moments in which nobody is seen among them."""
        return (self.clock.stop - self.clock.start) / self.fps * 30


def _whole(name: str, joints_TVC: np.ndarray, fps: float) -> tuple[np.ndarray, str]:
    """Return a person without lost joints, all zeros in frames without shoulders, and what there is to know of them.

    Raises:
        ReadError: the joints are in another unit than metres.
    """
    joints_TVC, known_TV = mended(joints_TVC)
    judgement = judge(joints_TVC, known_TV)
    if judgement.fault:
        raise ReadError(f"{name}: {judgement.fault}")
    shown_T = known_TV[:, CENTRE] & judgement.is_body
    if known_TV[shown_T].all():
        return np.where(shown_T[:, None, None], joints_TVC, 0), judgement.note
    whole_TVC = np.zeros_like(joints_TVC)
    whole_TVC[shown_T] = bridge_gaps(np.flatnonzero(shown_T) / fps, joints_TVC[shown_T], known_TV[shown_T])
    return whole_TVC, judgement.note


@dataclass(frozen=True, slots=True)
class Columns:
    """Metadata of a source's clips, (N,) each, from which its splits and labels follow."""

    name: np.ndarray
    label: np.ndarray
    subject: np.ndarray
    view: np.ndarray
    setup: np.ndarray


def files_below(source: Path) -> list[Path]:
    """Return the file that a source is, or every file below it, in a fixed order; links are followed once.

    Pipes and devices, which could block for ever, and links that lead nowhere are none.
    """
    return [source] if source.is_file() else [path for path in look_into(source).files if path.is_file()]


class Reader(ABC):
    """Reader of one file format of recorded skeletons. It is small and picklable, as it travels to worker processes."""

    kind: ClassVar[str]
    wanted: ClassVar[str]  # what files it looks for, for messages
    files_a_part: ClassVar[int] = 1  # files that are read between two safe points
    names_left_out: ClassVar[bool] = True  # False where a source holds files that are of use beside those to read
    split_notes: ClassVar[dict[str, str]] = {}  # what to know of a split

    @property
    def missing(self) -> frozenset[str]:
        """Names of the clips that it was told to leave out."""
        return frozenset()

    def told_less(self, names: Iterable[str]) -> Reader | None:
        """Return this reader as if it were told to leave these clips out alone.

        It is None where it was not told more than that.
        """
        return None

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

    Only the frames where the person is seen count, and of these only the joints that are known.
    """
    seen_TVC = joints_TVC[joints_TVC.any((1, 2))]
    known_TV = known_joints(seen_TVC)
    if not known_TV.any():
        return 0.0
    with np.errstate(all="ignore"):  # garbage is found out later, by name
        if known_TV.all():
            return float(seen_TVC.var(0).sum())
        often_V = known_TV.any(0)
        return float(seen_TVC[:, often_V].var(0, where=known_TV[:, often_V, None]).sum())


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
