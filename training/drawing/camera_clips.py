"""Labelled skeleton clips as the app will see them: drawn as people, run through the app's own pose path.

    python -m training draw --data DATA --out runs/drawn --workers 2

Each job draws one clip (of a set, or a motion written by hand) from one camera at one frame rate, and keeps the 33
world landmarks and their visibility. Jobs come in a fixed order that mixes actions, sources and parts, so that any
prefix is a balanced set; parts of 40 jobs are written whole, and a second run goes on where the first stopped.

Shapes: T frames, L landmarks (33).
"""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from pathlib import Path

import numpy as np

from models.labels import OTHER
from models.skeleton import JOINTS, MIRROR
from models.system.native_warnings import native_warnings_hidden
from training.data.splits import Sample, samples
from training.data.tracks import RATE_MARK, SCENE_MARK
from training.drawing.draw import Camera, Look, draw_clip
from training.drawing.film import Film, random_film
from training.drawing.motions import MOTIONS, make_motion
from training.parallel.processes import side_by_side

PART_JOBS = 40
LONGEST_S = 4.0
RATES = (12.0, 15.0, 15.0, 20.0, 20.0, 24.0, 30.0)
# Actions that a person at a desk does, so drawn from near as well, the legs out of sight.
UPPER = {"wave", "raise_hand", "clap", "drink", "phone", "throw", "punch", "point", "idle", OTHER}
_L, _R = JOINTS.index("left_shoulder"), JOINTS.index("right_shoulder")
_ANKLES = [JOINTS.index("left_ankle"), JOINTS.index("right_ankle")]


@dataclass(frozen=True, slots=True)
class Job:
    """One clip to draw: a sample of a set, or a motion by name where there is none.

    Attributes:
        action: short id.
        part: train, val or test.
        seed: of camera, look and film.
        sample: what is drawn.
        film: whether the picture suffers as in a real room (training.drawing.film) or is clean.
        rate: frames a second of the camera; None takes a random one of RATES. All else is the same at every rate.

    Raises:
        ValueError: the rate is not positive.
    """

    action: str
    part: str
    seed: int
    sample: Sample | None = None
    film: bool = False
    rate: float | None = None

    def __post_init__(self) -> None:
        if self.rate is not None and not self.rate > 0:
            raise ValueError(f"a camera needs a positive rate in frames a second, or None; got {self.rate}")

    @property
    def key(self) -> str:
        scene = f"{self.sample.key if self.sample else 'motion'}{SCENE_MARK}{self.seed}"
        return scene if self.rate is None else f"{scene}{RATE_MARK}{self.rate:g}"


@dataclass(frozen=True, slots=True)
class Setting:
    """How a job's clip is drawn.

    Attributes:
        fps: frames a second.
        camera: where it stands.
        look: of the person and the room.
        seconds: of a motion written by hand; 0 for a sample, which lasts as long as it does.
        mirrored: whether a sample's sides are swapped.
        film: what happens to the picture; None leaves it clean.
    """

    fps: float
    camera: Camera
    look: Look
    seconds: float
    mirrored: bool
    film: Film | None


def _turns(per_source: dict[str, list[Sample]], most: int, rng: np.random.Generator) -> list[Sample]:
    """At most `most` samples, the sources taking turns."""
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
) -> list[Job]:
    """Everything to draw, in order: train, hand-written and held-out clips of all actions, mixed.

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
    """
    groups: dict[tuple[str, str], dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples(data, other=other > 0):
        groups[sample.part, sample.action][sample.set].append(sample)
    rng = np.random.default_rng(seed)
    lanes: list[list[Job]] = []
    for (part, action), per_source in sorted(groups.items()):
        most = per_action if part == "train" else held_out
        if action == OTHER:
            most = other if part == "train" else other // 3
        chosen = _turns(dict(sorted(per_source.items())), most, rng)
        again = chosen * max(1, min(3, most // max(len(chosen), 1))) if part == "train" else chosen
        lanes.append([Job(action, part, 0, sample) for sample in again])
    lanes += [[Job(action, "train", 0)] * motions for action in MOTIONS]
    order = [(k / len(lane), i, job) for i, lane in enumerate(lanes) for k, job in enumerate(lane)]
    # by position within the lane: at any moment every lane is drawn to the same share
    order.sort(key=lambda entry: entry[:2])
    numbered = [replace(job, seed=100_000 * seed + n, film=film, rate=rate) for n, (_, _, job) in enumerate(order)]
    return [job for job in numbered if job.part in parts]


def idle_jobs(data: str | Path, cameras: int, seed: int, part: str, least_s: float = 2.5) -> list[Job]:
    """Recorded clips of stillness that last at least least_s, each seen by several cameras, the clips taking turns.

    Args:
        data: folder that holds skeletons/.
        cameras: of each clip.
        seed: of cameras and looks; 0 to 99.
        part: val or test.
        least_s: seconds.
    """
    still = [
        sample for sample in samples(data)
        if sample.part == part and sample.action == "idle" and len(sample.clip.joints_TV3) / sample.clip.fps >= least_s
    ]  # fmt: skip
    every = [sample for _ in range(cameras) for sample in still]
    return [Job("idle", part, 100_000 * seed + n, sample) for n, sample in enumerate(every)]


def _camera(rng: np.random.Generator, action: str) -> tuple[Camera, bool]:
    yaw = rng.normal(0, 0.6) if rng.random() < 0.8 else rng.uniform(-1.9, 1.9)
    if action in UPPER and rng.random() < 0.35:  # a laptop on the desk
        near = Camera(yaw * 0.6, rng.uniform(0.9, 1.5), rng.uniform(1.1, 1.35), rng.uniform(1.0, 1.9))
        return replace(near, focal=rng.uniform(0.75, 1.0)), rng.random() < 0.3
    far = Camera(yaw, rng.uniform(0.6, 2.0), rng.uniform(0.8, 1.1), rng.uniform(2.4, 4.5), rng.uniform(0.75, 1.05))
    size = (640, 480) if rng.random() < 0.7 else ((640, 360) if rng.random() < 0.6 else (360, 640))
    # a narrow picture must still hold the body
    return replace(far, size=size, focal=far.focal * 640 / size[0] * size[1] / 480), False


def setting_of(job: Job) -> Setting:
    """Everything random about a job, by its seed alone: a rate that is given changes nothing but the rate."""
    rng = np.random.default_rng([job.seed, 7])
    random_fps = RATES[rng.integers(len(RATES))]  # drawn at any rate, so that what follows stays the same
    camera, desk = _camera(rng, job.action)
    return Setting(  # the generator is used in this order
        fps=random_fps if job.rate is None else job.rate,
        camera=camera,
        look=Look(job.seed, desk),
        seconds=rng.uniform(2.5, LONGEST_S) if job.sample is None else 0.0,
        mirrored=job.sample is not None and rng.random() < 0.5,  # some sets recorded one hand only
        film=random_film(rng) if job.film else None,
    )


def drawn_joints(job: Job, how: Setting) -> np.ndarray:
    """(T, 25, 3) metres: what the camera is shown, a pose a frame."""
    if job.sample is None:
        return make_motion(job.action, how.seconds, how.fps, job.seed)
    joints = _resampled(*_staged(job.sample), how.fps)
    return mirrored(joints) if how.mirrored else joints


def _staged(sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """(T, 25, 3) of a recorded clip on the ground, near the origin, facing -z on average; and its times."""
    times_T, joints, _ = sample.clip.shown
    if times_T[-1] - times_T[0] > LONGEST_S:
        middle = (times_T[0] + times_T[-1]) / 2
        near = np.abs(times_T - middle) <= LONGEST_S / 2
        times_T, joints = times_T[near], joints[near]
    across = (joints[:, _R] - joints[:, _L]).mean(0)
    angle = np.arctan2(across[2], across[0])
    c, s = np.cos(angle), np.sin(angle)
    joints = joints @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32).T
    path = joints[:, [0], :] * [1, 0, 1]
    reach = np.abs(path - path.mean(0)).max()
    joints = joints - path + (path - path.mean(0)) * min(1.0, 0.9 / max(reach, 1e-6))
    ground = np.percentile(joints[:, _ANKLES, 1].min(1), 10) - 0.08
    return (joints - [0, ground, 0]).astype(np.float32), times_T - times_T[0]


def _resampled(joints: np.ndarray, times_T: np.ndarray, fps: float) -> np.ndarray:
    when = np.arange(0, times_T[-1] + 1e-6, 1 / fps)
    at = np.searchsorted(times_T, when, side="right").clip(1, len(times_T) - 1)
    share = ((when - times_T[at - 1]) / np.maximum(times_T[at] - times_T[at - 1], 1e-6)).clip(0, 1)[:, None, None]
    return (joints[at - 1] * (1 - share) + joints[at] * share).astype(np.float32)


def see(job: Job, pose_model: str | Path) -> dict[str, np.ndarray]:
    """Draw one job and look at it with the pose landmarker.

    Returns:
        times (T,), world (T, 33, 3) float16 metres, visibility (T, 33) float16 and truth (T, 25, 3) float16 metres (the
        joints that were drawn, turned to the camera) of the frames where the person was found, and found, the share
        of such frames.
    """
    from app.pose.landmarker import PoseSource

    how = setting_of(job)
    joints = drawn_joints(job, how)
    found = []
    with PoseSource(pose_model, num_poses=1) as source:
        for t, bgr in enumerate(draw_clip(joints, how.camera, how.look, how.film)):
            poses = source.detect(bgr[..., ::-1], t / how.fps)
            found += [(t, pose) for pose in poses]
    return {
        "times": np.array([t / how.fps for t, _ in found], np.float32),
        "world": np.array([p.world_V3 for _, p in found], np.float16).reshape(-1, 33, 3),
        "visibility": np.array([p.visibility_V for _, p in found], np.float16).reshape(-1, 33),
        "truth": how.camera.turned(joints[[t for t, _ in found]]).astype(np.float16).reshape(-1, len(JOINTS), 3),
        "found": np.float32(len(found) / max(len(joints), 1)),
    }


def mirrored(joints: np.ndarray) -> np.ndarray:
    """(..., 25, 3) as seen in a mirror: sides swapped, x negated."""
    return joints[..., MIRROR, :] * np.array([-1, 1, 1], np.float32)


_MODEL: Path | None = None


def _start(pose_model: Path) -> None:
    global _MODEL
    _MODEL = pose_model
    if parent_process() is not None:  # what this process does next need not be slow
        os.nice(10)
    import cv2

    cv2.setNumThreads(1)


def _draw_part(work: tuple[int, list[Job], Path]) -> int:
    number, some, out = work
    with native_warnings_hidden():
        seen = [see(job, _MODEL) for job in some]
    fields = {
        "length": np.array([len(s["times"]) for s in seen]),
        "found": np.array([s["found"] for s in seen]),
        "action": np.array([j.action for j in some]),
        "part": np.array([j.part for j in some]),
        "source": np.array([j.sample.set if j.sample else "motion" for j in some]),
        "subject": np.array([j.sample.clip.subject if j.sample else -1 for j in some]),
        "key": np.array([j.key for j in some]),
    } | {name: np.concatenate([s[name] for s in seen]) for name in ("times", "world", "visibility", "truth")}
    path = out / f"part_{number:04d}.npz"
    temporary = path.with_suffix(".tmp")
    with open(temporary, "wb") as file:
        np.savez(file, **fields)
    os.replace(temporary, path)
    return len(some)


def draw_all(todo: list[Job], out: Path, pose_model: Path, workers: int, at_once: int = PART_JOBS) -> None:
    """Draw jobs into OUT/part_*.npz, so many a part, with a progress bar; parts that are there are kept."""
    from tqdm import tqdm

    out.mkdir(parents=True, exist_ok=True)
    stamp = out / "jobs.crc"
    # The first part's jobs tell the data and the seed; a longer list of the same goes on from a shorter one.
    crc = str(zlib.crc32("\n".join(f"{j.key} {j.action} {j.part}" for j in todo[:at_once]).encode()))
    if stamp.exists() and stamp.read_text() != crc:
        raise ValueError(f"{out} holds clips of another list of jobs; give another --out or delete it")
    stamp.write_text(crc)
    parts = [(k, todo[k * at_once : (k + 1) * at_once], out) for k in range(-(-len(todo) // at_once))]
    left = [part for part in parts if not (out / f"part_{part[0]:04d}.npz").exists()]
    if not left:
        return
    done = len(todo) - sum(len(some) for _, some, _ in left)
    with tqdm(total=len(todo), initial=done, unit="clip", desc="drawing") as bar:
        for count in side_by_side(_draw_part, left, workers, _start, (pose_model,)):
            bar.update(count)
