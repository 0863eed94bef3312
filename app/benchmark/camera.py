"""Measure how old an answer is when the consumer is slower than the camera.

This is `python -m app bench camera`. A thread yields frames at a steady rate, and the consumer works on each for
several times as long as the camera takes for the next. If the consumer always gets the newest frame, the age of an
answer is at most one frame of waiting and the consumer's own work. With a queue of frames it would grow for as long as
the stream lasts.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.sources.camera import Camera
from models.system.command_line import CommandLine
from models.system.options import number, seconds

PROG = "python -m app.benchmark.camera"
GOAL_MS = 120.0
_SHAPE = (480, 640, 3)
_SPREAD = 0.2  # share by which each work is shorter or longer, so that works end at all moments between frames


@dataclass(frozen=True, slots=True)
class Ages:
    """The frame ages that one run measured.

    Attributes:
        fps: frames a second that were asked of the camera, and `real_fps` that it gave.
        work_ms: the consumer's own work on a frame, on average.
        taken_ms: (N,) age of each frame when the consumer took it.
        answer_ms: (N,) age of each frame when the consumer was done with it.
        dropped: frames that nobody saw.
    """

    fps: float
    real_fps: float
    work_ms: float
    taken_ms: np.ndarray
    answer_ms: np.ndarray
    dropped: int


def measure(fps: float, overload: float, seconds: float) -> Ages:
    """Run a camera of `fps` frames a second into a consumer that works for `overload` frames' time on each."""
    stop, work_s, start_s = threading.Event(), overload / fps, time.monotonic()

    def steady() -> Iterator[np.ndarray]:
        i = 0
        while not stop.wait(max(0.0, start_s + i / fps - time.monotonic())):
            rgb_HWC = np.zeros(_SHAPE, np.uint8)
            rgb_HWC.reshape(-1)[:8].view(np.int64)[0] = i  # when the frame was due, not when the thread got to it
            yield rgb_HWC
            i += 1

    def age_s(rgb_HWC: np.ndarray) -> float:
        return time.monotonic() - start_s - rgb_HWC.reshape(-1)[:8].view(np.int64)[0] / fps

    taken_s, answer_s, rng = [], [], np.random.default_rng(0)
    with Camera(steady) as camera:
        for time_s, rgb_HWC in camera.frames():
            taken_s.append(age_s(rgb_HWC))
            _work(rgb_HWC, work_s * rng.uniform(1 - _SPREAD, 1 + _SPREAD))
            answer_s.append(age_s(rgb_HWC))
            if time_s >= seconds:
                break
        stop.set()
        real_fps, dropped = camera.read / time_s, camera.dropped
    return Ages(fps, real_fps, work_s * 1000, np.array(taken_s) * 1000, np.array(answer_s) * 1000, dropped)


def _work(rgb_HWC: np.ndarray, seconds: float) -> None:
    """Compute for so long.

    A consumer that slept would leave the reading thread more processor time than a real one does.
    """
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        rgb_HWC.astype(np.float32).mean()


def table(runs: list[Ages], overload: float) -> str:
    """Format the runs as a table."""
    lines = [
        f"a consumer {overload:g} times slower than the camera; ages in milliseconds",
        f"{'camera':>12}{'gave':>9}{'answers':>9}{'dropped':>9}{'work':>8}"
        f"{'taken p50':>11}{'p95':>8}{'answer p50':>12}{'p95':>8}{'limit':>8}",
    ]
    for run in runs:
        (taken_50, taken_95), (answer_50, answer_95) = (
            np.percentile(x, (50, 95)) for x in (run.taken_ms, run.answer_ms)
        )
        limit = run.work_ms * (1 + _SPREAD) + 1000 / run.fps
        goal = "" if run.work_ms <= GOAL_MS else f"  (the work alone is over {GOAL_MS:g})"
        lines.append(
            f"{run.fps:>8g} fps{run.real_fps:>9.1f}{len(run.answer_ms):>9}{run.dropped:>9}{run.work_ms:>8.1f}"
            f"{taken_50:>11.1f}{taken_95:>8.1f}{answer_50:>12.1f}{answer_95:>8.1f}{limit:>8.1f}{goal}"
        )
    return "\n".join([*lines, f"goal: answer p95 <= {GOAL_MS:g}; limit = longest work + one frame"])


def main(argv: list[str] | None = None, prog: str = PROG) -> int:
    """Measure, print and return the exit code; `prog` is the command's name in its help."""
    parser = CommandLine(prog=prog, description=__doc__.splitlines()[0])
    rate = number(0, said="a number of frames a second above 0", above=True)
    parser.add_argument("--fps", type=rate, nargs="+", default=[30.0, 60.0, 120.0], help="the cameras' rates")
    parser.add_argument(
        "--overload", type=number(0, above=True), default=4.0, help="how many frames long the consumer works on one"
    )
    parser.add_argument("--seconds", type=seconds, default=20.0, help="length of each run")
    args = parser.parse_args(argv)
    print(table([measure(fps, args.overload, args.seconds) for fps in args.fps], args.overload))
    return 0


if __name__ == "__main__":
    sys.exit(main())
