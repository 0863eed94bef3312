"""Events and answers of the stream carry repetitions: of the right action and person, and only while it lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from app.counting.actions import LEAST_STEPS
from app.pose.tracker import MOST_PEOPLE
from app.stream.action_stream import FILE_HOP_S, ActionStream
from app.types import Pose
from tests.app.counting.figures import bumps, figure, noise, times
from tests.app.helpers import HandModel, Scores


@dataclass
class ToldModel(HandModel):
    """Says what a test tells it to."""

    labels: tuple[str, ...] = ("squat", "jumping_jack", "sit_down", "walk", "push-up", "other", "idle")
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


def test_what_was_taught_is_counted_after_getting_into_position():
    """Somebody gets down on the floor, presses six times, and gets up: down and up are no push-ups."""
    times_T = times(20, 15)
    down_T = np.clip((times_T - 1) / 1.5, 0, 1) - np.clip((times_T - 17) / 1.5, 0, 1)
    presses_T = bumps(times_T, [4, 6, 8, 10, 12, 14], 1.6) * (down_T == 1)
    says = lambda s: "push-up" if 5 < s < 17 else "idle"  # noqa: E731
    (event,), answers = played(figure(1.2 * down_T + 0.25 * presses_T), times_T, says)
    assert (event.label, event.count) == ("push-up", 6)
    said = [n for _, _, n in answers if n is not None]
    assert said == sorted(said) and said[0] == 2 and said[-1] == 6


def walking_about(seconds: float = 16.0) -> tuple[np.ndarray, np.ndarray]:
    """Return times (T,) and joints (T, 25, 3) of somebody who walks to and fro: every four seconds they turn about."""
    times_T = times(seconds, 15)
    swing_T = 0.06 * np.sin(2 * np.pi * 0.9 * times_T)
    joints_TV3 = figure(0.0 * times_T, 0.06 + swing_T, 0.06 - swing_T, np.sin(2 * np.pi * 0.9 * times_T))
    angle_T = np.pi * sum(np.clip((times_T - begins_s) / 0.8, 0, 1) for begins_s in np.arange(4, seconds - 1, 4))
    c, s, zero, one = np.cos(angle_T), np.sin(angle_T), 0 * angle_T, 0 * angle_T + 1
    turn_33T = np.array([[c, zero, -s], [zero, one, zero], [s, zero, c]])
    return times_T, np.einsum("tvi,ijt->tvj", joints_TV3, turn_33T).astype(np.float32)


@pytest.mark.parametrize("label", ["idle", "other"])
def test_walking_about_with_turns_has_no_count(label):
    times_T, joints_TV3 = walking_about()
    events, answers = played(joints_TV3, times_T, lambda _: label)
    assert events == [] and {n for _, _, n in answers} == {None}


def test_walking_about_is_counted_in_steps_alone():
    """From the fourth step on, and those before are in the number: two or three steps are no walk."""
    times_T, joints_TV3 = walking_about()
    events, answers = played(joints_TV3, times_T, lambda s: "walk" if s < 15 else "idle")
    assert {event.label for event in events} == {"walk"}
    said = [n for _, _, n in answers if n is not None]
    assert said[0] >= LEAST_STEPS and said == sorted(said)


def test_people_who_come_and_go_leave_no_heap():
    times_T = times(3, 10)
    joints_TV3 = noise(figure(bumps(times_T, [0.5])))
    stream = ActionStream(ToldModel(), FILE_HOP_S)
    for visit in range(40):
        for k, time_s in enumerate(times_T.tolist()):
            middle = 0.2 + 0.6 * (visit % 2)
            stream.push(10 * visit + time_s, [_pose(10 * visit + time_s, joints_TV3[k], middle)])
    assert len(stream._persons) <= MOST_PEOPLE


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
