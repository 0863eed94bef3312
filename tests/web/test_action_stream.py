"""The browser's stream against Python's, frame by frame, for people who cross, leave, come back and hide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.types import Pose
from tests.web.streams import MadeUp, person, play, said_by_python, same_events
from training.drawing.motions import make_scene

STEPS = [("stand", 1.5), ("squat", 6.0), ("wave", 4.0), ("walk", 4.0), ("stand", 2.0)]


def alone(fps: float, seed: int, steps=STEPS) -> list[tuple[float, list[Pose]]]:
    """Somebody before a camera whose rate wavers."""
    joints_TV3 = make_scene(steps, fps, seed)
    times_T = 0.1 + (np.arange(len(joints_TV3)) + np.random.default_rng(seed).uniform(0, 0.4, len(joints_TV3))) / fps
    poses = person(times_T, joints_TV3, np.full((len(times_T), 2), 0.5), seed=seed)
    return [(pose.time_s, [pose]) for pose in poses]


def unseen(pose: Pose, marks: list[int]) -> Pose:
    visibility_V = pose.visibility_V.copy()
    visibility_V[marks] = 0.1
    return replace(pose, visibility_V=visibility_V)


def crossing() -> list[tuple[float, list[Pose]]]:
    """Two who change places while a third comes, goes and comes back, with one of them given twice at times."""
    frames = alone(15.0, 3)
    times_T = np.array([time_s for time_s, _ in frames])
    way_T = np.clip((times_T - 4) / 6, 0, 1)
    nearer_T = np.linspace(0.4, 0.8, len(times_T))  # one of them comes towards the camera
    for seed, (low, high, size) in enumerate([(0.25, 0.75, 0.5), (0.7, 0.2, nearer_T), (0.5, 0.5, 0.35)]):
        joints_TV3 = make_scene(STEPS[::-1], 15.0, 20 + seed)[: len(times_T)]
        middle_T2 = np.stack([low + (high - low) * way_T, np.full(len(times_T), 0.5)], 1)
        for t, pose in enumerate(person(times_T, joints_TV3, middle_T2, size, seed)):
            if seed == 2 and not (4 < pose.time_s < 8 or pose.time_s > 9.2):
                continue
            frames[t][1].append(pose)
            if t % 17 == 0:
                frames[t][1].append(replace(pose, image_V3=pose.image_V3 + np.float32(0.004)))
    return [(time_s, poses[1:]) for time_s, poses in frames]


def hidden() -> list[tuple[float, list[Pose]]]:
    """Somebody whose legs are under a desk, who turns so that the shoulders are lost, and leaves for 1.6 s."""
    frames = []
    for time_s, (pose,) in alone(20.0, 5):
        pose = unseen(pose, list(range(23, 33)))
        if 3.0 < time_s < 3.5:
            pose = unseen(pose, [11])
        frames.append((time_s, [] if 7.0 < time_s < 8.6 else [pose]))
    return frames


CASES = {
    "alone": (alone(25.0, 1), 0.2, 0.5),
    "slow": (alone(8.0, 2), 0.25, 0.9),
    "crossing": (crossing(), 0.2, 0.5),
    "hidden": (hidden(), 0.2, 0.2),
    "nobody": ([(0.1 * i, []) for i in range(20)], 0.2, 0.5),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    python = {name: said_by_python(MadeUp(seed), *case) for seed, (name, case) in enumerate(CASES.items())}
    ours = play(tmp_path_factory.mktemp("node"), list(python.values()))
    return python, dict(zip(CASES, ours, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_the_same_windows_are_due(name, both):
    python, ours = (one[name] for one in both)
    due = [frame for frame, *_ in ours["due"]]
    assert due == [int(frame) for frame, rows in python["windows"].items() for _ in rows]
    for _, _, _, poses, _, numbers in ours["due"]:
        assert numbers == 99 * poses and poses > 1


@pytest.mark.parametrize("name", CASES)
def test_each_answer_is_the_same(name, both):
    python, ours = (one[name] for one in both)
    for one, other in zip(ours["said"], python["said"], strict=True):
        people, label, score, count, closest, persons = other
        assert (one[0], one[1], one[3], one[5]) == (people, label, count, persons)
        assert one[2] == pytest.approx(score, abs=1e-6)
        assert (one[4] is None) == (closest is None)
        if closest is not None:
            assert one[4] == [closest[0], pytest.approx(closest[1], abs=1e-6)]


@pytest.mark.parametrize("name", CASES)
def test_the_events_are_the_same(name, both):
    python, ours = (one[name] for one in both)
    same_events(ours["events"], python["events"])


def test_the_cases_show_what_they_should(both):
    python, _ = both
    assert sum(len(one["events"]) for one in python.values()) > 20
    assert {event.person for event in python["crossing"]["events"]} >= {0, 1, 2}
    assert any(event.count for event in python["alone"]["events"])
    nearest = {who for *_, persons in python["crossing"]["said"] for who, main, *_ in persons if main}
    assert len(nearest) > 1
