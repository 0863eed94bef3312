"""Jobs of drawing: which clip, by which camera, with which look."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.labels import IDLE, OTHER
from training.data.splits import Sample, samples
from training.data.tracks import RATE_MARK, SCENE_MARK
from training.drawing.motions import MOTIONS
from training.drawing.ways import WAYS

LONGEST_S = 4.0
# Actions that a person at a desk does, so drawn from near as well, the legs out of sight.
UPPER = {"wave", "raise_hand", "clap", "drink", "phone", "throw", "punch", "point", IDLE, OTHER}
FILMED = 0.5  # share of the drawings from near in which the picture suffers
WEIGHT = {"wave": 2.0, OTHER: 3.0, IDLE: 2.0}  # of an action among the drawn ways; 1 for all others


@dataclass(frozen=True, slots=True)
class DrawJob:
    """Clip to draw: a sample of a set, or a motion by name where there is none.

    Attributes:
        action: short id.
        part: train, val or test.
        seed: of camera, look and film.
        sample: what is drawn.
        film: whether the picture suffers as in a real room (training.drawing.camera_effects) or is clean.
        rate: frames a second of the camera; None takes a random one of RATES. All else is the same at every rate.
        near: whether the camera is one on a desk (training.drawing.desk_cameras).
        way: of doing the action (training.drawing.ways.WAYS), by name, where there is no sample; None for a motion.

    Raises:
        ValueError: the rate is not positive, or both a sample and a way are given.
    """

    action: str
    part: str
    seed: int
    sample: Sample | None = None
    film: bool = False
    rate: float | None = None
    near: bool = False
    way: str | None = None

    def __post_init__(self) -> None:
        if self.rate is not None and not self.rate > 0:
            raise ValueError(f"a camera needs a positive rate in frames a second, or None; got {self.rate}")
        if self.sample is not None and self.way is not None:
            raise ValueError(f"a job draws a sample or a way of doing an action; got {self.sample.key} and {self.way}")

    @property
    def key(self) -> str:
        scene = f"{self.sample.key if self.sample else self.way or 'motion'}{SCENE_MARK}{self.seed}"
        scene += "-near" if self.near else ""
        return scene if self.rate is None else f"{scene}{RATE_MARK}{self.rate:g}"


def _turns(per_source: dict[str, list[Sample]], most: int, rng: np.random.Generator) -> list[Sample]:
    """Choose at most `most` samples, the sources taking turns."""
    queues = [list(rng.permutation(np.array(group, object))) for group in per_source.values()]
    chosen: list[Sample] = []
    while len(chosen) < most and any(queues):
        chosen += [queue.pop() for queue in queues if queue]
    return chosen[:most]


def jobs(
    data: str | Path,
    per_action: int = 90,
    held_out: int = 14,
    motions: int = 50,
    seed: int = 0,
    film: bool = False,
    other: int = 0,
    rate: float | None = None,
    parts: tuple[str, ...] = ("train", "val", "test"),
    near: bool = False,
) -> list[DrawJob]:
    """List everything to draw, in order: train, hand-written and held-out clips of all actions, mixed.

    Args:
        data: folder that holds skeletons/.
        per_action: most training clips of an action; where there are few, each is drawn up to three times.
        held_out: most clips of an action that choose, and that report.
        motions: how often each written motion is drawn.
        seed: of choice, order, cameras, looks and films; 0 to 99.
        film: whether pictures suffer as in a real room.
        other: most training clips of no action; a third of it chooses, and reports.
        rate: frames a second of every camera; None gives each a random one.
        parts: those that are wanted; a job is the same whichever are. Hand-written motions train.
        near: before cameras on a desk, and then actions of UPPER alone, no motions, and FILMED of the pictures suffer.
    """
    groups: dict[tuple[str, str], dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples(data, other=other > 0):
        if near and sample.action not in UPPER:
            continue
        groups[sample.part, sample.action][sample.set].append(sample)
    rng = np.random.default_rng(seed)
    lanes: list[list[DrawJob]] = []
    for (part, action), per_source in sorted(groups.items()):
        most = per_action if part == "train" else held_out
        if action == OTHER:
            most = other if part == "train" else other // 3
        chosen = _turns(dict(sorted(per_source.items())), most, rng)
        again = chosen * max(1, min(3, most // max(len(chosen), 1))) if part == "train" else chosen
        lanes.append([DrawJob(action, part, 0, sample) for sample in again])
    lanes += [[DrawJob(action, "train", 0)] * motions for action in MOTIONS if not near]
    mixed = _mixed(lanes, seed)
    if near:
        numbered = _filmed([replace(job, near=True) for job in mixed], seed, FILMED)
    else:
        numbered = [replace(job, film=film) for job in mixed]
    return [replace(job, rate=rate) for job in numbered if job.part in parts]


def way_jobs(per_action: int = 100, seed: int = 0, film: float = FILMED) -> list[DrawJob]:
    """List drawings of written ways of doing an action, before cameras on a desk. They train.

    The ways of an action take turns.

    Args:
        per_action: drawings of an action whose weight (WEIGHT) is 1.
        seed: of cameras, looks, ways and films; 0 to 99.
        film: share of the pictures that suffer as in a real room.
    """
    lanes = []
    for action, ways in WAYS.items():
        turns = [ways[n % len(ways)].name for n in range(round(per_action * WEIGHT.get(action, 1.0)))]
        lanes.append([DrawJob(action, "train", 0, near=True, way=name) for name in turns])
    return _filmed(_mixed(lanes, seed), seed, film)


def _filmed(some: list[DrawJob], seed: int, share: float) -> list[DrawJob]:
    draws = np.random.default_rng([seed, 3]).random(len(some))
    return [replace(job, film=bool(draw < share)) for job, draw in zip(some, draws, strict=True)]


def _mixed(lanes: list[list[DrawJob]], seed: int) -> list[DrawJob]:
    """Number the jobs of all lanes, by relative position in the lane.

    So the same share of every lane is drawn at any moment.
    """
    order = [(k / len(lane), i, job) for i, lane in enumerate(lanes) for k, job in enumerate(lane)]
    order.sort(key=lambda entry: entry[:2])
    return [replace(job, seed=100_000 * seed + n) for n, (_, _, job) in enumerate(order)]


def idle_jobs(data: str | Path, cameras: int, seed: int, part: str, least_s: float = 2.5) -> list[DrawJob]:
    """List drawings of recorded clips of stillness that last at least least_s.

    Each clip is seen by several cameras, the clips taking turns.

    Args:
        data: folder that holds skeletons/.
        cameras: of each clip.
        seed: of cameras and looks; 0 to 99.
        part: val or test.
        least_s: seconds.
    """
    still = [
        sample for sample in samples(data)
        if sample.part == part and sample.action == IDLE and len(sample.clip.joints_TV3) / sample.clip.fps >= least_s
    ]  # fmt: skip
    every = [sample for _ in range(cameras) for sample in still]
    return [DrawJob(IDLE, part, 100_000 * seed + n, sample) for n, sample in enumerate(every)]
