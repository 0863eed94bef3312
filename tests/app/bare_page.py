"""The page's own HTML, style and scripts without Gradio or a model, before a server that does what a test wants.

Answers, failures and silence come when a test asks for them, and the camera is Chromium's own: what the page says of
each can be seen in seconds.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from app.page.security_headers import security_headers
from app.page.wire import JOINT_STEP, POSE_STEP
from app.types import POSE_CONNECTIONS
from models.skeleton import BONES
from models.system.places import ASSETS

LABELS = {"jumping_jack": "jumping jacks", "wave": "waving", "idle": "standing"}
PAGE = ASSETS / "page"
SCRIPTS = {"/page/": PAGE, "/web/": ASSETS / "web"}
HERE = "/here/"  # where the files of the recogniser for browsers are
_KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}
_HEADERS = {name.decode(): text.decode() for name, text in security_headers().other}
_PIECES = {
    "left": ["timeline"],
    "right": ["now", "scores", "sees"],
}
# What Gradio does when the page presses its buttons, and the tabs.
_HOOKS = """
const call = async (name, ...given) => (await window.ikem)[name](...given);
const post = async (path, value) => (await fetch(path, { method: "POST", body: JSON.stringify(value) })).json();
const on = (id, deed) => document.getElementById(id).addEventListener("click", deed);
on("renew", async () => call("told", await post("gradio/key")));
on("stopped", () => post("gradio/stopped"));
on("teach-send", async () => call("taught", await post("gradio/teach", await call("nextRequest"))));
for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => {
    for (const name of ["live", "teach"]) {
      document.getElementById(`${name}-tab`).style.display = name === tab.textContent.toLowerCase() ? "block" : "none";
    }
  });
}
post("gradio/key").then((it) => call("told", it)).then(() => call("pageBuilt"));
"""


def packed(numbers: np.ndarray, step: float) -> str:
    """Numbers as the server packs them; see assets/page/wire.js."""
    return base64.b64encode(np.round(numbers / step).astype("<i2").tobytes()).decode()


def _settings(here: dict) -> dict:
    return {
        "here": here,
        "words": LABELS,
        "labels": list(LABELS),
        "modalities": ["joint", "bone", "motion"],
        "lines": [list(pair) for pair in POSE_CONNECTIONS],
        "bones": [list(pair) for pair in BONES],
        "steps": {"pose": POSE_STEP, "joint": JOINT_STEP},
        "seen_from": 0.5,
        "event_columns": {"person": None, "label": None, "start": 2, "end": 2, "score": 3, "count": None},
        "camera": {"video": {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 30}}},
        "route": "./ikem/frame",
        "window": 2.5,
        "recording": False,
    }


def _html(here: dict) -> str:
    piece = {path.stem: path.read_text(encoding="utf-8") for path in PAGE.glob("*.html")}
    style = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PAGE.glob("*.css")))
    sides = {side: "".join(f'<div id="{it}">{piece[it]}</div>' for it in names) for side, names in _PIECES.items()}
    tabs = "".join(f'<button role="tab">{name}</button>' for name in ("Live", "Teach", "Video", "About"))
    hidden = "".join(f'<button id="{it}" hidden></button>' for it in ("renew", "stopped", "teach-send"))
    return f"""<!doctype html><html><head><meta name="viewport" content="width=device-width"><style>{style}</style>
<script type="application/json" id="ikem-settings">{json.dumps(_settings(here))}</script>
<script>window.ikem = import("./page/main.js");</script></head><body><div class="tabs">
<div class="tab-wrapper" role="tablist">{tabs}</div><div id="live-tab"><div id="live"><div id="left">
<div id="stage" style="display: flex; flex-direction: column">
<div id="cam">{piece["camera"]}</div><div id="stage-ui">{piece["stage"]}</div></div>
<div id="controls">{piece["controls"]}</div><div id="status">{piece["status"]}</div>{sides["left"]}</div>
<div id="right">{sides["right"]}</div></div></div>
<div id="teach-tab" style="display: none"><div id="teach">{piece["teach"]}</div></div></div>{hidden}
<script>{_HOOKS}</script></body></html>"""


class BareServer:
    """What the page's pictures are answered with, and what came of it; a test changes it at any time.

    Attributes:
        status: of the answer to a picture; None answers with nothing but silence.
        full: places that are all taken, None while one is free.
        page: HTML instead of the answer, as a proxy gives it; "" for none.
        headers: of the answer.
        delay_s: time that an answer takes; busy_s: how much of it the server says that it worked.
        session: number of the server's session.
        key: the key that is taken; another one is refused.
        taught: names of the taught actions.
        count: how often the action was repeated so far.
        events: that an answer tells of.
        sent: of each picture (time, s; bytes).
        asked: what the page asked for by the buttons.
        files: of the recogniser for browsers, by the names that the settings give them; what is not there is answered
            with 503.
        got: paths of all that was asked for.
    """

    def __init__(self) -> None:
        self.status: int | None = 200
        self.page, self.headers, self.delay_s, self.busy_s = "", {}, 0.0, 0.01
        self.session, self.key = 1, "key 1"
        self.full: int | None = None
        self.taught: list[str] = []
        self.count: int | None = None
        self.events: list[list] = []
        self.sent: list[tuple[float, int]] = []
        self.asked: list = []
        self.files: dict[str, Path | bytes] = {}
        self.got: list[str] = []
        self.beats = 0
        self.started = time.monotonic()
        self._closed = threading.Event()

    def here(self) -> dict:
        """What the page's settings say of the recogniser for browsers."""
        return {name: f".{HERE}{name}" for name in self.files} or {"why": "this is a test without one"}

    def answer(self) -> dict:
        """Jumping jacks, 86 % sure."""
        pose = packed(np.tile([0.5, 0.5, 1.0], 33), POSE_STEP)
        return {
            "s": self.session,
            "t": time.monotonic() - self.started,
            "people": 1,
            "note": "",
            "persons": [{"id": 0, "main": True, "pose": pose, "label": "jumping_jack", "count": self.count}],
            "label": "jumping_jack",
            "score": 0.86,
            "count": self.count,
            "threshold": 0.5,
            "closest": None,
            "top": [["jumping_jack", 0.86], ["wave", 0.1]],
            "modalities": [0.9, 0.8, 0.7],
            "events": self.events,
            "sees": {"joints": packed(np.ones(5 * 75), JOINT_STEP), "frames": 5},
            "recording": "",
            "ms": 1000 * self.busy_s,
        }

    def asked_for(self, path: str, asked: dict | None) -> dict:
        """What Gradio would answer to a button."""
        self.asked.append((path, asked))
        if path == "key":
            return {"key": self.key, "session": "a", "at": time.time()}
        if path == "stopped":
            return {}
        said = {"own": False, "not": [], "count": 1, "verdict": "", "good": True, "advice": "", "odd": []}
        actions = [{"name": it, "shown": [f"{it} 1"], **said} for it in self.taught]
        state = {"actions": actions, "clips": {}, "only": False, "recording": (asked or {}).get("name")}
        return {"did": (asked or {}).get("do", ""), "said": "", "failed": False, "file": None, **state}

    def close(self) -> None:
        """End every silence."""
        self._closed.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: BareServer

    def log_message(self, format: str, *args: object) -> None:
        pass

    def reply(self, status: int, kind: str, body: bytes, headers: dict | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        folder, _, name = self.path.rpartition("/")
        self.state.got.append(self.path)
        if self.path == "/":
            self.reply(200, "text/html; charset=utf-8", _html(self.state.here()).encode())
        elif f"{folder}/" in SCRIPTS and (SCRIPTS[f"{folder}/"] / name).is_file():
            self.reply(200, "text/javascript", (SCRIPTS[f"{folder}/"] / name).read_bytes(), _HEADERS)
        elif f"{folder}/" == HERE and name in self.state.files:
            file = self.state.files[name]
            kind = _KINDS.get(Path(getattr(file, "name", name)).suffix, "application/octet-stream")
            self.reply(200, kind, file.read_bytes() if isinstance(file, Path) else file, _HEADERS)
        elif "/heartbeat/" in self.path:
            self.state.beats += 1
            self.reply(200, "text/event-stream", b"")
        else:
            self.reply(404, "text/plain", b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/ikem/frame"):
            self.frame(body)
            return
        asked = json.loads(body) if body and body != b"undefined" else None
        answer = self.state.asked_for(self.path.rpartition("/")[2], asked)
        self.reply(200, "application/json", json.dumps(answer).encode())

    def frame(self, body: bytes) -> None:
        state = self.state
        state.sent.append((time.monotonic(), len(body)))
        if state.status is None:
            state._closed.wait()
            return
        time.sleep(state.delay_s)
        status = 403 if self.headers["X-Ikem-Key"] != state.key else state.status
        if status != 200:
            self.reply(status, "text/plain", b"", state.headers)
        elif state.page:
            self.reply(200, "text/html", state.page.encode())
        else:
            answer = state.answer() if state.full is None else {"full": state.full}
            self.reply(200, "application/json", json.dumps(answer).encode())


@contextmanager
def bare_page(port: int = 0) -> Iterator[tuple[BareServer, str]]:
    """Serve the page while the `with` lasts; yields what it is answered with, and its address."""
    state = BareServer()
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"state": state}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state, f"http://127.0.0.1:{server.server_port}/"
    finally:
        state.close()
        server.shutdown()
        server.server_close()
