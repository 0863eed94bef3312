"""Visitors of the page: each with a landmarker and a stream of their own, all given back."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from app.page.session import RESTART_GAP_S, RETELL_S, VisitorLeft
from app.page.sessions import LEFT_S, Sessions, SessionsFull
from app.teach.lessons import Lessons
from tests.app.helpers import HandModel, pose

HANDS_UP, STILL = np.full((4, 4, 3), 255, np.uint8), np.zeros((4, 4, 3), np.uint8)


class FakePose:
    """Sees somebody with the hand up in a bright picture and with the hand down in a dark one."""

    made: list[FakePose] = []

    def __init__(self) -> None:
        self.closed = False
        self.times: list[float] = []
        FakePose.made.append(self)

    def detect(self, rgb_HWC, time_s):
        assert not self.closed
        self.times.append(time_s)
        return [pose(time_s, wave=bool(rgb_HWC.mean() > 128))]

    def close(self) -> None:
        self.closed = True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock):
    FakePose.made = []
    model = HandModel()
    sessions = Sessions(FakePose, Lessons(model), limit=2, idle_s=10, clock=clock)
    yield sessions
    sessions.close()
    assert all(source.closed for source in FakePose.made)


def play(sessions: Sessions, clock: Clock, frames: dict[str, np.ndarray], seconds: float) -> dict:
    answers = {}
    for _ in range(round(seconds * 30)):
        clock.now += 1 / 30
        for key, picture in frames.items():
            answers[key] = sessions.process(key, picture)
    return answers


def test_two_visitors_do_not_mix(sessions, clock):
    answers = play(sessions, clock, {"a": HANDS_UP, "b": STILL}, 3)
    assert answers["a"].answer.label == "wave"
    assert answers["b"].answer.label == "idle"
    assert len(FakePose.made) == 2


def test_two_visitors_in_threads():
    model = HandModel()
    sessions = Sessions(FakePose, Lessons(model), limit=2)
    labels: dict[str, set] = {"a": set(), "b": set()}

    def visit(key: str, picture: np.ndarray) -> None:
        for _ in range(150):
            labels[key].add(sessions.process(key, picture).answer.label)
            time.sleep(0.01)

    threads = [threading.Thread(target=visit, args=pair) for pair in (("a", HANDS_UP), ("b", STILL))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sessions.close()
    assert labels == {"a": {None, "wave"}, "b": {None, "idle"}}


def test_times_start_near_zero_and_increase(sessions, clock):
    play(sessions, clock, {"a": STILL}, 1)
    times = FakePose.made[0].times
    assert times[0] < 0.1 and np.all(np.diff(times) > 0)


def test_sensitivity_is_each_visitor_s_own(sessions, clock):
    for _ in range(10):
        clock.now += 1 / 30
        sessions.process("a", STILL, 0.9)
        sessions.process("b", STILL)
    assert [session._stream.sensitivity for session in sessions._sessions.values()] == [0.9, 0.5]
    clock.now += 1 / 30
    sessions.process("a", STILL, 0.2)
    assert sessions._sessions["a"]._stream.sensitivity == 0.2


def test_stopping_ends_what_goes_on_and_events_have_numbers(sessions, clock):
    play(sessions, clock, {"a": HANDS_UP}, 3)
    ((number, event),) = sessions.finish("a")
    assert (number, event.label) == (0, "wave")
    clock.now += RETELL_S + 0.1
    assert sessions.process("a", STILL).events == (), "an event is told for some seconds only"
    play(sessions, clock, {"a": HANDS_UP}, 3)
    assert [number for number, _ in sessions.finish("a")] == [1]
    assert sessions.finish("nobody") == ()


def test_windows_come_with_new_scores(sessions, clock):
    windows = []
    for _ in range(120):
        clock.now += 1 / 30
        windows.append(sessions.process("a", HANDS_UP).window_TV3)
    came = [window for window in windows if window is not None]
    assert 10 <= len(came) <= 20 and all(window.shape == (50, 25, 3) for window in came)


class Recorder:
    made: list[Recorder] = []
    state = "on"

    def __init__(self) -> None:
        self.frames, self.closed = [], False
        Recorder.made.append(self)

    def add(self, time_s, people):
        self.frames.append((time_s, people))

    def close(self) -> None:
        self.closed = True


def test_each_visitor_is_recorded_apart(clock):
    Recorder.made = []
    model = HandModel()
    with_recorder = Sessions(FakePose, Lessons(model), 2, 10, clock, Recorder)
    replies = play(with_recorder, clock, {"a": STILL, "b": STILL}, 1)
    assert replies["a"].recording == "on" and [len(r.frames) for r in Recorder.made] == [30, 30]
    assert all(len(people) == 1 and people[0][0] == 0 for _, people in Recorder.made[0].frames)
    with_recorder.free("a")
    assert [r.closed for r in Recorder.made] == [True, False]
    with_recorder.close()
    assert Recorder.made[1].closed


def test_limit(sessions, clock):
    play(sessions, clock, {"a": STILL, "b": STILL}, 0.1)
    with pytest.raises(SessionsFull):
        sessions.process("c", STILL)
    assert len(FakePose.made) == 2, "a visitor who is refused costs nothing"
    sessions.free("a")
    sessions.process("c", STILL)


def test_leaving_frees_and_coming_back_starts_anew(sessions, clock):
    play(sessions, clock, {"a": HANDS_UP}, 3)
    sessions.free("a")
    sessions.free("a")
    assert len(sessions) == 0 and FakePose.made[0].closed
    assert sessions.process("a", HANDS_UP).answer.fused_C is None


def test_a_late_frame_opens_no_new_place(sessions, clock):
    play(sessions, clock, {"a": STILL}, 0.1)
    sessions.leave("a")
    assert sessions.has_left("a") and len(sessions) == 0
    with pytest.raises(VisitorLeft):
        sessions.process("a", STILL)
    clock.now += LEFT_S + 1  # a phone that slept, say
    sessions.process("a", STILL)
    assert not sessions.has_left("a") and len(sessions) == 1


def test_silent_visitors_give_up_their_place(sessions, clock):
    play(sessions, clock, {"a": STILL, "b": STILL}, 0.1)
    clock.now += 9
    sessions.process("b", STILL)
    clock.now += 2
    sessions.process("c", STILL)
    assert FakePose.made[0].closed and not FakePose.made[1].closed


def test_a_stopped_camera_starts_a_new_scene(sessions, clock):
    assert play(sessions, clock, {"a": HANDS_UP}, 3)["a"].answer.label == "wave"
    clock.now += RESTART_GAP_S + 0.1
    reply = sessions.process("a", STILL)
    assert reply.answer.label is None and reply.answer.fused_C is None and reply.answer.time_s > 5
    assert [event.label for _, event in reply.events] == ["wave"], "what went on has ended with the scene"
    assert len(FakePose.made) == 1


def test_sweeping_in_the_background():
    sessions = Sessions(FakePose, Lessons(HandModel()), limit=1, idle_s=0.05)
    sessions.sweep_in_background()
    sessions.process("a", STILL)
    end = time.monotonic() + 60
    while len(sessions) and time.monotonic() < end:
        time.sleep(0.02)
    assert len(sessions) == 0
    sessions.close()


def test_no_places():
    with pytest.raises(ValueError, match="1 or more"):
        Sessions(FakePose, Lessons(HandModel()), limit=0)


def test_one_address_has_so_many_places(clock):
    sessions = Sessions(FakePose, Lessons(HandModel()), 3, 10, clock, address=lambda key: key[0], per_address=2)
    play(sessions, clock, {"a1": STILL, "a2": STILL}, 0.1)
    with pytest.raises(SessionsFull, match="2 of one address"):
        sessions.process("a3", STILL)
    sessions.process("b1", STILL)
    sessions.free("a1")
    sessions.process("a3", STILL)
    sessions.close()


def test_a_page_whose_line_broke_comes_back_at_once(sessions, clock):
    play(sessions, clock, {"a": STILL}, 0.1)
    sessions.leave("a")
    sessions.welcome("a")
    sessions.welcome("nobody")
    sessions.process("a", STILL)
