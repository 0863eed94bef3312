"""Measure the page in the browser beside bare loops of the same landmarker, turn by turn in one Chromium.

The bare loop follows one person. The page's own pose worker alone, without student and page, looks for more people
from time to time: what the whole path loses is told apart by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import numpy as np

from app.benchmark.bare_loop import ALONE, OWN, PAGE, bare_files
from app.benchmark.browser_turns import BARE, WAYS, WHOLE, Round, Turn
from app.benchmark.chromium import PATIENCE_S, VIEW, BenchError, flags, opened, runs_on
from app.benchmark.page_cpu import cpu_ms
from app.benchmark.page_server import prepared, server, settings_of
from app.benchmark.web_space import web_space
from models.system.places import DEFAULT_MODEL

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Worker

POSE_WORKERS = ("pose_worker.js", "bare_worker.js")
WARM_UP_S = 4.0  # of each turn: the landmarker finds the person, code is compiled
# Has a worker keep how long each call of a method took, in ms: [address of a module, class, method].
_TIMED = """async ([address, name, method]) => {
    const kind = (await import(address))[name], own = kind.prototype[method];
    self.spent = [];
    kind.prototype[method] = function (...given) {
        const start = performance.now(), end = () => self.spent.push(performance.now() - start);
        const value = own.apply(this, given);
        if (value?.then) value.then(end, end);
        else end();
        return value;
    };
}"""
_SPENT = "self.spent.splice(0)"
_MEASURED = "[performance.now(), window.measured.splice(0)]"


def measure(
    pose: str, camera: Path, program: str, turns: int, seconds: float, asked: list[str], warm_up_s: float = WARM_UP_S
) -> list[Round]:
    """Measure one pose model: so many turns of each way, the order changing from round to round.

    Args:
        pose: its kind (app.pose.model_file.KINDS).
        camera: from `camera_file`.
        program: path of Chromium.
        turns: of each way.
        seconds: that each turn is watched.
        asked: is filled with the address of each request of the page.
        warm_up_s: before that.

    Raises:
        BenchError: the page does not run in the browser, no picture is done, or nobody is found in them.
    """
    from playwright.sync_api import sync_playwright

    from app.site.build import site_files
    from app.site.gather import gathered

    files = site_files(*gathered(DEFAULT_MODEL, pose)) | bare_files()
    with server(["--pose", pose]) as (page, process, _), web_space(files) as space, sync_playwright() as play:
        served, static = prepared(page), settings_of(files["index.html"].decode())
        browser = play.chromium.launch(executable_path=program, args=flags(camera))

        def turn(way: str) -> Turn:
            if way == WHOLE:
                tab = _whole(browser, page, asked)
                here = {name: urljoin(f"{page}/", at) for name, at in served["here"].items()}
            else:
                tab = _bare(browser, space.address, ALONE if way == BARE else OWN, static)
                here = {name: urljoin(space.address, at) for name, at in static["here"].items()}
            found = _watched(tab, here, way == WHOLE, seconds, warm_up_s, process)
            tab.close()
            return found

        rounds: list[Round] = [{way: turn(way) for way in (WAYS if k % 2 == 0 else WAYS[::-1])} for k in range(turns)]
        browser.close()
    return rounds


def _whole(browser: Browser, page: str, asked: list[str]) -> Page:
    """Open the page as a visitor who chose this browser, and start the camera."""
    tab = opened(browser, page, runs_on("here"), asked)
    tab.click("#start")
    tab.wait_for_function("window.measured.length || /cannot/i.test(document.getElementById('runs-note').textContent)")
    if not tab.evaluate("window.measured.length"):
        raise BenchError(f"the page does not run in the browser: {tab.locator('#runs-note').inner_text()}")
    return tab


def _bare(browser: Browser, space: str, worker: str, settings: Mapping[str, Any]) -> Page:
    tab = browser.new_page(viewport=VIEW)
    tab.set_default_timeout(PATIENCE_S * 1000)
    tab.goto(f"{space}{PAGE}")
    tab.wait_for_function("() => Boolean(window.begin)")
    tab.evaluate("([worker, facts]) => window.begin(worker, facts)", [worker, settings])
    tab.wait_for_function("window.measured.length")
    return tab


def _watched(tab: Page, here: Mapping[str, str], whole: bool, seconds: float, warm_up_s: float, process: int) -> Turn:
    """Watch a page that runs: what it and its workers measure, and what its server spends.

    Args:
        tab: the page.
        here: absolute addresses of the parts that its workers loaded.
        whole: whether there is a student.
        seconds, warm_up_s: see `measure`.
        process: of the server.
    """
    workers = [_timed(tab, POSE_WORKERS, here["vision"], "PoseLandmarker", "detectForVideo")]
    if whole:
        workers.append(_timed(tab, ("student_worker.js",), here["ort"], "InferenceSession", "run"))
    tab.wait_for_timeout(1000 * warm_up_s)
    start_ms, _ = tab.evaluate(_MEASURED)
    for worker in workers:
        worker.evaluate(_SPENT)
    before = cpu_ms(process)
    tab.wait_for_timeout(1000 * seconds)
    end_ms, rows = tab.evaluate(_MEASURED)
    spent_ms = cpu_ms(process)
    spent_ms.subtract(before)
    pose_ms, *student_ms = (np.array(worker.evaluate(_SPENT)) for worker in workers)
    if not rows or not len(pose_ms):
        raise BenchError(f"no picture was done in {seconds:g} s: leave the machine alone, or take more with --seconds")
    if not whole and not any(people for *_, people in rows):
        raise BenchError("nobody was found in the pictures: name a video of a person with --video")
    ages = np.array([age for _, age, _ in rows])
    server_ms = spent_ms.pop("server")
    students = student_ms[0] if whole else np.array([])
    return Turn((end_ms - start_ms) / 1000, ages, pose_ms, students, server_ms, sum(spent_ms.values()))


def _timed(tab: Page, scripts: Sequence[str], address: str, name: str, method: str) -> Worker:
    """Return the page's worker of one of these scripts, which from now on keeps what each call of a method takes."""
    worker = next(it for it in tab.workers if it.url.rpartition("/")[2] in scripts)
    worker.evaluate(_TIMED, [address, name, method])
    return worker
