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
from multiprocessing import parent_process
from pathlib import Path

import numpy as np

from models.skeleton import JOINTS
from models.system.atomic import replacing, write_text
from models.system.native_warnings import native_warnings_hidden
from training.drawing.draw import draw_clip
from training.drawing.jobs import DrawJob
from training.drawing.scenes import drawn_joints, scene_of
from training.parallel.processes import side_by_side

PART_JOBS = 40


def see(job: DrawJob, pose_model: str | Path) -> dict[str, np.ndarray]:
    """Draw one job and look at it with the pose landmarker.

    Returns:
        times (T,), world (T, 33, 3) float16 metres, visibility (T, 33) float16 and truth (T, 25, 3) float16 metres (the
        joints that were drawn, turned to the camera) of the frames where the person was found, and found, the share
        of such frames.
    """
    from app.pose.landmarker import PoseSource

    scene = scene_of(job)
    joints = drawn_joints(job, scene)
    found = []
    with PoseSource(pose_model, num_poses=1) as source:
        for t, bgr in enumerate(draw_clip(joints, scene.camera, scene.look, scene.film)):
            poses = source.detect(bgr[..., ::-1], t / scene.fps)
            found += [(t, pose) for pose in poses]
    return {
        "times": np.array([t / scene.fps for t, _ in found], np.float32),
        "world": np.array([p.world_V3 for _, p in found], np.float16).reshape(-1, 33, 3),
        "visibility": np.array([p.visibility_V for _, p in found], np.float16).reshape(-1, 33),
        "truth": scene.camera.turned(joints[[t for t, _ in found]]).astype(np.float16).reshape(-1, len(JOINTS), 3),
        "found": np.array(len(found) / max(len(joints), 1), np.float32),
    }


_MODEL: Path | None = None


def _start(pose_model: Path) -> None:
    global _MODEL
    _MODEL = pose_model
    if parent_process() is not None:  # what this process does next need not be slow
        os.nice(10)
    import cv2

    cv2.setNumThreads(1)


def _draw_part(work: tuple[int, list[DrawJob], Path]) -> int:
    number, some, out = work
    assert _MODEL is not None  # `_start` ran first
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
    with replacing(out / f"part_{number:04d}.npz") as part, open(part, "wb") as file:
        np.savez(file, allow_pickle=False, **fields)
    return len(some)


def draw_all(todo: list[DrawJob], out: Path, pose_model: Path, workers: int, at_once: int = PART_JOBS) -> None:
    """Draw jobs into OUT/part_*.npz, `at_once` jobs a part, with a progress bar.

    Parts that are there are kept.
    """
    from tqdm import tqdm

    out.mkdir(parents=True, exist_ok=True)
    stamp = out / "jobs.crc"
    # The first part's jobs identify data and seed, so a longer list of the same jobs continues a shorter one.
    crc = str(zlib.crc32("\n".join(f"{j.key} {j.action} {j.part}" for j in todo[:at_once]).encode()))
    if stamp.exists() and stamp.read_text() != crc:
        raise ValueError(f"{out} holds clips of another list of jobs; give another --out or delete it")
    write_text(stamp, crc)
    parts = [(k, todo[k * at_once : (k + 1) * at_once], out) for k in range(-(-len(todo) // at_once))]
    left = [part for part in parts if not (out / f"part_{part[0]:04d}.npz").exists()]
    if not left:
        return
    done = len(todo) - sum(len(some) for _, some, _ in left)
    with tqdm(total=len(todo), initial=done, unit="clip", desc="drawing") as bar:
        for count in side_by_side(_draw_part, left, workers, _start, (pose_model,)):
            bar.update(count)
