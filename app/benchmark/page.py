"""Measure the page in a real browser: answered frames, their age, processor time and memory.

This is `python -m app bench page`. It serves the page as `python -m app demo` does, opens it in headless Chromium whose
camera plays the example clip at 30 frames a second, and measures what arrives there: answered frames a second, the time
from the camera taking a picture to the page having drawn its answer, the CPU time of a frame, and the memory of the
server. Browser and server share the machine. With --browser the visitor's own browser does the work instead; see
app.benchmark.browser_path.

Needs Linux, playwright (requirements-dev.txt) and Chromium.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.benchmark import browser_path
from app.benchmark.chromium import CAMERA_FPS, BenchError, camera_file, chromium, flags, opened, runs_on
from app.benchmark.page_cpu import cpu_ms, memory_mb
from app.benchmark.page_server import server
from models.system.atomic import OutputError, write_json
from models.system.command_line import CommandLine
from models.system.cores import usable_cores
from models.system.options import at_least_1, number, path
from models.system.places import EXAMPLE
from models.system.words import count

if TYPE_CHECKING:
    from playwright.sync_api import Page

PROG = "python -m app.benchmark.page"
GOAL_FPS = 28.0
FLAT_MB = 30.0  # growth from the second quarter of the run to the last that counts as flat
WARM_UP_S = 10.0  # first seconds, not counted: the landmarker loads, caches fill
SAMPLE_S = 2.0


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements of one run.

    Attributes:
        seconds: duration that was measured.
        age_ms: (N,) age of each answered frame, from the camera taking its picture to the page having drawn its answer.
        overtaken: pictures that were sent and got no answer.
        first_s: time from pressing the start button to the first skeleton.
        memory: (time in s, resident MB of the server) over the whole run.
        files: names of the files that the server wrote to its temporary folder during the run; there should be none.
        cpu_ms: CPU time during the run, by kind of process (app.benchmark.page_cpu).
        visitors: how many there were at once; the answered frames are those of all.
    """

    seconds: float
    age_ms: np.ndarray
    overtaken: int
    first_s: float
    memory: list[tuple[float, float]]
    files: tuple[str, ...] = ()
    cpu_ms: Counter[str] = field(default_factory=Counter)
    visitors: int = 1

    def result(self) -> dict:
        """Return the numbers by name, NaN if nothing was answered."""
        p50, p95 = np.percentile(self.age_ms, (50, 95)) if len(self.age_ms) else (np.nan, np.nan)
        mb = np.array([mb for _, mb in self.memory])
        quarter = max(1, len(mb) // 4)
        before, after = mb[quarter : 2 * quarter + 1], mb[-quarter:]
        cpu = {kind: round(ms / max(1, len(self.age_ms)), 1) for kind, ms in self.cpu_ms.most_common()}
        return {
            "seconds": round(self.seconds, 1),
            "visitors": self.visitors,
            "answered_fps": round(len(self.age_ms) / self.seconds / self.visitors, 2),
            "age_p50_ms": round(float(p50), 1),
            "age_p95_ms": round(float(p95), 1),
            "overtaken": self.overtaken,
            "first_skeleton_s": round(self.first_s, 2),
            "memory_mb": round(float(mb[-1]), 1),
            "memory_growth_mb": round(float(np.median(after) - np.median(before)), 1) if len(before) else 0.0,
            "files_written": len(self.files),
            "cpu_ms_per_frame": cpu,
        }


def measure(seconds: float, camera: Path, extra: list[str], program: str, visitors: int = 1) -> Measured:
    """Serve the page, open it, start the camera and measure for so long after the warm-up.

    Args:
        seconds: duration to measure.
        camera: from `camera_file`.
        extra: options of `python -m app demo`.
        program: path of Chromium.
        visitors: how many there are at once, each in a browser of their own.
    """
    from playwright.sync_api import sync_playwright

    with server(extra) as (address, process, folder), sync_playwright() as play:
        browsers = [play.chromium.launch(executable_path=program, args=flags(camera)) for _ in range(visitors)]
        tabs = [opened(browser, address, runs_on("server")) for browser in browsers]
        before = _files(folder)
        start_s = time.monotonic()
        for tab in tabs:
            tab.click("#start")
        for tab in tabs:
            tab.wait_for_function("window.measured.length > 0")
        first_s = time.monotonic() - start_s
        rows, memory, cpu = _watch(tabs, seconds, process)
        files = _files(folder) - before
        for browser in browsers:
            browser.close()
    ages, overtaken = np.array([age for _, age, _ in rows]), sum(passed for *_, passed in rows)
    return Measured(seconds, ages, overtaken, first_s, memory, tuple(sorted(files)), cpu, visitors)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _watch(
    tabs: list[Page], seconds: float, process: int
) -> tuple[list[tuple[float, float, int]], list[tuple[float, float]], Counter[str]]:
    """Return what the pages measured of each picture, the server's memory (s, MB), and the CPU time in ms."""
    tabs[0].wait_for_timeout(WARM_UP_S * 1000)
    take = "window.measured.splice(0)"
    for tab in tabs:
        tab.evaluate(take)
    rows, memory, start_s, before = [], [], time.monotonic(), cpu_ms(process)
    while (passed_s := time.monotonic() - start_s) < seconds:
        tabs[0].wait_for_timeout(1000 * min(SAMPLE_S, seconds - passed_s))
        rows += [row for tab in tabs for row in tab.evaluate(take)]
        memory.append((time.monotonic() - start_s, memory_mb(process)))
    return rows, memory, cpu_ms(process) - before


def table(result: dict) -> str:
    """Format the result as a table."""
    cpu, cores = result["cpu_ms_per_frame"], usable_cores()
    visitors = count(result["visitors"], "visitor")
    browser = sum(ms for kind, ms in cpu.items() if kind != "server")
    kinds = ", ".join(f"{kind} {ms:.0f}" for kind, ms in cpu.items() if kind != "server")
    return "\n".join(
        [
            f"{result['seconds']:g} s in Chromium, camera {CAMERA_FPS} frames/s, {visitors}, {cores} cores for all",
            f"answered frames a second    {result['answered_fps']:.1f}  (goal >= {GOAL_FPS:g})",
            f"picture to overlay, p50     {result['age_p50_ms']:.0f} ms",
            f"picture to overlay, p95     {result['age_p95_ms']:.0f} ms",
            f"pictures overtaken          {result['overtaken']:g}",
            f"first skeleton after        {result['first_skeleton_s']:.1f} s  (goal <= 3)",
            f"memory of the server        {result['memory_mb']:.0f} MB, {result['memory_growth_mb']:+.1f} MB since the "
            f"second quarter  (flat within {FLAT_MB:g})",
            f"CPU time of a frame         server {cpu.get('server', 0):.0f} ms, browser {browser:.0f} ms ({kinds})",
            f"files written               {result['files_written']:g}  (goal 0)",
        ]
    )


def main(argv: list[str] | None = None, prog: str = PROG) -> int:
    """Run the benchmark and return the exit code; `prog` is the command's name in its help."""
    parser = CommandLine(prog=prog, description=__doc__.splitlines()[0])
    parser.add_argument(
        "--minutes",
        type=number(0, 1e4, "a number of minutes from 0 to 10000"),
        default=10.0,
        help="how long to count (default: %(default)g)",
    )
    parser.add_argument(
        "--visitors", type=at_least_1, help="how many at once, each in a browser (default: 1); with --browser by their "
        "requests alone (default: 200)"
    )  # fmt: skip
    parser.add_argument("--video", type=path, default=EXAMPLE, help="what the camera shows")
    parser.add_argument("--json", "--out", type=path, metavar="FILE", help="write the numbers to a file as well")
    parser.add_argument("demo", nargs="*", help="options of the command demo, after --")
    browser_path.add_arguments(parser)
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # otherwise the server of the page would go on running
    try:
        if not 0 < args.minutes < 1e4:
            raise BenchError("--minutes is a number above 0")
        result, text = browser_path.run(args, chromium()) if args.browser else _run(args, chromium())
        print(text)
        if args.json:
            write_json(args.json, result)
    except ImportError as error:
        return _failed(prog, f"{error.name} is missing; install the extra `dev`, in a checkout by make setup-dev")
    except (ValueError, OutputError) as error:
        return _failed(prog, str(error))
    return 0


def _run(args: argparse.Namespace, program: str) -> tuple[dict, str]:
    with tempfile.TemporaryDirectory(prefix="ikem-bench-") as folder:
        camera = camera_file(args.video, Path(folder) / "camera.mjpeg")
        result = measure(60 * args.minutes, camera, args.demo, program, args.visitors or 1).result()
    return result, table(result)


def _failed(prog: str, reason: str) -> int:
    print(f"{prog}: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
