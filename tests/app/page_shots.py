"""Pictures of the page for people to judge: `python -m tests.app.page_shots OUT [--only live two teach video about]`.

Opens the real page with the shipped model in headless Chromium, whose camera plays drawn people, and saves every state
at seven looks: desktop and phone, light and dark, and three other widths.
Says what the browser complained about and which hosts it asked.
"""

from __future__ import annotations

import argparse
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.system.places import DEFAULT_MODEL, ROOT
from tests.app.page_visit import CHROMIUM, FLAGS, drawn_camera, repeated_scene

LOOKS = {
    "desktop": (1280, 800, False),
    "desktop-dark": (1280, 800, True),
    "phone": (390, 844, False),
    "phone-dark": (390, 844, True),
    "narrow": (320, 640, False),
    "tablet": (768, 1024, False),
    "wide": (1920, 1080, False),
}
STATES = ("live", "two", "teach", "video", "about")
SETTLE_MS = 900
PATIENCE_MS = 600_000
CAMERA_FPS = 30
ROOM = 216


def one_person(out: Path, slow: int) -> Path:
    """The example clip as a camera, so many times slower than life."""
    from app.benchmark.page import camera_file

    return camera_file(ROOT / "assets" / "example.mp4", out, CAMERA_FPS * slow)


def two_people(out: Path, slow: int) -> Path:
    """A nearer person who waves and then does jumping jacks, and one behind who squats, in one room."""
    import cv2
    import numpy as np

    from training.drawing.draw import Look, PinholeCamera, draw_person
    from training.drawing.motions import make_scene

    camera = PinholeCamera(height=1.3, aim=0.95, distance=3.9)
    near = make_scene([("wave", 6.0), ("jumping_jack", 6.0)], 25, 100_003) + np.float32([0.85, 0, -0.2])
    far = make_scene([("squat", 7.0), ("wave", 5.0)], 25, 7) + np.float32([-0.8, 0, 0.5])
    looks = Look(3), Look(ROOM)
    with out.open("wb") as file:
        for shown in range(round(12 * CAMERA_FPS)):
            image, k = Look(ROOM).room(camera.size), min(len(near) - 1, shown * 25 // CAMERA_FPS)
            draw_person(image, far[k], camera, looks[0])
            draw_person(image, near[k], camera, looks[1])
            file.write(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes() * slow)
    return out


def lunges(out: Path, slow: int) -> Path:
    """Somebody who does the same a few times, standing still in between."""
    return drawn_camera(out, repeated_scene("lunge", 1), slow=slow)


class Visit:
    """One tab, and the folder for its pictures."""

    def __init__(self, tab, out: Path) -> None:
        self.tab, self.out = tab, out
        self.hosts, self.complaints = set(), []
        tab.set_default_timeout(PATIENCE_MS)
        tab.on("request", lambda request: self.hosts.add(request.url.split("/")[2] if "//" in request.url else ""))
        tab.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        tab.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text[:200]))

    def shoot(self, state: str) -> None:
        """The state at every look; a phone's page in its whole length as well."""
        for look, (width, height, dark) in LOOKS.items():
            self.tab.set_viewport_size({"width": width, "height": height})
            self.tab.evaluate(f"document.body.classList.toggle('dark', {str(dark).lower()})")
            self.tab.wait_for_timeout(SETTLE_MS)
            if self.tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
                self.complaints.append(f"{state} at {look}: it scrolls sideways")
            whole = look != "desktop-dark"
            self.tab.screenshot(path=self.out / f"{state}-{look}.png", full_page=whole)
        self.tab.set_viewport_size({"width": 1280, "height": 800})
        self.tab.evaluate("document.body.classList.remove('dark')")
        print(f"{time.strftime('%X')} {state}", flush=True)

    def says(self, selector: str, text: str) -> None:
        self.tab.locator(selector, has_text=text).first.wait_for()

    def sensitivity(self, key: str) -> None:
        slider = self.tab.locator("#sensitivity input[type=range]")
        slider.focus()
        for _ in range(10):
            slider.press(key)


def live(visit: Visit) -> None:
    visit.shoot("live-1-idle")
    visit.tab.click("#start")
    visit.says("#action", "waving")
    visit.tab.wait_for_timeout(8000)
    visit.shoot("live-2-one")
    visit.says("#events tr", "jumping jack")
    visit.shoot("live-3-events")
    visit.sensitivity("ArrowLeft")
    visit.says("#sure", "below the threshold")
    visit.shoot("live-4-why-not")


def two(visit: Visit) -> None:
    visit.tab.click("#start")
    visit.says("#whose", "nearest of 2")
    visit.says("#events .who", "Person 2")
    visit.says("#whose", "nearest of 2")
    visit.shoot("live-5-two")
    visit.tab.click("#stop")
    visit.tab.wait_for_timeout(2000)
    visit.shoot("live-6-stopped")


def teach(visit: Visit) -> None:
    tab = visit.tab
    tab.get_by_role("tab", name="Teach").click()
    tab.wait_for_selector("#taught > *, #untaught")
    visit.shoot("teach-1-idle")
    if tab.locator("#untaught").count():
        return
    tab.fill("#teach-name", "my lunge")
    tab.click("#teach-record")
    tab.wait_for_selector("#count:visible")
    tab.wait_for_selector("#overlay", state="attached")
    visit.shoot("teach-2-countdown")
    tab.wait_for_selector("#teach-bar:visible")
    visit.shoot("teach-3-recording")
    visit.says("#teach-said", "is live now")
    visit.says("#action", "My lunge")
    visit.shoot("teach-4-taught")
    tab.get_by_role("button", name="Record what it is not").click()
    tab.wait_for_selector("#teach-bar:visible")
    tab.wait_for_timeout(20_000)
    tab.click("#teach-done")
    visit.says("#teach-said", "kept as what")
    tab.fill("#teach-name", "waving")
    tab.click("#teach-record")
    visit.says("#teach-said", "already knows")
    visit.shoot("teach-5-refused")


def video(visit: Visit) -> None:
    visit.tab.get_by_role("tab", name="Video").click()
    visit.tab.wait_for_selector("#example")
    visit.shoot("video-1-empty")
    visit.tab.click("#example")
    visit.says("#result", "Watching the recording")
    visit.tab.wait_for_timeout(4000)
    visit.shoot("video-2-working")
    visit.tab.wait_for_selector("#result .event-table")
    visit.tab.locator("#result .event-table .link").first.click()
    visit.tab.wait_for_timeout(2500)
    visit.tab.evaluate("document.querySelector('#clip video').pause()")
    visit.shoot("video-3-result")


def about(visit: Visit) -> None:
    visit.tab.get_by_role("tab", name="About").click()
    visit.tab.wait_for_selector("canvas.motion")
    visit.shoot("about")


@contextmanager
def page(model_path: Path, slow: int) -> Iterator[str]:
    """The page of a model, whose clock runs so many times slower; yields its address."""
    from app.page.server import Place, serve
    from app.pose.model_file import ensure_pose_model
    from app.teach.lessons import open_lessons
    from export.runtime import ActionModel

    model = ActionModel(model_path, device="cpu", threads=1)
    place, clock = Place(port=_free_port()), lambda: time.monotonic() / slow
    lessons = open_lessons(model, model_path)
    with serve(model, ensure_pose_model("wheel"), place, clock=clock, lessons=lessons) as served:
        yield served[1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main(argv: list[str] | None = None) -> int:
    """Take the pictures; returns the exit code, 1 where the browser complained."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m tests.app.page_shots", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder for the pictures")
    parser.add_argument("--only", nargs="+", choices=STATES, default=STATES)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="action model (default: the one shipped)")
    parser.add_argument("--slow", type=int, default=4, help="how much slower people move (default: %(default)s)")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    steps: dict[str, Callable[[Visit], None]] = {"live": live, "two": two, "teach": teach, "video": video}
    steps["about"] = about
    cameras = {"two": two_people, "teach": lunges}
    complaints, hosts = [], set()
    with page(args.model, args.slow) as address, sync_playwright() as play:
        for state in args.only:
            camera = cameras.get(state, one_person)(args.out / f"{state}.mjpeg", args.slow)
            flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
            browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
            visit = Visit(browser.new_page(viewport={"width": 1280, "height": 800}), args.out)
            visit.tab.goto(address)
            visit.tab.wait_for_selector("#start:enabled")
            try:
                steps[state](visit)
            finally:
                visit.tab.screenshot(path=args.out / f"last-{state}.png")
                browser.close()
                camera.unlink()
                complaints += [f"{state}: {text}" for text in visit.complaints]
                hosts |= {host.split(":")[0] for host in visit.hosts}
    print(f"hosts asked: {sorted(hosts)}", *dict.fromkeys(complaints), sep="\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
