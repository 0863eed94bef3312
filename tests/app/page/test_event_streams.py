"""A visitor's own events for other programs: their token alone opens them, and they end with the visit."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import socket
from contextlib import contextmanager

import httpx
import numpy as np
import pytest

pytest.importorskip("gradio")

from app.page.event_streams import MOST_LISTENERS, EventStreams
from app.page.server import Place, serve
from app.page.session import RESTART_GAP_S
from app.page.sessions import Sessions
from app.teach.lessons import Lessons
from tests.app.helpers import HandModel, pose
from tests.app.page_visit import CHROMIUM, DRAWN_PIXELS, FLAGS, PATIENCE_MS

HANDS_UP, STILL = np.full((48, 64, 3), 255, np.uint8), np.zeros((48, 64, 3), np.uint8)
PATIENCE_S = 60


class FakePose:
    """Sees somebody with the hand up in a bright picture and with the hand down in a dark one."""

    def __init__(self, *_: object) -> None:
        pass

    def detect(self, rgb_HWC, time_s):
        return [pose(time_s, wave=bool(rgb_HWC.mean() > 128))]

    def close(self) -> None:
        pass


class Clock:
    now = 100.0

    def __call__(self) -> float:
        self.now += 1 / 20
        return self.now


@contextmanager
def visitors(clock):
    live = {"ann", "bob"}
    streams = EventStreams(live.__contains__)
    sessions = Sessions(FakePose, Lessons(HandModel()), limit=4, clock=clock, broadcast=streams.broadcast)
    yield streams, sessions, live
    sessions.close()


def token(streams: EventStreams, visitor: str) -> str:
    return streams.addresses(visitor)["events"].rpartition("token=")[2]


async def heard(listener) -> list[dict]:
    found = []
    while (sent := await listener.next(0.01)) is not None:
        found.append(json.loads(sent.text))
    return found


def test_each_hears_their_own_camera_alone():
    async def visit() -> None:
        clock = Clock()
        with visitors(clock) as (streams, sessions, _):
            ann, bob = (streams.find(token(streams, who)).listen() for who in ("ann", "bob"))
            for picture, frames in ((STILL, 20), (HANDS_UP, 40), (STILL, 60)):
                for _ in range(frames):
                    sessions.process("ann", picture)
                    sessions.process("bob", STILL)
            mine, his = await heard(ann), await heard(bob)
            events = [one for one in mine if one["type"] == "event"]
            assert [(one["phase"], one["label"], one["words"]) for one in events] == [
                ("start", "wave", "waving"), ("end", "wave", "waving"),
            ]  # fmt: skip
            assert events[0]["id"] == events[1]["id"] and events[1]["confirmed"] is True
            assert mine[0]["type"] == "state" and mine[0]["people"] == 0 and his
            assert not [one for one in his if one["type"] == "event"]

    asyncio.run(visit())


def test_a_camera_that_stops_or_pauses_ends_what_goes_on():
    async def visit() -> None:
        clock = Clock()
        with visitors(clock) as (streams, sessions, _):
            ann = streams.find(token(streams, "ann")).listen()
            for stop in (lambda: sessions.finish("ann"), lambda: setattr(clock, "now", clock.now + RESTART_GAP_S + 1)):
                for _ in range(60):
                    sessions.process("ann", HANDS_UP)
                stop()
            sessions.process("ann", STILL)
            events = [one for one in await heard(ann) if one["type"] == "event"]
            assert [one["phase"] for one in events] == ["start", "end"] * 2
            assert len({one["id"] for one in events}) == 2

    asyncio.run(visit())


def test_tokens():
    with visitors(Clock()) as (streams, _, live):
        right = token(streams, "ann")
        other = EventStreams(live.__contains__)
        for wrong in ("", "ann", "ann.", right[:-1], f"bob.{right.partition('.')[2]}", token(other, "ann"), "é.é"):
            assert streams.find(wrong) is None
        assert streams.find(right) is streams.find(right) is not None
        assert streams.find(token(streams, "eve")) is None  # no page of hers is open
        live.remove("ann")
        assert streams.find(right) is None


def test_listeners_end_with_the_visit():
    async def visit() -> None:
        with visitors(Clock()) as (streams, _, _):
            hub = streams.find(token(streams, "ann"))
            listeners = [hub.listen() for _ in range(MOST_LISTENERS)]
            streams.leave("ann")
            streams.leave("nobody")
            assert all(listener.is_over for listener in listeners)
            assert streams.find(token(streams, "ann")) is not hub

    asyncio.run(visit())


def jpeg(rgb_HWC: np.ndarray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgb_HWC).save(file, "JPEG")
    return file.getvalue()


class Visitor:
    """A browser whose page is open for as long as its stream."""

    def __init__(self, port: int, session: str, on_load: int) -> None:
        self.port = port
        _, headers, _ = self.ask("/", cookie="")
        self.cookie = headers["set-cookie"].partition(";")[0]
        self.stream = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        head = f"Host: 127.0.0.1:{port}\r\nCookie: {self.cookie}\r\n\r\n"
        self.stream.sendall(f"GET /gradio_api/heartbeat/{session} HTTP/1.1\r\n{head}".encode())
        assert self.stream.recv(12) == b"HTTP/1.1 200"
        body = json.dumps({"fn_index": on_load, "data": [], "session_hash": session}).encode()
        answer = json.loads(self.ask("/gradio_api/run/predict", body, **{"content-type": "application/json"})[2])
        self.told = answer["data"][0]

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        sent = {"cookie": getattr(self, "cookie", ""), **headers}
        connection.request("GET" if body is None else "POST", path, body, sent)
        answer = connection.getresponse()
        found = answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
        connection.close()
        return found

    def show(self, rgb_HWC: np.ndarray) -> None:
        assert self.ask("/ikem/frame", jpeg(rgb_HWC), **{"x-ikem-key": self.told["key"]})[0] in (200, 204)


@contextmanager
def page(monkeypatch, tmp_path, port: int, **options):
    monkeypatch.setattr("app.page.server.PoseSource", FakePose)
    place = Place(port=port, **options)
    with serve(HandModel(), tmp_path / "none", place, visitors=3, clock=Clock()) as (blocks, _, _):
        yield {function.name: number for number, function in reversed(blocks.fns.items())}["on_load"]


@pytest.mark.slow
def test_the_page_of_a_visitor_and_a_program_that_listens(monkeypatch, tmp_path, free_port):
    """The program has neither a cookie nor a login: the token is its leave."""
    with page(monkeypatch, tmp_path, free_port, events=True) as on_load:
        ann = Visitor(free_port, "ann1", on_load)
        url = f"http://127.0.0.1:{free_port}/{ann.told['events'].removeprefix('./')}"
        client = httpx.Client(timeout=PATIENCE_S, trust_env=False)
        with client, client.stream("GET", url) as answer:
            assert answer.status_code == 200
            lines = answer.iter_lines()
            for picture in [STILL] * 40 + [HANDS_UP] * 60 + [STILL] * 90:
                ann.show(picture)
            found: list[dict] = []
            while not found or found[-1].get("phase") != "end":
                line = next(lines)
                found += [json.loads(line[6:])] if line.startswith("data: ") else []
            assert [one["phase"] for one in found if one["type"] == "event"] == ["start", "end"]
            overlay = f"http://127.0.0.1:{free_port}/{ann.told['overlay'].removeprefix('./')}"
            shown = httpx.get(overlay, trust_env=False)
            assert "<title>IKEM Live overlay</title>" in shown.text and "gradio" not in shown.text
            assert "set-cookie" not in shown.headers
            assert httpx.get(url.replace("ann1", "bob1"), trust_env=False).status_code == 401
            evil = {"origin": "https://evil.example"}
            assert httpx.get(url, headers=evil, trust_env=False).status_code == 403
            sockets(url)
            ann.stream.close()
            assert list(lines)[-1:] == [""]  # it ends with the visit
        assert httpx.get(url, trust_env=False).status_code == 401


def sockets(url: str) -> None:
    """A WebSocket at the same address; none anywhere else."""
    client = pytest.importorskip("websockets.sync.client", reason="websockets is not installed")
    from websockets.exceptions import InvalidStatus

    with client.connect(url.replace("http", "ws"), proxy=None) as line:
        assert json.loads(line.recv(PATIENCE_S))["type"] == "state"
    for other in (url.replace("/ikem/events", "/gradio_api/queue/data"), url.replace("ann1", "eve1")):
        with pytest.raises(InvalidStatus):
            client.connect(other.replace("http", "ws"), proxy=None)


@pytest.mark.slow
def test_off_by_default(monkeypatch, tmp_path, free_port):
    with page(monkeypatch, tmp_path, free_port) as on_load:
        ann = Visitor(free_port, "ann1", on_load)
        assert "events" not in ann.told and "overlay" not in ann.told
        assert ann.ask("/ikem/events?token=x")[0] == 404
        assert b"IKEM Live overlay" not in ann.ask("/?overlay")[2]
        ann.stream.close()


@pytest.mark.browser
@pytest.mark.slow
def test_a_browser_shows_where_its_events_are(monkeypatch, tmp_path, free_port):
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    errors: list[str] = []
    with page(monkeypatch, tmp_path, free_port, events=True), api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.set_default_timeout(PATIENCE_MS)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"http://127.0.0.1:{free_port}/")
        tab.wait_for_function("() => document.getElementById('overlay-address')?.value")
        place = tab.input_value("#events-address")
        assert place.startswith(f"http://127.0.0.1:{free_port}/ikem/events?token=")
        tab.click("#start")
        tab.click("#for-programs summary")
        assert tab.is_visible("#events-address")
        client = httpx.Client(timeout=PATIENCE_S, trust_env=False)
        with client, client.stream("GET", place) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith("data: "))
            assert any(json.loads(line[6:])["people"] == 1 for line in lines)
        overlay = browser.new_page()
        overlay.set_default_timeout(PATIENCE_MS)
        overlay.goto(tab.input_value("#overlay-address"))
        while not overlay.evaluate(f"() => ({DRAWN_PIXELS})('people') > 100"):
            overlay.wait_for_timeout(20)
        browser.close()
    assert not errors
