"""One stream of one followed person: poses in, the current action and finished events out.

Shapes: V joints (25), C classes, M modalities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.decision import IDLE, OTHER, Decision
from app.tracking import NearestPerson, distinct, note_people
from app.types import ActionEvent, Answer, Pose
from app.window import Window
from models.skeleton import CENTRE, bridge

if TYPE_CHECKING:
    from export.runtime import ActionModel

LIVE_HOP_S = 0.2  # between two classifications of a live stream ...
FILE_HOP_S = 0.25  # ... and of a file
GAP_S = 1.0  # a person out of sight for longer ends what they did


class ClipScores:
    """One answer for a whole clip: its windows' mean score, in which those of stillness or no action weigh little."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._silent = [tuple(labels).index(label) for label in (IDLE, OTHER) if label in labels]
        self._sum_C, self._weight = np.zeros(len(labels)), 0.0

    def add(self, fused_C: np.ndarray) -> None:
        """Take the fused scores of one window."""
        weight = 1.05 - float(fused_C[self._silent].sum())
        self._sum_C += weight * fused_C
        self._weight += weight

    @property
    def mean_C(self) -> np.ndarray | None:
        """(C,) scores that sum to 1, None before the first window."""
        return self._sum_C / self._weight if self._weight else None


class ActionStream:
    """Names what the nearest person does, frame by frame. Keeps a few seconds of joints, however long the stream.

    Args:
        model: the action model; it may be shared by streams.
        hop_s: seconds between two classifications.

    Attributes:
        clip: the answer for everything seen so far as one clip; complete after `finish`.
    """

    def __init__(self, model: ActionModel, hop_s: float = LIVE_HOP_S) -> None:
        if not hop_s > 0:
            raise ValueError(f"hop_s must be positive; got {hop_s}")
        self._model, self._hop_s = model, hop_s
        self._tracker = NearestPerson()
        self._window = Window(model.window_s, model.frames)
        self._decision = Decision(model.labels, model.modalities, model.thresholds)
        self.clip = ClipScores(model.labels)
        self._time_s: float | None = None
        self._person = 0
        self._start_segment(None)

    def push(self, time_s: float, poses: Sequence[Pose]) -> Answer:
        """Take the people found in one frame.

        Raises:
            ValueError: time does not increase; a new recording needs a new stream.
        """
        self._advance(time_s)
        poses = distinct(poses)
        pose = self._tracker.pick(time_s, poses)
        events = []
        if self._tracker.person > self._person:
            events = self._end_segment()
            self._person = self._tracker.person
        joints = None if pose is None else bridge(pose.world_V3, pose.visibility_V)
        return self._answer(time_s, len(poses), pose, joints, events)

    def push_joints(self, time_s: float, joints_V3: np.ndarray, seen_V: np.ndarray) -> Answer:
        """Take one frame of a recorded skeleton: (25, 3) metres and (25,) bool; nothing seen is a lost frame.

        Raises:
            ValueError: time does not increase, or the shapes are off.
        """
        self._advance(time_s)
        found = bool(np.any(seen_V))
        return self._answer(time_s, int(found), None, (joints_V3, seen_V) if found else None, [])

    def finish(self) -> list[ActionEvent]:
        """The stream is over: end the action that goes on. Returns the events that ended with this."""
        return self._end_segment()

    def _advance(self, time_s: float) -> None:
        if not np.isfinite(time_s) or (self._time_s is not None and time_s <= self._time_s):
            raise ValueError(
                f"frame times must increase: {time_s} s came after {self._time_s} s; use a new ActionStream for a "
                "new recording"
            )
        self._time_s = time_s

    def _answer(
        self,
        time_s: float,
        people: int,
        pose: Pose | None,
        joints: tuple[np.ndarray, np.ndarray] | None,
        events: list[ActionEvent],
    ) -> Answer:
        if self._seen_s is not None and time_s - self._seen_s > GAP_S:
            events += self._end_segment()
        if joints is not None:
            self._window.push(time_s, *joints)
            if joints[1][CENTRE]:  # the window leaves out a frame without shoulders
                self._since_s = time_s if self._since_s is None else self._since_s
                self._seen_s = time_s
                events += self._classify()
        decision = self._decision
        return Answer(
            time_s=time_s,
            people=people,
            pose=pose,
            label=decision.label,
            score=decision.score,
            fused_C=decision.fused_C,
            modality_MC=decision.modality_MC,
            events=tuple(events),
            note=note_people(people),
        )

    def _classify(self) -> list[ActionEvent]:
        """Classify the window that ends at the newest multiple of the hop since the person came into view.

        Windows thus end at the same times whatever the camera's rate.
        """
        assert self._since_s is not None and self._seen_s is not None
        hops = int((self._seen_s - self._since_s) / self._hop_s + 1e-6)
        if hops <= self._hops:
            return []
        self._hops = hops
        end_s = self._since_s + hops * self._hop_s
        scores = self._scores(end_s)
        if scores is None:
            return []
        fused_C, modality_MC = scores
        if end_s - self._since_s >= self._model.window_s - 1e-6:
            self._full_windows = True
            self.clip.add(fused_C)
        middle_s = end_s - self._model.window_s / 2
        return self._decision.update(end_s, middle_s, fused_C, modality_MC, self._person, self._since_s)

    def _scores(self, end_s: float) -> tuple[np.ndarray, np.ndarray] | None:
        read = self._window.resample(end_s)
        if read is None:
            return None
        joints_TV3, frames = read
        scores = self._model(joints_TV3[None], np.array([frames], np.float32))
        return scores.fused_NC[0], scores.modality_NMC[0]

    def _start_segment(self, since_s: float | None) -> None:
        """A segment is a stretch in which one person is in sight."""
        self._since_s = self._seen_s = since_s
        self._hops, self._full_windows = 0, False

    def _end_segment(self) -> list[ActionEvent]:
        if self._since_s is None or self._seen_s is None:
            return []
        if not self._full_windows:  # shorter than a window: one window around its middle
            middle_s = (self._since_s + self._seen_s) / 2
            scores = self._scores(middle_s + self._model.window_s / 2)
            if scores is not None:
                self.clip.add(scores[0])
        events = self._decision.close(self._seen_s, self._person)
        self._window.clear()
        self._start_segment(None)
        return events
