"""Events and answers of the stream carry repetitions: of the right action and person, and only while it lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.stream.action_stream import FILE_HOP_S, ActionStream
from app.types import Pose
from tests.app.counting.figures import bumps, figure, noise, times
from tests.app.helpers import HandModel, Scores


@dataclass
class ToldModel(HandModel):
    """Says what a test tells it to."""

    labels: tuple[str, ...] = ("squat", "jumping_jack", "sit_down", "idle")
    now: str = "idle"

    def __call__(self, joints_NTV3, frames_N):
        fused_NC = np.zeros((len(joints_NTV3), len(self.labels)), np.float32)
        fused_NC[:, self.labels.index(self.now)] = 1
        return Scores(fused_NC, np.repeat(fused_NC[:, None], 3, 1), np.zeros((len(fused_NC), 8), np.float32))


def played(joints_TV3, times_T, says):
    """Events, and (time, label, count) of each answer; `says` tells the model's word at a time."""
    model, events, answers = ToldModel(), [], []
    stream = ActionStream(model, FILE_HOP_S)
    for time_s, joints_V3 in zip(times_T.tolist(), noise(joints_TV3), strict=True):
        model.now = says(time_s)
        answer = stream.push_joints(time_s, joints_V3, np.ones(25, bool))
        events += answer.events
        answers.append((time_s, answer.label, answer.count))
    return events + stream.finish(), answers


def test_the_number_of_one_exercise_is_not_left_over_for_the_next():
    times_T = times(22, 15)
    arms_T = bumps(times_T, [12, 14, 16, 18])
    joints_TV3 = figure(bumps(times_T, [2, 4, 6, 8]), arms_T, arms_T)
    says = lambda s: "squat" if 3 < s < 10.5 else "jumping_jack" if 13 < s < 20.5 else "idle"  # noqa: E731
    events, answers = played(joints_TV3, times_T, says)
    assert [(e.label, e.count, len(e.repetitions_s)) for e in events] == [("squat", 4, 4), ("jumping_jack", 4, 4)]
    for event in events:
        assert event.start_s <= event.repetitions_s[0] and event.repetitions_s[-1] <= event.end_s + 0.5
    assert {n for _, label, n in answers if label not in ("squat", "jumping_jack")} == {None}
    counts = [n for _, label, n in answers if label == "jumping_jack" and n is not None]
    assert counts == sorted(counts) and counts[0] == 1 and counts[-1] == 4


def test_what_is_done_once_has_no_number():
    times_T = times(8, 15)
    says = lambda s: "sit_down" if 2 < s < 5 else "idle"  # noqa: E731
    events, answers = played(figure(np.interp(times_T, [2, 3.5], [0, 1])), times_T, says)
    assert [(e.label, e.count, e.repetitions_s) for e in events] == [("sit_down", None, ())]
    assert {n for _, _, n in answers} == {None}


def test_two_people_are_counted_apart():
    """One squats four times, the other one twice, side by side."""
    times_T, model = times(14, 12), ToldModel()
    one_TV3, other_TV3 = (figure(bumps(times_T, starts_s)) for starts_s in ([3, 5, 7, 9], [4, 8]))
    stream, events = ActionStream(model, FILE_HOP_S), []
    for k, time_s in enumerate(times_T.tolist()):
        model.now = "squat" if 4 < time_s < 11.5 else "idle"
        people = [_pose(time_s, one_TV3[k], 0.25), _pose(time_s, other_TV3[k], 0.75)]
        events += stream.push(time_s, people).events
    events += stream.finish()
    assert {e.label for e in events} == {"squat"} and {e.person for e in events} == {0, 1}
    assert sorted(e.count or 0 for e in events) == [2, 4]


def _pose(time_s: float, joints_V3: np.ndarray, middle: float) -> Pose:
    """A pose whose landmarks are those that the bridge takes for these joints."""
    world_V3, image_V3 = np.zeros((33, 3), np.float32), np.zeros((33, 3), np.float32)
    marks = {11: 4, 12: 8, 13: 5, 14: 9, 15: 6, 16: 10, 17: 7, 18: 11, 19: 21, 20: 23, 21: 22, 22: 24, 23: 12, 24: 16}
    marks |= {25: 13, 26: 17, 27: 14, 28: 18, 31: 15, 32: 19, 7: 3, 8: 3}
    for mark, joint in marks.items():
        world_V3[mark] = joints_V3[joint] * [-1, -1, 1]
    world_V3[:] -= (world_V3[23] + world_V3[24]) / 2
    image_V3[:, 0] = middle + 0.1 * np.where(np.arange(33) % 2, 1, -1)
    image_V3[:, 1] = np.linspace(0.2, 0.9, 33)
    return Pose(time_s, world_V3, image_V3, np.ones(33, np.float32))
