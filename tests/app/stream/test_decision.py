"""Scores over time become stretches of one action, and only where it is sure."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from app.stream.decision import Decision

LABELS, MODALITIES = ("wave", "squat", "idle"), 3


def decision(enter=0.5, leave=0.35, sensitivity=0.5):
    return Decision(LABELS, {"enter": enter, "leave": leave}, sensitivity)


def scores(label, score=0.9):
    fused_C = np.full(3, (1 - score) / 2)
    fused_C[LABELS.index(label)] = score
    return fused_C


def run(script, hop_s=0.1, machine=None):
    """Stretches of [(seconds, label, score), ...]; the window that ends at t speaks of t - 1."""
    machine, ended, time_s = machine or decision(), [], 0.0
    for seconds, label, score in script:
        for _ in range(round(seconds / hop_s)):
            time_s += hop_s
            fused_C = scores(label, score)
            ended.append(machine.update(time_s, time_s - 1, fused_C, np.stack([fused_C, fused_C / 2, fused_C / 4])))
    ended.append(machine.close())
    return [stretch for stretch in ended if stretch is not None]


@pytest.mark.parametrize("hop_s", [0.05, 0.15, 0.25])
def test_a_stretch_speaks_of_the_action_a_little_late(hop_s):
    (stretch,) = run([(6, "idle", 0.9), (3, "wave", 0.9), (6, "idle", 0.9)], hop_s)
    assert stretch.label == LABELS.index("wave")
    assert stretch.start_s == pytest.approx(5.2, abs=0.2) and stretch.end_s == pytest.approx(8.15, abs=0.2)
    assert (stretch.first_s, stretch.last_s) == (pytest.approx(stretch.start_s + 1), pytest.approx(stretch.end_s + 1))


def test_scores_of_a_stretch():
    (stretch,) = run([(3, "wave", 0.8)])
    assert stretch.windows == 30 and stretch.mass == pytest.approx(24)
    assert stretch.fused_C / 30 == pytest.approx([0.8, 0.1, 0.1])
    assert stretch.modality_MC[:, 0] / 30 == pytest.approx([0.8, 0.4, 0.2])


@pytest.mark.parametrize(
    ("script", "labels"),
    [
        ([(10, "idle", 0.9)], []),
        ([(10, "wave", 0.45)], []),  # never sure
        ([(3, "idle", 0.9), (0.1, "wave", 0.9), (3, "idle", 0.9)], []),  # smoothed away
        ([(3, "wave", 0.9), (0.1, "squat", 0.9), (3, "wave", 0.9)], ["wave"]),
        ([(3, "wave", 0.9), (3, "wave", 0.42), (3, "wave", 0.9)], ["wave"]),  # between leave and enter it goes on
        ([(3, "wave", 0.9), (3, "wave", 0.05), (3, "wave", 0.9)], ["wave", "wave"]),
        ([(3, "wave", 0.9), (3, "squat", 0.9)], ["wave", "squat"]),
        ([(3, "wave", 0.9), (3, "idle", 0.9), (3, "squat", 0.9)], ["wave", "squat"]),
    ],
)
def test_stretches(script, labels):
    assert [LABELS[stretch.label] for stretch in run(script)] == labels


def test_what_no_action_names_is_never_said():
    machine = Decision(("wave", "other", "idle"), {"enter": 0.5, "leave": 0.35})
    ended = []
    for step in range(1, 61):
        fused_C = np.array([0.9, 0.05, 0.05] if step <= 30 else [0.05, 0.9, 0.05])
        ended.append(machine.update(step / 10, step / 10 - 1, fused_C, np.stack([fused_C] * 3)))
    assert [s.label for s in ended if s] == [0] and machine.label is None and machine.score == 0
    assert machine.closest == ("other", pytest.approx(0.9, abs=0.01)), "it is the likeliest, and the page says so"
    assert machine.close() is None


def test_label_shown():
    machine = decision()
    assert (machine.label, machine.score, machine.closest) == (None, 0.0, None)
    run_one = lambda t, label, score: machine.update(t, t - 1, scores(label, score), np.zeros((3, 3)))  # noqa: E731
    run_one(1.0, "idle", 0.9)
    assert (machine.label, machine.score, machine.closest) == ("idle", pytest.approx(0.9), None)
    run_one(9.0, "wave", 0.9)
    assert machine.label == "wave" and machine.closest is None
    run_one(18.0, "squat", 0.34)
    assert machine.label is None
    machine.close()
    assert machine.label is None and machine.fused_C is None and machine.closest is None


def test_why_not_a_label():
    machine = decision()
    machine.update(1.0, 0.0, np.array([0.42, 0.25, 0.33]), np.zeros((3, 3)))
    assert machine.label is None and machine.closest == ("wave", pytest.approx(0.42))
    machine.update(9.0, 8.0, np.array([0.3, 0.32, 0.34]), np.zeros((3, 3)))  # idle is best, but not sure either
    assert machine.label is None and machine.closest == ("idle", pytest.approx(0.34))


def test_without_idle_among_the_labels():
    machine = Decision(LABELS[:2], {"enter": 0.5, "leave": 0.3})
    for t in np.arange(0, 3, 0.1):
        machine.update(t, t - 1, np.array([0.1, 0.9]), np.zeros((3, 2)))
    assert machine.close().label == 1


@pytest.mark.parametrize(("sensitivity", "enter", "leave"), [(0, 0.8, 0.5), (0.5, 0.4, 0.25), (1, 0.2, 0.125)])
def test_sensitivity_scales_the_thresholds(sensitivity, enter, leave):
    machine = decision(0.4, 0.25, sensitivity)
    assert (machine.enter, machine.leave) == (pytest.approx(enter), pytest.approx(leave))


def test_sensitivity_while_it_runs():
    machine = decision()
    middling = [(3, "wave", 0.45)]
    assert run(middling, machine=machine) == []
    machine.sensitivity = 0.7
    assert [stretch.label for stretch in run(middling, machine=machine)] == [0]
    machine.sensitivity = 0.0  # nothing is impossible: a threshold stays below 1
    assert machine.enter == 0.95 and len(run([(3, "wave", 0.97)], machine=machine)) == 1
    assert decision(0.97, 0.9, 0.0).enter == 0.97


@pytest.mark.parametrize("sensitivity", [-0.1, 1.1, float("nan")])
def test_a_sensitivity_that_makes_no_sense(sensitivity):
    with pytest.raises(ValueError, match="from 0 to 1"):
        decision(sensitivity=sensitivity)


@pytest.mark.parametrize(("enter", "leave"), [(0.3, 0.5), (1.2, 0.5), (0.5, 0.0), (float("nan"), 0.3)])
def test_thresholds_that_make_no_sense(enter, leave):
    with pytest.raises(ValueError, match="thresholds need"):
        decision(enter, leave)


def test_an_action_with_a_threshold_of_its_own():
    machine = Decision(LABELS, {"enter": 0.6, "leave": 0.3, "by_label": {"squat": 0.4, "taught elsewhere": 0.1}})
    assert (machine.enter_of("wave"), machine.leave_of("wave")) == (0.6, 0.3)
    assert (machine.enter_of("squat"), machine.leave_of("squat")) == (0.4, pytest.approx(0.2))
    middling = [(3, "wave", 0.5), (3, "idle", 0.9), (3, "squat", 0.5), (3, "idle", 0.9)]
    assert [stretch.label for stretch in run(middling, machine=machine)] == [LABELS.index("squat")]
    machine.sensitivity = 0.0
    assert machine.enter_of("squat") == pytest.approx(0.8) and run(middling, machine=machine) == []


def test_ten_hours_keep_nothing():
    machine, ended, sizes = decision(), 0, set()
    for second in range(36_000):
        fused_C = scores("wave" if second % 20 < 10 else "idle")
        ended += machine.update(second, second - 1, fused_C, np.zeros((3, 3))) is not None
        if second % 20 == 15 and second > 20:
            sizes.add(sum(sys.getsizeof(value) for value in vars(machine).values()))
    assert ended == 1800 and len(sizes) == 1
