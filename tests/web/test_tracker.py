"""The browser's tracker against Python's: numbers that stay, poses given twice, and how many people are looked for."""

from __future__ import annotations

import numpy as np

from app.pose.landmarker import PoseSource
from app.pose.tracker import People, best_pairs, distinct
from app.site.constants import constants
from app.types import Pose
from tests.app.node_scripts import run_script
from tests.web.streams import START, coded

SCRIPT = """
import { LookPlan, People, bestPairs, distinct } from "./tracker.js";
const people = new People(), plan = new LookPlan(4);
tell({
  seen: facts.frames.map(([timeS, coded]) => {
    const poses = coded.map(poseOf), kept = distinct(poses), seen = people.update(timeS, kept);
    const numbers = [...seen].map(([number, pose]) => [number, poses.indexOf(pose)]);
    return [kept.map((pose) => poses.indexOf(pose)), numbers, people.known];
  }),
  pairs: facts.fits.map((fits) => bestPairs(fits, fits[0].length)),
  looked: facts.found.map(([timeS, people]) => {
    const many = plan.next(timeS);
    plan.found(timeS, Math.min(people, many));
    return many;
  }),
});
"""


def crowd(rng) -> list[tuple[float, list[Pose]]]:
    """Up to six bodies that wander through the picture, jump, leave and come back, some of them given twice."""
    at_P2, way_P2, frames = rng.uniform(0, 1, (6, 2)), rng.normal(0, 0.2, (6, 2)), []
    shape_PL2, size_P = rng.normal(0, 0.1, (6, 33, 2)), rng.uniform(0.3, 2, 6)
    for i in range(240):
        at_P2 = (at_P2 + way_P2 / 15) % 1
        way_P2 += rng.normal(0, 0.03, (6, 2))
        poses, time_s = [], i / 15 + rng.uniform(0, 0.03)
        for p in rng.permutation(6):
            if (i // (20 + 9 * p) + p) % 3 == 0:
                continue
            image_V3 = np.zeros((33, 3), np.float32)
            image_V3[:, :2] = at_P2[p] + size_P[p] * (shape_PL2[p] + rng.normal(0, 0.003, (33, 2)))
            pose = Pose(time_s, np.zeros((33, 3), np.float32), image_V3, rng.uniform(0, 1, 33).astype(np.float32))
            poses += [pose] * (1 + (i % 11 == 0 and p == 2))
        frames.append((time_s, poses))
    return frames


class Planned(PoseSource):
    """The plan alone, without a landmarker."""

    def __init__(self) -> None:
        self._most, self._look_s, self._in_view = 4, -np.inf, 0

    def next(self, time_s: float, people: int) -> int:
        look = time_s >= self._look_s
        many = self._most if look else self._in_view
        self._plan(time_s, look, min(people, many))
        return many


def test_the_tracker_says_the_same(tmp_path):
    rng = np.random.default_rng(0)
    frames = crowd(rng)
    fits = [(rng.uniform(-0.4, 1, (p, q)).clip(0)).tolist() for p in (1, 3, 8) for q in (1, 2, 4)]
    found = [(i / 10, int(n)) for i, n in enumerate(rng.integers(0, 5, 300).repeat(3))]
    facts = {"constants": constants(), "fits": fits, "found": found}
    facts["frames"] = [[time_s, [coded(pose) for pose in poses]] for time_s, poses in frames]
    ours = run_script(tmp_path, START + SCRIPT, facts, "web")

    people, twice, numbers = People(), 0, set()
    for (time_s, poses), (kept, pairs, known) in zip(frames, ours["seen"], strict=True):
        alone = distinct(poses)
        seen = people.update(time_s, alone)
        assert kept == [next(k for k, one in enumerate(poses) if one is pose) for pose in alone]
        assert [number for number, _ in pairs] == list(seen) and known == people.known
        assert all(poses[k] is seen[number] for number, k in pairs)
        twice, numbers = twice + (len(alone) < len(poses)), numbers | set(seen)
    assert twice > 5 and len(numbers) > 6
    assert [list(map(tuple, pairs)) for pairs in ours["pairs"]] == [best_pairs(np.array(one)) for one in fits]
    plan = Planned()
    assert ours["looked"] == [plan.next(time_s, people) for time_s, people in found]
    assert len(set(ours["looked"])) > 3
