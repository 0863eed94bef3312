"""The benchmark `python -m app bench --people`: the cost of the live path with one to four people in view.

All are measured in one run on one video. The person of the video is put side by side with copies of themselves, each
some frames later than the one before, so that all move but no two move alike.
"""

from __future__ import annotations

import platform
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.benchmark.live_path import TimedModel
from app.pose.tracker import MOST_PEOPLE
from app.stream.action_stream import LIVE_HOP_S, ActionStream
from models.system.cores import usable_cores

if TYPE_CHECKING:
    from export.runtime import Recogniser

MOST_FRAMES = 150
_WARM_UP = 20
_MIDDLE = (0.34, 0.66)  # range of the picture's width in which the person stands
_LATER = 15  # frames by which each copy is later than the one before
_STAGES = ("live path", "pose", "tracking, windows, decisions", "student, when called")


def side_by_side(frames: Iterable[tuple[float, np.ndarray]], people: int) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (time, (H, W, 3)) with the middle of the picture `people` times in a row, each later than the last."""
    last: deque[np.ndarray] = deque(maxlen=1 + _LATER * (people - 1))
    for time_s, rgb_HWC in frames:
        left, right = (round(share * rgb_HWC.shape[1]) for share in _MIDDLE)
        last.append(rgb_HWC[:, left:right])
        yield time_s, np.concatenate([last[max(0, len(last) - 1 - _LATER * k)] for k in range(people)], axis=1)


def measure(video: str | Path, model: Recogniser, pose_model: str | Path) -> dict[str, Any]:
    """Measure the live path with one to four people in view.

    Args:
        video: a video of one person in the middle of the picture; its first 150 frames are used.
        model: the action model.
        pose_model: the pose model's file.

    Returns:
        Facts of the run, and `people`: for each number in view how many were found and followed, the ms of each stage,
        and the processor time of a frame in ms (of all threads; unlike elapsed time, other programs hardly change it).

    Raises:
        VideoError: the video cannot be read.
        ValueError: the video is too short to measure, or nobody is found in it.
    """
    rows = [_measure(Path(video), people, model, pose_model) for people in range(1, MOST_PEOPLE + 1)]
    return {
        "video": Path(video).name,
        "cores": usable_cores(),
        "machine": platform.machine(),
        "provider": model.provider,
        "model": model.version,
        "hop_s": LIVE_HOP_S,
        "people": rows,
    }


def _measure(video: Path, people: int, model: Recogniser, pose_model: str | Path) -> dict[str, Any]:
    from app.pose.landmarker import PoseSource
    from app.sources.video import VideoReader

    timed = TimedModel(model)
    stream, found, numbers, cpu_s = ActionStream(timed, LIVE_HOP_S), [], set(), []
    spent_s: dict[str, list[float]] = {name: [] for name in _STAGES}
    with VideoReader(video) as reader, PoseSource(pose_model) as source:
        for i, (time_s, rgb_HWC) in enumerate(side_by_side(reader, people)):
            if i == MOST_FRAMES:
                break
            calls, start, begun = len(timed.spent_s), time.perf_counter(), time.process_time()
            poses = source.detect(rgb_HWC, time_s)
            posed = time.perf_counter()
            answer = stream.push(time_s, poses)
            end, used_s = time.perf_counter(), time.process_time() - begun
            numbers |= {state.person for state in answer.persons}
            if i < _WARM_UP:
                continue
            student = timed.spent_s[calls:]
            found.append(answer.people)
            cpu_s.append(used_s)
            spent_s["live path"].append(end - start)
            spent_s["pose"].append(posed - start)
            spent_s["tracking, windows, decisions"].append(end - posed - sum(student))
            spent_s["student, when called"] += student
    if not spent_s["student, when called"]:
        raise ValueError(f"{video.name}: too short to measure, or nobody in it; choose a video of 5 s or more")
    stages = {name: _summary(seconds) for name, seconds in spent_s.items()}
    cpu_ms = 1000 * float(np.mean(cpu_s))
    return {
        "people": people,
        "found": float(np.mean(found)),
        "numbers": len(numbers),
        "cpu_ms": cpu_ms,
        "stages": stages,
    }


def _summary(seconds: list[float]) -> dict[str, float]:
    ms = np.array(seconds) * 1000
    p50, p95 = np.percentile(ms, (50, 95))
    return {"mean": float(ms.mean()), "p50": float(p50), "p95": float(p95), "count": len(ms)}


def table(result: dict[str, Any]) -> str:
    """Format the result as a table."""
    lines = [
        "{video}, side by side; {cores} cores ({machine}); {provider}; a window every {hop_s} s".format(**result),
        "",
        f"{'people':<8}{'found':>7}{'numbers':>9}{'CPU ms':>9}" + "".join(f"{name:>30}" for name in _STAGES),
        f"{'':<33}" + f"{'mean / p50 / p95 ms':>30}" * len(_STAGES),
    ]
    for row in result["people"]:
        times = ("{mean:.1f} / {p50:.1f} / {p95:.1f}".format(**row["stages"][name]) for name in _STAGES)
        head = f"{row['people']:<8}{row['found']:>7.2f}{row['numbers']:>9}{row['cpu_ms']:>9.1f}"
        lines.append(head + "".join(f"{text:>30}" for text in times))
    return "\n".join(lines)
