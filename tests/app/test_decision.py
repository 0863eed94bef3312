"""Scores over time become events, and only real ones."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from app.decision import Decision

LABELS, MODALITIES = ("wave", "squat", "idle"), ("joint", "bone", "motion")
WINDOW_S = 2.0


def decision(enter=0.5, leave=0.35):
    return Decision(LABELS, MODALITIES, {"enter": enter, "leave": leave})


def scores(label, score=0.9):
    fused_C = np.full(3, (1 - score) / 2)
    fused_C[LABELS.index(label)] = score
    return fused_C


def run(script, hop_s=0.1, machine=None):
    """Events of [(seconds, label, score), ...]; the window that ends at t speaks of t - 1."""
    machine, events, time_s = machine or decision(), [], 0.0
    for seconds, label, score in script:
        for _ in range(round(seconds / hop_s)):
            time_s += hop_s
            fused_C = scores(label, score)
            modality_MC = np.stack([fused_C, fused_C * 0.5, fused_C * 0.25])
            events += machine.update(time_s, time_s - WINDOW_S / 2, fused_C, modality_MC)
    return events + machine.close(time_s)


def test_event_lies_on_the_action():
    # The middle of the windows is on the wave from 4 to 7 s.
    (event,) = run([(5, "idle", 0.9), (3, "wave", 0.9), (5, "idle", 0.9)])
    assert event.label == "wave"
    assert event.start_s == pytest.approx(4.0, abs=0.15) and event.end_s == pytest.approx(7.0, abs=0.15)


@pytest.mark.parametrize("hop_s", [0.05, 0.15, 0.25])
def test_times_do_not_depend_on_the_hop(hop_s):
    (event,) = run([(6, "idle", 0.9), (3, "wave", 0.9), (6, "idle", 0.9)], hop_s)
    assert (event.start_s, event.end_s) == (pytest.approx(5.0, abs=0.3), pytest.approx(8.0, abs=0.3))


def test_scores_of_the_event():
    (event,) = run([(3, "wave", 0.8)])
    assert event.score == pytest.approx(0.8)
    assert [label for label, _ in event.top3] == ["wave", "squat", "idle"]
    assert event.top3[0][1] == pytest.approx(0.8) and event.top3[1][1] == pytest.approx(0.1)
    assert event.modality_scores == pytest.approx({"joint": 0.8, "bone": 0.4, "motion": 0.2})


@pytest.mark.parametrize(
    ("script", "labels"),
    [
        ([(10, "idle", 0.9)], []),
        ([(10, "wave", 0.45)], []),  # never sure
        ([(3, "idle", 0.9), (0.2, "wave", 0.9), (3, "idle", 0.9)], []),  # a flicker
        ([(3, "wave", 0.9), (0.2, "squat", 0.9), (3, "wave", 0.9)], ["wave"]),  # a flicker within
        ([(3, "wave", 0.9), (3, "wave", 0.42), (3, "wave", 0.9)], ["wave"]),  # between leave and enter it goes on
        ([(3, "wave", 0.9), (3, "wave", 0.05), (3, "wave", 0.9)], ["wave", "wave"]),
        ([(3, "wave", 0.9), (3, "squat", 0.9)], ["wave", "squat"]),
        ([(3, "wave", 0.9), (3, "idle", 0.9), (3, "squat", 0.9)], ["wave", "squat"]),
    ],
)
def test_events(script, labels):
    events = run(script)
    assert [e.label for e in events] == labels
    assert all(a.end_s <= b.start_s for a, b in zip(events, events[1:]))
    assert all(e.end_s - e.start_s >= 0.4 for e in events)


def test_what_no_action_names_is_never_said():
    machine = Decision(("wave", "other", "idle"), MODALITIES, {"enter": 0.5, "leave": 0.35})
    events = []
    for step in range(1, 61):
        fused_C = np.array([0.9, 0.05, 0.05] if step <= 30 else [0.05, 0.9, 0.05])
        events += machine.update(step / 10, step / 10 - 1, fused_C, np.stack([fused_C] * 3))
    assert [e.label for e in events] == ["wave"] and machine.label is None and machine.score == 0
    assert machine.close(6.0) == []


def test_an_action_from_the_first_frame_to_the_last():
    (event,) = run([(4, "wave", 0.9)])
    assert (event.start_s, event.end_s) == (0.0, pytest.approx(4.0))


def test_label_shown():
    machine = decision()
    assert (machine.label, machine.score) == (None, 0.0)
    run_one = lambda t, label, score: machine.update(t, t - 1, scores(label, score), np.zeros((3, 3)))  # noqa: E731
    run_one(1.0, "idle", 0.9)
    assert (machine.label, machine.score) == ("idle", pytest.approx(0.9))
    run_one(9.0, "wave", 0.9)
    assert machine.label == "wave"
    run_one(18.0, "squat", 0.34)
    assert machine.label is None
    machine.close(19.0)
    assert machine.label is None and machine.fused_C is None


def test_without_idle_among_the_labels():
    machine = Decision(LABELS[:2], MODALITIES, {"enter": 0.5, "leave": 0.3})
    events = []
    for t in np.arange(0, 3, 0.1):
        events += machine.update(t, t - 1, np.array([0.1, 0.9]), np.zeros((3, 2)))
    assert [e.label for e in events + machine.close(3.0)] == ["squat"]


def test_person_and_arrival():
    machine = decision()
    for t in np.arange(10.5, 13, 0.1):
        machine.update(t, t - 1, scores("wave"), np.zeros((3, 3)), 4, 10.0)
    (event,) = machine.close(13.0, 4)
    assert (event.person, event.start_s) == (4, 10.0)


@pytest.mark.parametrize(("enter", "leave"), [(0.3, 0.5), (1.2, 0.5), (0.5, 0.0), (float("nan"), 0.3)])
def test_thresholds_that_make_no_sense(enter, leave):
    with pytest.raises(ValueError, match="thresholds need"):
        decision(enter, leave)


def test_ten_hours_keep_nothing():
    machine, events, sizes = decision(), 0, set()
    for second in range(36_000):
        fused_C = scores("wave" if second % 20 < 10 else "idle")
        events += len(machine.update(second, second - 1, fused_C, np.zeros((3, 3))))
        if second % 20 == 15 and second > 20:
            sizes.add(sum(sys.getsizeof(value) for value in vars(machine).values()))
    assert events == 1800 and len(sizes) == 1
