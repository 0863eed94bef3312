"""The browser's counting against Python's: bodies that squat, wave, step, hold still or hide, and what flickers."""

from __future__ import annotations

import numpy as np

from app.counting.actions import is_in_position, least_of, sides_of
from app.counting.counter import Counter
from app.counting.repetitions import repetitions
from app.site.constants import constants
from models.labels import DISPLAY
from tests.app.counting.figures import bumps, figure, noise, times, waving
from tests.app.node_scripts import run_script
from tests.web.streams import START
from training.drawing.motions import make_motion

SCRIPT = """
import { Counter, isInPosition, leastOf, sidesOf } from "./counter.js";
import { repetitions } from "./repetitions.js";
const framesOf = ({ times, joints, seen }) =>
  times.map((timeS, t) => [timeS, Float32Array.from(joints[t]), Uint8Array.from(seen[t])]);
tell({
  found: facts.cases.map((one) => repetitions(framesOf(one), one.sides, one.action)),
  counted: facts.long.map(({ told, ...one }) => {
    const counter = new Counter(), frames = framesOf(one), said = [];
    for (const [timeS, label, first, start, end] of told) {
      while (frames.length && frames[0][0] <= timeS) counter.push(...frames.shift());
      said.push(end === null ? counter.count(label, first, start, timeS) : counter.counted(label, start, end));
    }
    return said;
  }),
  labels: facts.labels.map((label) => [leastOf(label), sidesOf(label), isInPosition(label)]),
});
"""
STEP_S = 0.5
SEEN_TV = np.ones((2000, 25), bool)


def cases() -> list[tuple[np.ndarray, np.ndarray, np.ndarray, str, tuple[float, float] | None]]:
    """(times, joints, seen, sides, start and end of an action in a position)."""
    times_T = times(9.0, 24.0)
    starts = [1.0, 2.6, 4.6, 6.4]
    arms = figure(0, left_T=bumps(times_T, starts), right_T=bumps(times_T, [s + 0.8 for s in starts]))
    bodies = [
        (noise(figure(bumps(times_T, starts)), seed=1), "together"),
        (noise(figure(bumps(times_T, starts), right_T=0.2), seed=2), "found out"),
        (noise(arms, seed=3), "found out"),
        (noise(figure(0, step_T=np.sin(5 * times_T)), seed=4), "in turn"),
        (noise(figure(0 * times_T), seed=5), "found out"),
        (noise(make_motion("jumping_jack", 9.0, 24.0, 1), seed=6), "together"),
        (noise(make_motion("wave", 9.0, 24.0, 2), seed=7), "found out"),
        (figure(bumps(times_T, [0.0]))[:9], "found out"),
    ]
    found = []
    for k, (joints_TV3, sides) in enumerate(bodies):
        seen_TV = np.random.default_rng(k).uniform(size=joints_TV3.shape[:2]) > (0.3 if k % 2 else 0.0)
        seen_TV[:, 20] = True
        seen_TV[:, 13:15] &= k != 3
        found.append((times_T[: len(joints_TV3)], joints_TV3, seen_TV, sides, None))
    for number, metres in ((6, 0.15), (8, 0.05), (0, 0.15)):
        times_T, joints_TV3, down_s = waving(number, metres=metres)
        found.append((times_T, noise(joints_TV3, seed=number), SEEN_TV[: len(times_T)], "found out", (1.2, down_s)))
    found.append((*found[0][:4], (40.0, 41.0)))  # none of it is within
    return found


def flicker() -> tuple[tuple, list[tuple]]:
    """Squats whose action comes and goes; it is told at the end, and goes on after a pause."""
    times_T = times(20.0, 20.0)
    joints_TV3 = noise(figure(bumps(times_T, [1.0, 3.0, 5.0, 7.0, 12.0, 14.0])), seed=9)
    first = [(now, "squat", 0.5 * (now // 0.5), 0.5 * (now // 0.5) - 2.0, None) for now in np.arange(2.6, 9.0, 0.2)]
    second = [(now, "squat", 12.5, 11.8, None) for now in np.arange(12.6, 16.0, 0.2)]
    told = [*first, (9.2, "squat", 7.0, 0.8, 8.8), *second, (16.5, "squat", 12.5, 11.8, 15.8)]
    return (times_T, joints_TV3, SEEN_TV[: len(times_T)]), told


def waves() -> tuple[tuple, list[tuple]]:
    """A hand that is lifted, waves a little and is lowered."""
    times_T, joints_TV3, down_s = waving(6)
    told = [(now, "wave", 1.6, 1.2, None) for now in np.arange(1.8, down_s, 0.2)]
    told.append((down_s + 1.0, "wave", 1.6, 1.2, down_s))
    return (times_T, noise(joints_TV3, seed=10), SEEN_TV[: len(times_T)]), told


def as_json(times_T, joints_TV3, seen_TV) -> dict:
    joints_TX = joints_TV3.reshape(len(joints_TV3), -1)
    return {"times": times_T.tolist(), "joints": joints_TX.tolist(), "seen": seen_TV.astype(int).tolist()}


def long_squats() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Squats for 40 seconds, a pause, and again: longer than joints are kept."""
    times_T = times(60.0, 15.0)
    joints_TV3 = noise(figure(bumps(times_T, [*np.arange(1.0, 40.0, 1.9), *np.arange(44.0, 57.0, 2.1)])), seed=8)
    return times_T, joints_TV3, np.ones(joints_TV3.shape[:2], bool)


def calls() -> list[tuple]:
    """(now, label, first seen, start, end or None): asked every half a second, and when an action is over."""
    first = [(now, "squat", 2.0, 0.6, None) for now in np.arange(2.0, 40.5, STEP_S).tolist()]
    second = [(now, "squat", 46.0, 43.8, None) for now in np.arange(46.0, 57.0, STEP_S).tolist()]
    others = [(42.0, "drink", 41.0, 40.9, None), (58.0, "squat", 46.0, 43.8, 57.0), (59.0, "wave", 57.5, 57.4, 58.5)]
    return sorted([*first, (42.5, "squat", 2.0, 0.6, 40.4), *second, *others])


def test_the_counting_says_the_same(tmp_path):
    some, played = cases(), [(long_squats(), calls()), flicker(), waves()]
    facts = {
        "constants": constants(),
        "cases": [as_json(*one[:3]) | {"sides": one[3], "action": one[4]} for one in some],
        "long": [as_json(*frames) | {"told": told} for frames, told in played],
        "labels": list(DISPLAY),
    }
    ours = run_script(tmp_path, START + SCRIPT, facts, "web")

    found = [repetitions(*one) for one in some]
    for one, other in zip(ours["found"], found, strict=True):
        np.testing.assert_allclose(np.array(one).reshape(-1, 2), other, atol=1e-9)
    assert sum(map(len, found)) > 20 and not len(found[4])
    counted = [said(*one) for one in played]
    assert ours["counted"] == counted
    squats, flickers, waved = ([n for n in one if isinstance(n, int)] for one in counted)
    assert max(squats) > 25 and max(flickers) == 6 and max(waved) in (5, 6, 7)
    assert len(found[8]) in (5, 6, 7) and len(repetitions(*some[8][:4])) < 3
    assert ours["labels"] == [[least_of(label), sides_of(label), is_in_position(label)] for label in DISPLAY]


def said(long, calls) -> list:
    counter, told, at = Counter(), [], 0
    for now, label, first_s, start_s, end_s in calls:
        while at < len(long[0]) and long[0][at] <= now:
            counter.push(float(long[0][at]), long[1][at], long[2][at])
            at += 1
        if end_s is None:
            told.append(counter.count(label, first_s, start_s, now))
        else:
            over = counter.counted(label, start_s, end_s)
            told.append(None if over is None else {"count": over.count, "timesS": list(over.times_s)})
    return told
