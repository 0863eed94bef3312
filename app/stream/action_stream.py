"""The action stream: from the people in each frame to everybody's current action and finished events.

Shapes: V joints (25), C classes, M modalities, T frames of a window, N windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.pose.tracker import People, distinct
from app.stream.decision import checked_sensitivity
from app.stream.main_person import Nearest, note_people
from app.stream.person import Person
from app.types import ActionEvent, Answer, PersonState, Pose
from models.labels import IDLE, OTHER
from models.skeleton import bridge

if TYPE_CHECKING:
    from export.runtime import Recogniser

LIVE_HOP_S = 0.2  # time between two classifications of a live stream ...
FILE_HOP_S = 0.25  # ... and of a file


class ClipScores:
    """The answer for a whole clip: the mean score of its windows, with little weight on those of idle or no action."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._silent = [tuple(labels).index(label) for label in (IDLE, OTHER) if label in labels]
        self._sum_C, self._weight = np.zeros(len(labels)), 0.0

    def add(self, fused_C: np.ndarray) -> None:
        """Add the fused scores of one window."""
        weight = 1.05 - float(fused_C[self._silent].sum())
        self._sum_C += weight * fused_C
        self._weight += weight

    @property
    def mean_C(self) -> np.ndarray | None:
        """The mean scores (C,), which sum to 1, or None before the first window."""
        return self._sum_C / self._weight if self._weight else None


class ActionStream:
    """A stream that names people's actions, frame by frame.

    It holds only a few seconds of joints, however long the stream is.

    Up to app.pose.tracker.MOST_PEOPLE people are followed at once. The nearest, chosen steadily, is the main person;
    the answer's own fields and `clip` are about them.

    Args:
        model: the action model; it may be shared by streams.
        hop_s: seconds between two classifications.
        sensitivity: see the attribute.

    Attributes:
        sensitivity: how readily an action is named, in [0, 1]; it may be set at any time. 0.5 takes the model file's
            thresholds, 1 halves them, 0 doubles them.
        clip: the answer for all that was seen of the main person so far, as one clip; complete after `finish`.
    """

    def __init__(self, model: Recogniser, hop_s: float = LIVE_HOP_S, sensitivity: float = 0.5) -> None:
        if not hop_s > 0:
            raise ValueError(f"hop_s must be positive; got {hop_s}")
        self._model, self._hop_s = model, hop_s
        self._people, self._nearest = People(), Nearest()
        self._persons: dict[int, Person] = {}
        self.sensitivity = sensitivity
        self.clip = ClipScores(model.labels)
        self._time_s: float | None = None

    @property
    def sensitivity(self) -> float:
        return self._sensitivity

    @sensitivity.setter
    def sensitivity(self, sensitivity: float) -> None:
        self._sensitivity = checked_sensitivity(sensitivity)
        for person in self._persons.values():
            person.decision.sensitivity = sensitivity

    def push(self, time_s: float, poses: Sequence[Pose]) -> Answer:
        """Add the people found in one frame and return the answer to it.

        Raises:
            ValueError: time does not increase (a new recording needs a new stream).
        """
        self._advance(time_s)
        poses = distinct(poses)
        seen = self._people.update(time_s, poses)
        self._nearest.choose(time_s, seen)
        events = self._forget(time_s, keep=set(self._people.known))
        for number, pose in seen.items():
            person = self._person(number)
            person.see(time_s, *bridge(pose.world_V3, pose.visibility_V), anchor_s=self._anchor_s())
        for number, person in self._persons.items():
            person.pose = seen.get(number)
        return self._answer(time_s, len(poses), events)

    def push_joints(self, time_s: float, joints_V3: np.ndarray, seen_V: np.ndarray) -> Answer:
        """Add one frame of a recorded skeleton, (25, 3) metres and (25,) bool, and return the answer.

        If no joint is seen, it is a lost frame.

        Raises:
            ValueError: time does not increase, or a shape is wrong.
        """
        self._advance(time_s)
        self._nearest.number = 0
        found = bool(np.any(seen_V))
        events = self._forget(time_s, keep={0})
        if found:
            self._person(0).see(time_s, joints_V3, seen_V)
        return self._answer(time_s, int(found), events)

    def finish(self) -> list[ActionEvent]:
        """End the stream and its current actions, and return the events that ended with it."""
        return [event for person in self._persons.values() for event in self._end(person)]

    def main_window(self) -> np.ndarray | None:
        """Return the main person's window as the model would get it now, (T, 25, 3) metres.

        While it is too short, return None.
        """
        main = self._persons.get(self._nearest.number)
        return None if main is None else main.newest_window()

    def _advance(self, time_s: float) -> None:
        if not np.isfinite(time_s) or (self._time_s is not None and time_s <= self._time_s):
            raise ValueError(
                f"frame times must increase: {time_s} s came after {self._time_s} s; use a new ActionStream for a "
                "new recording"
            )
        self._time_s = time_s

    def _person(self, number: int) -> Person:
        if number not in self._persons:
            self._persons[number] = Person(number, self._model, self._hop_s, self.sensitivity)
        return self._persons[number]

    def _anchor_s(self) -> float | None:
        return next((p.segment.anchor_s for p in self._persons.values() if p.segment is not None), None)

    def _forget(self, time_s: float, keep: set[int]) -> list[ActionEvent]:
        """End the actions of people who are out of sight, and drop those who will not come back."""
        events = []
        for number, person in list(self._persons.items()):
            if person.is_gone(time_s) or number not in keep:
                events += self._end(person)
            if number not in keep:
                del self._persons[number]
        return events

    def _answer(self, time_s: float, people: int, events: list[ActionEvent]) -> Answer:
        events += self._classify(time_s)
        number = self._nearest.number
        order = sorted(self._persons.values(), key=lambda person: person.number != number)
        persons = tuple(_state(person, person.number == number) for person in order)
        main = persons[0] if persons and persons[0].main else _NOBODY
        return Answer(
            time_s=time_s,
            people=people,
            pose=main.pose,
            label=main.label,
            score=main.score,
            fused_C=main.fused_C,
            modality_MC=main.modality_MC,
            events=tuple(events),
            note=note_people(people),
            persons=persons,
            closest=order[0].decision.closest if persons and persons[0].main else None,
            count=main.count,
        )

    def _classify(self, time_s: float) -> list[ActionEvent]:
        """Classify all windows that are due, in one call."""
        main = self._persons.get(self._nearest.number)
        if main is not None and main.segment is not None:
            main.segment.was_main = True
        there = [p for p in self._persons.values() if p.segment is not None and p.segment.seen_s == time_s]
        due = [(person, window) for person in there if (window := person.due()) is not None]
        if not due:
            return []
        fused_NC, modality_NMC = self._scores([joints for _, (_, joints, _) in due], [f for _, (*_, f) in due])
        events = []
        for (person, (end_s, *_)), fused_C, modality_MC in zip(due, fused_NC, modality_NMC):
            if person is main and person.is_full(end_s):
                self.clip.add(fused_C)
            events += person.take(end_s, fused_C, modality_MC)
        return events

    def _scores(self, joints: list[np.ndarray], frames: list[float]) -> tuple[np.ndarray, np.ndarray]:
        scores = self._model(np.stack(joints), np.array(frames, np.float32))
        return scores.fused_NC, scores.modality_NMC

    def _end(self, person: Person) -> list[ActionEvent]:
        """End a person's segment.

        If a main person's segment is shorter than a window, one window of it counts for the clip.
        """
        if person.segment is None:
            return []
        if person.segment.was_main and not person.segment.full_windows:
            read = person.last_window()
            if read is not None:
                self.clip.add(self._scores([read[0]], [read[1]])[0][0])
        return person.end()


_NOBODY = PersonState(-1, True, None, None, 0.0, None, None)


def _state(person: Person, main: bool) -> PersonState:
    decision = person.decision
    return PersonState(
        person=person.number,
        main=main,
        pose=person.pose,
        label=decision.label,
        score=decision.score,
        fused_C=decision.fused_C,
        modality_MC=decision.modality_MC,
        count=person.count,
    )
