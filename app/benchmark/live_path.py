"""The benchmark `python -m app bench`: the cost of the live path beside MediaPipe alone, in one run on one video.

Both get the same frame one after the other and take turns in being first, so that other load on the machine meets both
alike.
"""

from __future__ import annotations

import platform
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.stream.action_stream import LIVE_HOP_S, ActionStream
from models.system.cores import usable_cores

if TYPE_CHECKING:
    from app.pose.landmarker import PoseSource
    from export.runtime import ModelScores, Recogniser

GOAL_RATIO = 1.15
GOAL_STUDENT_MS = 7.0
_WARM_UP = 20  # first frames, not counted: caches fill, threads start
_MOST_FRAMES = 900
_STUDENT_RUNS = 200
_STAGES = (
    "MediaPipe alone",
    "live path",
    "  pose",
    "  bridge, window, decision",
    "  student, when called",
    "student alone, batch 1",
)


class TimedModel:
    """A recogniser that measures how long each call of the recogniser behind it takes.

    Args:
        model: the recogniser that answers.

    Attributes:
        spent_s: seconds of each call so far.
    """

    def __init__(self, model: Recogniser) -> None:
        self._model = model
        self.spent_s: list[float] = []
        self.labels, self.display, self.modalities = model.labels, model.display, model.modalities
        self.window_s, self.frames, self.thresholds = model.window_s, model.frames, model.thresholds
        self.version, self.terms = model.version, model.terms
        self.embedding, self.provider = model.embedding, model.provider

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> ModelScores:
        start = time.perf_counter()
        scores = self._model(joints_NTV3, frames_N)
        self.spent_s.append(time.perf_counter() - start)
        return scores


def measure(video: str | Path, model: Recogniser, pose_model: str | Path) -> dict[str, Any]:
    """Measure the live path and MediaPipe alone on one video.

    Args:
        video: a video file; its first 900 frames are used, at their own times.
        model: the action model.
        pose_model: the pose model's file.

    Returns:
        Facts of the run, `stages` (name -> mean, p50, p95 in ms and count), `ratio` of live path to MediaPipe alone.

    Raises:
        VideoError: the video cannot be read.
        ValueError: the video is too short to measure.
    """
    from app.pose.landmarker import PoseSource
    from app.sources.video import VideoReader

    timed = TimedModel(model)
    stream, spent_s = ActionStream(timed, LIVE_HOP_S), defaultdict(list)
    shape, last_s, frames = (0, 0), 0.0, 0
    with VideoReader(video) as reader, PoseSource(pose_model) as alone, PoseSource(pose_model) as live:
        for i, (time_s, rgb_HWC) in enumerate(reader):
            if i == _MOST_FRAMES:
                break
            first = _alone(alone, rgb_HWC, time_s) if i % 2 else {}
            parts = first | _live(live, stream, timed, rgb_HWC, time_s)
            parts |= {} if first else _alone(alone, rgb_HWC, time_s)
            shape, last_s, frames = rgb_HWC.shape[:2], time_s, i + 1
            for name, seconds in parts.items() if i >= _WARM_UP else ():
                spent_s[name].append(seconds)
    if not spent_s["  student, when called"]:
        raise ValueError(f"{Path(video).name}: too short to measure, or nobody in it; choose a video of 5 s or more")
    spent_s["student alone, batch 1"] = _student(model)
    return _result(video, model, spent_s, frames, last_s, shape)


def _alone(source: PoseSource, rgb_HWC: np.ndarray, time_s: float) -> dict[str, float]:
    start = time.perf_counter()
    source.detect(rgb_HWC, time_s)
    return {"MediaPipe alone": time.perf_counter() - start}


def _live(
    source: PoseSource, stream: ActionStream, timed: TimedModel, rgb_HWC: np.ndarray, time_s: float
) -> dict[str, float]:
    calls = len(timed.spent_s)
    start = time.perf_counter()
    poses = source.detect(rgb_HWC, time_s)
    posed = time.perf_counter()
    stream.push(time_s, poses)
    end = time.perf_counter()
    student = timed.spent_s[calls:]
    rest = end - posed - sum(student)
    spent = {"live path": end - start, "  pose": posed - start, "  bridge, window, decision": rest}
    return spent | ({"  student, when called": sum(student)} if student else {})


def _student(model: Recogniser) -> list[float]:
    """Return the seconds that each classification of a single window took, after some warm-up runs."""
    joints_NTV3 = np.random.default_rng(0).normal(0, 0.3, (1, model.frames, 25, 3)).astype(np.float32)
    frames_N, spent_s = np.array([model.window_s * 30], np.float32), []
    for _ in range(10 + _STUDENT_RUNS):
        start = time.perf_counter()
        model(joints_NTV3, frames_N)
        spent_s.append(time.perf_counter() - start)
    return spent_s[10:]


def _result(
    video: str | Path,
    model: Recogniser,
    spent_s: dict[str, list[float]],
    frames: int,
    last_s: float,
    shape: tuple[int, ...],
) -> dict[str, Any]:
    stages = {}
    for name in _STAGES:
        ms = np.array(spent_s[name]) * 1000
        p50, p95 = np.percentile(ms, (50, 95))
        stages[name] = {"mean": float(ms.mean()), "p50": float(p50), "p95": float(p95), "count": len(ms)}
    return {
        "video": Path(video).name,
        "frames": frames,
        "fps": (frames - 1) / last_s,
        "height": shape[0],
        "width": shape[1],
        "cores": usable_cores(),
        "machine": platform.machine(),
        "provider": model.provider,
        "model": model.version,
        "hop_s": LIVE_HOP_S,
        "stages": stages,
        "ratio": stages["live path"]["mean"] / stages["MediaPipe alone"]["mean"],
    }


def table(result: dict[str, Any]) -> str:
    """Format the result as a table."""
    lines = [
        "{video}: {width}x{height}, {fps:.1f} fps, {frames} frames; {cores} cores ({machine}); {provider}; "
        "a window every {hop_s} s".format(**result),
        "",
        f"{'milliseconds':<28}{'mean':>9}{'p50':>9}{'p95':>9}{'count':>8}",
    ]
    for name, s in result["stages"].items():
        lines.append(f"{name:<28}{s['mean']:>9.2f}{s['p50']:>9.2f}{s['p95']:>9.2f}{s['count']:>8}")
    student_ms = result["stages"]["student alone, batch 1"]["p50"]
    lines += [
        "",
        f"live path / MediaPipe alone  {result['ratio']:.3f}  (goal <= {GOAL_RATIO})",
        f"student at batch 1, p50      {student_ms:.2f} ms  (goal <= {GOAL_STUDENT_MS:g} ms)",
    ]
    return "\n".join(lines)
