"""The data types that all parts of the app share.

Shapes: V joints or landmarks, T frames, C classes, M modalities.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

LANDMARKS = 33

# Pairs of BlazePose landmarks that a drawing joins by a line (torso, limbs, hands, feet, face outline).
POSE_CONNECTIONS: tuple[tuple[int, int], ...] = (
    (11, 12), (11, 23), (12, 24), (23, 24),
    (11, 13), (13, 15), (15, 17), (15, 19), (15, 21), (17, 19),
    (12, 14), (14, 16), (16, 18), (16, 20), (16, 22), (18, 20),
    (23, 25), (25, 27), (27, 29), (29, 31), (27, 31),
    (24, 26), (26, 28), (28, 30), (30, 32), (28, 32),
    (7, 2), (2, 0), (0, 5), (5, 8), (9, 10),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pose:
    """The pose of one person in one frame, as the pose landmarker sees them.

    Attributes:
        time_s: time of the frame, seconds from the start of its stream.
        world_V3: (33, 3) float32, metres from the middle of the hips; x to the right of the image, y down, z away.
        image_V3: (33, 3) float32, x and y as fractions of the frame's width and height, z in the scale of x.
        visibility_V: (33,) float32 in [0, 1], the landmarker's estimate that the point can be seen.
    """

    time_s: float
    world_V3: np.ndarray
    image_V3: np.ndarray
    visibility_V: np.ndarray

    def __post_init__(self) -> None:
        shapes = (self.world_V3.shape, self.image_V3.shape, self.visibility_V.shape)
        if shapes != ((LANDMARKS, 3), (LANDMARKS, 3), (LANDMARKS,)):
            raise ValueError(f"a pose has {LANDMARKS} landmarks of 3 numbers and a visibility each; got {shapes}")

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The box around the body: left, top, right, bottom as fractions of the frame, which may lie outside [0, 1]."""
        low, high = self.image_V3[:, :2].min(0), self.image_V3[:, :2].max(0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    @property
    def area(self) -> float:
        """The area of the box, as a fraction of the frame."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)


class PosedFrame(NamedTuple):
    """A frame of a video or of a recording of landmarks.

    Attributes:
        time_s: seconds from the start.
        poses: of everybody found in it.
        rgb_HWC: (H, W, 3) uint8 picture, None if it was not asked for.
    """

    time_s: float
    poses: list[Pose]
    rgb_HWC: np.ndarray | None = None


class JointFrame(NamedTuple):
    """A frame of a recorded skeleton.

    Attributes:
        time_s: seconds from the start.
        joints_V3: (25, 3) metres, y up.
        seen_V: (25,) bool; a frame in which no joint is seen is a lost frame.
    """

    time_s: float
    joints_V3: np.ndarray
    seen_V: np.ndarray


@dataclass(frozen=True, slots=True)
class ActionEvent:
    """An action of one person, with its start and end.

    Attributes:
        person: number of the person within the stream, from 0.
        label: short id of the action.
        start_s: start of the action, seconds from the start of the stream.
        end_s: end of the action, seconds.
        score: mean fused score of the label while the event lasted, in [0, 1].
        top3: the three best labels over the event with their mean fused scores.
        modality_scores: the label's mean score by modality.
        count: how often the action was repeated; None where it is not counted (see app.counting).
        repetitions_s: when each repetition was more than half of the way back, seconds; of very many, the last.
    """

    person: int
    label: str
    start_s: float
    end_s: float
    score: float
    top3: tuple[tuple[str, float], ...]
    modality_scores: dict[str, float]
    count: int | None = None
    repetitions_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.end_s < self.start_s:
            raise ValueError(f"an event ends at {self.end_s} s, before it starts at {self.start_s} s")


@dataclass(frozen=True, slots=True)
class PersonState:
    """The stream's answer about one person in one frame.

    Attributes:
        person: number of the person within the stream, from 0.
        main: whether this is the person that the answer's own fields are about.
        pose: None while the person is out of sight (or if the stream was fed with joints).
        label, score, fused_C, modality_MC, count: as in Answer.
    """

    person: int
    main: bool
    pose: Pose | None
    label: str | None
    score: float
    fused_C: np.ndarray | None
    modality_MC: np.ndarray | None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The stream's answer to one frame: about the main person, who is the nearest, and about everybody.

    Attributes:
        time_s: time of the frame, seconds.
        people: how many people were found in it.
        pose: the main person's pose, None if there is no person (or if the stream was fed with joints).
        label: short id of the current action, None while there is too little to decide or no action stands out.
        score: smoothed fused score of that label.
        fused_C: (C,) smoothed fused scores, None before the first window.
        modality_MC: (M, C) smoothed scores by modality, None before the first window.
        events: events of everybody that ended with this frame.
        note: what the user should know ("no person", "2 people: the nearest is shown large"), or "".
        persons: everybody who is followed, the main person first.
        closest: the likeliest label ("other" included) and its smoothed score, while there are scores but no label; an
            action's is too low to begin it.
        count: how often the current action was repeated so far, None where it is not counted.
    """

    time_s: float
    people: int
    pose: Pose | None
    label: str | None
    score: float
    fused_C: np.ndarray | None
    modality_MC: np.ndarray | None
    events: tuple[ActionEvent, ...] = field(default=())
    note: str = ""
    persons: tuple[PersonState, ...] = field(default=())
    closest: tuple[str, float] | None = None
    count: int | None = None
