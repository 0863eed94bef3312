"""Measure how many frames a second more workers give, and how much memory a long video takes.

This is `python -m app bench batch`. It compares the throughput of several workers on as many cores with that of one
pipeline pinned to one core. Both run in turns, so that other load on the machine meets both alike. It also measures
processor time per frame, which other load hardly changes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from app.batch.engine_here import work_here
from app.batch.engine_processes import work_in_processes
from app.batch.jobs import InputJob, make_jobs
from app.batch.options import Options, WorkerSetup
from app.batch.stop import Stop
from app.batch.work import Done
from models.system.atomic import write_json
from models.system.command_line import CommandLine
from models.system.options import at_least_1, number, path, seconds, workers
from models.system.places import DEFAULT_MODEL, EXAMPLE, ROOT

PROG = "python -m app.benchmark.batch"
GOAL_RATIO = 1.8
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def loop(video: Path, path: Path, seconds: float) -> Path:
    """Repeat a video until it lasts so long, without coding it anew."""
    import av

    with av.open(str(path), "w") as out:
        stream, offset, offset_s = None, 0, 0.0
        while offset_s < seconds:
            with av.open(str(video)) as source:
                pictures = source.streams.video[0]
                stream = stream or out.add_stream_from_template(pictures)
                assert pictures.time_base is not None
                stamped = [(p, p.pts, p.dts) for p in source.demux(pictures) if p.pts is not None and p.dts is not None]
                end = max(pts + (packet.duration or 1) for packet, pts, _ in stamped)
                for packet, pts, dts in stamped:
                    packet.pts, packet.dts, packet.stream = pts + offset, dts + offset, stream
                    out.mux(packet)
                offset, offset_s = offset + end, float((offset + end) * pictures.time_base)
    return path


class _Watch:
    """A listener that notes when the first frame was done, and the memory of this process over time."""

    def __init__(self) -> None:
        self.first_s: float | None = None
        self.held: list[tuple[float, float]] = []  # (seconds of video, MB)

    def at(self, number: int, time_s: float, claimed_s: float | None) -> None:
        self.first_s = time.monotonic() if self.first_s is None else self.first_s
        self.held.append((time_s, _resident_mb()))

    def event(self, number: int, line: str) -> None:
        pass

    def say(self, number: int, line: str) -> None:
        pass


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 1e6


def _processor_s() -> float:
    """Return the processor time of this process and of its children that have ended, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def work(inputs: Sequence[Path], out: Path, workers: int, annotate: bool = False) -> dict:
    """Classify with so many workers and return frames, seconds and memory as plain JSON."""
    from app.pose.landmarker import PoseSource
    from app.pose.model_file import ensure_pose_model
    from export.runtime import ActionModel

    make_model = partial(ActionModel, DEFAULT_MODEL, device="cpu", threads=1)
    make_pose = partial(PoseSource, ensure_pose_model())
    setup = WorkerSetup(
        options=Options(out=out, annotate=annotate), make_model=make_model, make_pose=make_pose, threads=1
    )
    watch, jobs = _Watch(), make_jobs(inputs)
    engine = _engine(jobs, setup, workers, watch)
    start_s, before_s = time.monotonic(), _processor_s()
    frames = sum(int(row[5]) for _, done in engine for row in done.rows)
    end_s = time.monotonic()
    assert frames and watch.first_s is not None
    return {
        "frames": frames,
        "seconds": end_s - watch.first_s,
        "with_start_s": end_s - start_s,
        "processor_s": _processor_s() - before_s,
        "held": watch.held,
    }


def _engine(
    jobs: Sequence[InputJob], setup: WorkerSetup, workers: int, watch: _Watch
) -> Iterator[tuple[InputJob, Done]]:
    if workers > 1:
        return work_in_processes(jobs, setup, workers, watch, Stop())
    return work_here(jobs, setup, setup.make_model(), watch, Stop())


def _run(inputs: Sequence[Path], cores: Sequence[int], workers: int, annotate: bool = False) -> dict:
    """Run `work` in a Python process of its own, on these cores alone."""
    with tempfile.TemporaryDirectory() as out:
        given = {"inputs": [str(path) for path in inputs], "out": out, "workers": workers, "annotate": annotate}
        command = [sys.executable, "-m", "app.benchmark.batch", "--child", json.dumps(given)]
        pin = partial(os.sched_setaffinity, 0, set(cores))
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, preexec_fn=pin)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def compare(video: Path, workers: int, seconds: float, rounds: int) -> dict:
    """Compare one pipeline on one core with `workers` on as many cores, in turns."""
    cores = sorted(os.sched_getaffinity(0))[:workers]
    if len(cores) < workers:
        raise ValueError(f"{workers} workers need {workers} cores; this process may use {len(cores)}")
    runs: list[tuple[dict, dict]] = []
    with tempfile.TemporaryDirectory() as folder:
        clips = [loop(video, Path(folder, f"{i}.mp4"), seconds) for i in range(workers)]
        for i in range(rounds):
            alone = partial(_run, clips[:1], [cores[i % workers]], 1)  # on each core in turn
            several = partial(_run, clips, cores, workers)
            pair = (alone(), several()) if i % 2 == 0 else (several(), alone())
            runs.append(pair if i % 2 == 0 else (pair[1], pair[0]))
            print(_line(i + 1, *runs[-1], workers), flush=True)
    ratios = [_fps(several) / _fps(alone) for alone, several in runs]
    spent = [workers * _cost(alone) / _cost(several) for alone, several in runs]
    return {"workers": workers, "ratios": ratios, "processor_ratios": spent, "ratio": statistics.median(ratios)}


def _fps(run: dict) -> float:
    return run["frames"] / run["seconds"]


def _cost(run: dict) -> float:
    """Return the processor seconds per frame, including the loading of models and libraries."""
    return run["processor_s"] / run["frames"]


def _line(number: int, alone: dict, several: dict, workers: int) -> str:
    return (
        f"round {number}: one {_fps(alone):6.2f} frames/s, {workers} workers {_fps(several):6.2f}; "
        f"ratio {_fps(several) / _fps(alone):.2f}; processor {1000 * _cost(alone):.1f} and "
        f"{1000 * _cost(several):.1f} ms a frame"
    )


def remember(video: Path, minutes: float, annotate: bool) -> dict:
    """Measure the memory over one long video."""
    with tempfile.TemporaryDirectory() as folder:
        long = loop(video, Path(folder, "long.mp4"), 60 * minutes)
        run = _run([long], sorted(os.sched_getaffinity(0)), 1, annotate)
    held = [mb for _, mb in run["held"]]
    tenth = max(1, len(held) // 10)
    parts = [statistics.median(held[i : i + tenth]) for i in range(0, tenth * 10, tenth)]
    return {"minutes": minutes, "frames": run["frames"], "tenths_mb": parts, "highest_mb": max(held)}


def main(argv: list[str] | None = None, prog: str = PROG) -> int:
    """Measure, print and return the exit code; `prog` is the command's name in its help."""
    parser = CommandLine(prog=prog, description=__doc__.splitlines()[0])
    minutes = number(0, said="a number of minutes of at least 0")
    parser.add_argument("video", nargs="?", type=path, default=EXAMPLE, help="a video (default: the example)")
    parser.add_argument("--workers", type=workers, default=2, help="workers, and cores (default: 2)")
    parser.add_argument("--seconds", type=seconds, default=54.0, help="length of each input, looped (default: 54)")
    parser.add_argument("--rounds", type=at_least_1, default=5, help="turns (default: 5)")
    parser.add_argument("--memory", type=minutes, metavar="MINUTES", help="watch the memory of a video so long instead")
    parser.add_argument("--annotate", action="store_true", help="with --memory: write the annotated video as well")
    parser.add_argument("--json", type=path, metavar="FILE", help="write the numbers to a file as well")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.child:
        given = json.loads(args.child)
        print(json.dumps(work([Path(p) for p in given.pop("inputs")], Path(given.pop("out")), **given)))
        return 0
    if args.memory:
        result = remember(args.video, args.memory, args.annotate)
        print(f"{result['frames']} frames of {args.memory:g} minutes; memory held, medians of its tenths in MB:")
        print(" ".join(f"{mb:.0f}" for mb in result["tenths_mb"]), f"(highest {result['highest_mb']:.0f})")
    else:
        result = compare(args.video, args.workers, args.seconds, args.rounds)
        spent = statistics.median(result["processor_ratios"])
        print(f"ratio, median: {result['ratio']:.2f} (goal >= {GOAL_RATIO}); by processor time: {spent:.2f}")
    if args.json:
        write_json(args.json, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
