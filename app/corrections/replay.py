"""A recording's landmarks in memory, to be played again: some 7 kB a second for each person, as in an .ikem file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.landmarks.codec import MOST_FRAMES, MOST_PEOPLE, MOST_POSES, Frame, pack, unpack
from app.teach.examples import Demonstration
from app.types import Pose, PosedFrame
from export.runtime import ModelScores

if TYPE_CHECKING:
    from export.runtime import Recogniser


class Replay:
    """The landmarks of a recording, without pictures.

    Attributes:
        size: bytes that are held, but for the last frames.
        end_s: time of the last frame, seconds.
    """

    def __init__(self) -> None:
        self._pieces: list[tuple[float, float, bytes]] = []  # first and last second, and what lies between
        self._held: list[Frame] = []
        self._poses = self.size = 0
        self.end_s = 0.0

    def add(self, time_s: float, poses: Sequence[Pose], persons: Sequence[int] | None = None) -> None:
        """Add a frame that is later than the one before.

        Args:
            time_s: seconds.
            poses: of everybody in it.
            persons: whose they are; None where that is not known.
        """
        people = tuple(zip(range(len(poses)) if persons is None else persons, poses))[:MOST_PEOPLE]
        if len(self._held) == MOST_FRAMES or self._poses + len(people) > MOST_POSES:
            self._flush()
        self._held.append((time_s, people))
        self._poses += len(people)
        self.end_s = time_s

    def frames(self) -> Iterator[PosedFrame]:
        """Yield the frames, from the first one each time."""
        self._flush()
        for _, _, piece in self._pieces:
            for time_s, people in unpack(piece):
                yield PosedFrame(time_s, [pose for _, pose in people])

    def movement(self, person: int, from_s: float, to_s: float) -> Demonstration:
        """Return how a person moves in a stretch of time, if it was said whose the poses are; it may be empty."""
        self._flush()
        pieces = [piece for first_s, last_s, piece in self._pieces if first_s <= to_s and last_s >= from_s]
        people = (one for piece in pieces for time_s, them in unpack(piece) if from_s <= time_s <= to_s for one in them)
        return Demonstration.of_person([pose for number, pose in people if number == person])

    def _flush(self) -> None:
        if self._held:
            piece = pack(self._held)
            self._pieces.append((self._held[0][0], self._held[-1][0], piece))
            self.size += len(piece)
        self._held, self._poses = [], 0


class Remembered:
    """A recogniser that scores each window once, for recordings that are played several times.

    Args:
        model: the recogniser whose scores are remembered.
    """

    def __init__(self, model: Recogniser) -> None:
        self._model, self._known = model, dict[bytes, tuple[np.ndarray, np.ndarray, np.ndarray]]()
        self.labels, self.display, self.thresholds = model.labels, model.display, model.thresholds
        self.window_s, self.frames, self.modalities = model.window_s, model.frames, model.modalities
        self.version, self.terms, self.embedding = model.version, model.terms, model.embedding
        self.provider = model.provider

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> ModelScores:
        """Recognise windows, as ActionModel does."""
        keys = [hashlib.blake2b(window.tobytes(), digest_size=12).digest() for window in joints_NTV3]
        new = [n for n, key in enumerate(keys) if key not in self._known]
        if new:
            scores = self._model(joints_NTV3[new], frames_N[new])
            rows = zip(scores.fused_NC, scores.modality_NMC, scores.embedding_ND, strict=True)
            self._known.update(zip((keys[n] for n in new), rows))
        fused, modality, embedding = zip(*(self._known[key] for key in keys))
        return ModelScores(np.stack(fused), np.stack(modality), np.stack(embedding))
