"""Joints and poses in, events out, whatever the camera's rate."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

from app.stream.action_stream import FILE_HOP_S, ActionStream, ClipScores
from models.system.places import ROOT
from tests.app.helpers import HandModel, body, pose


def feed(stream, script, fps=30.0, start_s=0.0):
    """Push [(seconds, wave | squat | idle | lost), ...] as joints; all events and the last answer."""
    events, answer, i = [], None, 0
    for seconds, what in script:
        for _ in range(round(seconds * fps)):
            seen_V = np.full(25, what != "lost")
            answer = stream.push_joints(start_s + i / fps, body(what == "wave", what == "squat"), seen_V)
            events += answer.events
            i += 1
    return events, answer


def test_times_of_events():
    stream = ActionStream(HandModel(), FILE_HOP_S)
    events, _ = feed(stream, [(4, "idle"), (3, "wave"), (4, "idle"), (3, "squat"), (3, "idle")])
    events += stream.finish()
    assert [e.label for e in events] == ["wave", "squat"]
    for event, start_s in zip(events, (4, 11)):
        assert event.start_s == pytest.approx(start_s, abs=0.3) and event.end_s == pytest.approx(start_s + 3, abs=0.3)
        assert event.score > 0.6 and event.person == 0


@pytest.mark.parametrize("fps", [8, 15, 60, 23.976])
def test_the_rate_of_the_camera_does_not_matter(fps):
    script = [(3, "idle"), (2.5, "wave"), (3, "squat"), (2, "idle")]
    results = []
    for rate in (30, fps):
        stream = ActionStream(HandModel(), FILE_HOP_S)
        events = feed(stream, script, rate)[0] + stream.finish()
        results.append((events, stream.clip.mean_C))
    (events, mean_C), (other, other_C) = results
    assert [e.label for e in events] == [e.label for e in other] == ["wave", "squat"]
    for a, b in zip(events, other):
        assert (a.start_s, a.end_s) == (pytest.approx(b.start_s, abs=0.3), pytest.approx(b.end_s, abs=0.3))
    np.testing.assert_allclose(mean_C, other_C, atol=0.05)


def test_answer_while_it_runs():
    stream = ActionStream(HandModel(), 0.15)
    first = stream.push_joints(0.0, body(), np.ones(25, bool))
    assert (first.label, first.score, first.fused_C, first.people, first.note) == (None, 0.0, None, 1, "")
    _, answer = feed(stream, [(3, "idle")], start_s=0.1)
    assert answer.label == "idle" and answer.fused_C.shape == (3,) and answer.modality_MC.shape == (3, 3)
    _, answer = feed(stream, [(3, "wave")], start_s=3.2)
    assert answer.label == "wave" and answer.score > 0.9


@pytest.mark.parametrize(("hop_s", "calls"), [(0.15, 64), (0.25, 39), (0.5, 20)])
def test_a_window_every_hop(hop_s, calls):
    model = HandModel()
    feed(ActionStream(model, hop_s), [(10, "idle")])
    assert abs(model.calls - calls) <= 2


@pytest.mark.parametrize(("lost_s", "count"), [(0.8, 1), (1.5, 2)])
def test_a_gap_ends_the_event(lost_s, count):
    stream = ActionStream(HandModel(), FILE_HOP_S)
    events, _ = feed(stream, [(4, "wave"), (lost_s, "lost"), (4, "wave")])
    assert len(events) == count - 1
    events += stream.finish()
    assert [e.label for e in events] == ["wave"] * count
    assert events[-1].end_s == pytest.approx(8 + lost_s, abs=0.05)
    if count == 2:
        assert events[0].end_s == pytest.approx(4.0, abs=0.05) and events[1].start_s == pytest.approx(
            4 + lost_s, abs=0.05
        )


def test_a_gap_without_any_frame_ends_the_event_too():
    stream = ActionStream(HandModel(), FILE_HOP_S)
    feed(stream, [(4, "wave")])
    answer = stream.push_joints(9.0, body(), np.ones(25, bool))
    assert [e.label for e in answer.events] == ["wave"] and answer.events[0].end_s < 4
    assert answer.label is None and answer.fused_C is None


@pytest.mark.parametrize("time_s", [1.0, 0.5, float("nan"), float("inf")])
def test_time_that_does_not_increase(time_s):
    stream = ActionStream(HandModel())
    stream.push(1.0, [])
    with pytest.raises(ValueError, match="new ActionStream"):
        stream.push(time_s, [])


@pytest.mark.parametrize(("seconds", "label"), [(0.2, None), (0.4, "wave"), (0.7, "wave"), (2.5, "wave")])
def test_a_short_clip_has_one_answer(seconds, label):
    stream = ActionStream(HandModel(), FILE_HOP_S)
    feed(stream, [(seconds, "wave")])
    stream.finish()
    mean_C = stream.clip.mean_C
    assert (mean_C is None) == (label is None)
    if label:
        assert mean_C[0] == pytest.approx(1.0) and mean_C.sum() == pytest.approx(1.0)


def test_stillness_weighs_little_in_a_whole_clip():
    scores = ClipScores(("wave", "squat", "idle"))
    assert scores.mean_C is None
    for _ in range(10):
        scores.add(np.array([0.0, 0.0, 1.0]))
    scores.add(np.array([1.0, 0.0, 0.0]))
    assert scores.mean_C.argmax() == 0 and scores.mean_C[2] == pytest.approx(0.5 / 1.55)


def test_windows_of_no_action_weigh_little_too():
    scores = ClipScores(("wave", "other", "idle"))
    scores.add(np.array([0.0, 0.6, 0.4]))
    scores.add(np.array([1.0, 0.0, 0.0]))
    assert scores.mean_C == pytest.approx(np.array([1.05, 0.03, 0.02]) / 1.1)
    alone = ClipScores(("wave", "other", "idle"))
    alone.add(np.array([0.0, 1.0, 0.0]))
    assert alone.mean_C == pytest.approx([0, 1, 0])


def test_poses_of_two_people():
    near, far = (0.1, 0.1, 0.4, 0.9), (0.7, 0.3, 0.8, 0.7)
    stream, events = ActionStream(HandModel(), FILE_HOP_S), []
    for i in range(120):
        t = i / 30
        answer = stream.push(t, [pose(t, far), pose(t, near, wave=True)])
    assert answer.label == "wave" and answer.pose.box[0] == pytest.approx(0.1)
    assert (answer.people, answer.note) == (2, "2 people: the nearest is shown large")
    for i in range(120, 240):  # the nearest leaves
        answer = stream.push(i / 30, [pose(i / 30, far)])
        events += answer.events
    (event,) = events
    assert (event.person, event.label) == (0, "wave") and event.end_s == pytest.approx(119 / 30)
    assert answer.label == "idle" and stream.finish() == []


def test_nobody():
    stream = ActionStream(HandModel())
    answer = stream.push(0.0, [])
    assert (answer.people, answer.note, answer.pose, answer.label) == (0, "no person", None, None)
    assert stream.finish() == [] and stream.clip.mean_C is None


def _held_by_the_app() -> int:
    """Bytes that code of the app and the models allocated: other threads of this process do not count."""
    gc.collect()
    ours = [tracemalloc.Filter(True, str(ROOT / folder / "*")) for folder in ("app", "models", "tests/app/stream")]
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(ours).traces)


@pytest.mark.slow
def test_memory_is_bounded():
    model, events = HandModel(), 0
    stream = ActionStream(model, FILE_HOP_S)
    seen_V = np.ones(25, bool)
    tracemalloc.start()
    try:
        for i in range(700):
            events += len(stream.push_joints(i / 5, body(wave=i % 100 < 50), seen_V).events)
            if i == 400:
                early = _held_by_the_app()
        late = _held_by_the_app()
    finally:
        tracemalloc.stop()
    assert events == 7 and late - early < 20_000


def two(stream, seconds, wave=(False, False), start_s=0.0, fps=30):
    """Two people side by side, the first of them larger; all events and the last answer."""
    events, answer, boxes = [], None, ((0.1, 0.1, 0.4, 0.9), (0.6, 0.3, 0.8, 0.7))
    for i in range(round(seconds * fps)):
        t = start_s + i / fps
        answer = stream.push(t, [pose(t, box, wave=w) for box, w in zip(boxes, wave)])
        events += answer.events
    return events, answer


def test_everybody_has_events_of_their_own():
    stream = ActionStream(HandModel(), FILE_HOP_S)
    events, answer = two(stream, 4.0, (True, False))
    more, _ = two(stream, 4.0, (False, True), start_s=4.0)
    events = events + more + stream.finish()
    assert sorted((e.person, e.label) for e in events) == [(0, "wave"), (1, "wave")]
    first, second = sorted(events, key=lambda e: e.person)
    assert (first.start_s, first.end_s) == (pytest.approx(0, abs=0.3), pytest.approx(4, abs=0.3))
    assert (second.start_s, second.end_s) == (pytest.approx(4, abs=0.3), pytest.approx(8, abs=0.3))


def test_what_is_said_of_everybody():
    _, answer = two(ActionStream(HandModel(), FILE_HOP_S), 3.0, (False, True))
    main, other = answer.persons
    assert (main.person, main.main, main.label) == (0, True, "idle")
    assert (other.person, other.main, other.label) == (1, False, "wave")
    assert (answer.label, answer.score, answer.pose) == (main.label, main.score, main.pose)
    assert answer.fused_C is main.fused_C and other.fused_C.shape == (3,) and other.modality_MC.shape == (3, 3)
    assert other.pose.box[0] == pytest.approx(0.6) and answer.people == 2


@pytest.mark.parametrize("late_s", [0.0, 1.13])
def test_windows_that_are_due_together_are_one_call(late_s):
    class Counting(HandModel):
        batches = ()

        def __call__(self, joints_NTV3, frames_N):
            self.batches = (*self.batches, len(joints_NTV3))
            return super().__call__(joints_NTV3, frames_N)

    model = Counting()
    stream = ActionStream(model, 0.2)
    for i in range(240):
        t = i / 30
        stream.push(t, [pose(t, (0.1, 0.1, 0.4, 0.9))] + [pose(t, (0.6, 0.3, 0.8, 0.7))] * (t >= late_s))
    assert model.calls <= 8.0 / 0.2 and set(model.batches[12:]) == {2}


def test_the_clip_is_the_main_person_s():
    alone, both = ActionStream(HandModel(), FILE_HOP_S), ActionStream(HandModel(), FILE_HOP_S)
    for i in range(150):
        t = i / 30
        alone.push(t, [pose(t, (0.1, 0.1, 0.4, 0.9), wave=t > 2)])
    for i in range(150):
        t = i / 30
        both.push(t, [pose(t, (0.6, 0.3, 0.8, 0.7)), pose(t, (0.1, 0.1, 0.4, 0.9), wave=t > 2)])
    alone.finish(), both.finish()
    np.testing.assert_array_equal(alone.clip.mean_C, both.clip.mean_C)


def test_somebody_who_leaves_is_forgotten():
    stream = ActionStream(HandModel(), FILE_HOP_S)
    two(stream, 2.0)
    for i in range(60, 150):
        answer = stream.push(i / 30, [pose(i / 30, (0.1, 0.1, 0.4, 0.9))])
    assert [state.person for state in answer.persons] == [0] and len(stream._persons) == 1


def test_a_pose_given_twice_is_no_second_person():
    stream = ActionStream(HandModel(), FILE_HOP_S)
    for i in range(60):
        answer = stream.push(i / 30, [pose(i / 30), pose(i / 30, (0.405, 0.2, 0.605, 0.8))])
    assert (answer.people, len(answer.persons)) == (1, 1)


def test_the_window_of_the_main_person():
    stream = ActionStream(HandModel(), FILE_HOP_S)
    assert stream.main_window() is None
    two(stream, 3.0, (True, False))
    window_TV3 = stream.main_window()
    assert window_TV3.shape == (50, 25, 3) and HandModel()(window_TV3[None], np.float32([60])).fused_NC[0, 0] == 1


def test_sensitivity_is_heeded_at_once_by_everybody():
    class Unsure(HandModel):
        def __call__(self, joints_NTV3, frames_N):
            scores = super().__call__(joints_NTV3, frames_N)
            scores.fused_NC[:] = [0.4, 0.25, 0.35]
            return scores

    stream = ActionStream(Unsure(), FILE_HOP_S)
    _, answer = two(stream, 2.0)
    assert answer.label is None and answer.closest == ("wave", pytest.approx(0.4))
    stream.sensitivity = 0.8
    _, answer = two(stream, 1.0, start_s=2.0)
    assert [state.label for state in answer.persons] == ["wave", "wave"] and answer.closest is None
    assert ActionStream(Unsure(), sensitivity=0.8).sensitivity == 0.8
    with pytest.raises(ValueError, match="from 0 to 1"):
        stream.sensitivity = 2.0
