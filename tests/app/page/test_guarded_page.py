"""The page with its gate, served for real and asked as a browser would ask it, and as others would."""

from __future__ import annotations

import http.client
import io
import json
import os
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gradio")

from app.page.hosts import read_root
from app.page.server import Place, serve
from models.system.places import EXAMPLE
from tests.app.helpers import HandModel, write_video

ROOT = "/ikem"


class Browser:
    """A visitor with a cookie of their own, whose page holds its stream open until `close`."""

    def __init__(self, port: int, session: str) -> None:
        self.port, self.session, self.cookie = port, session, ""
        status, headers, self.html = self.ask("/")
        assert status == 200
        self.headers = headers
        self.cookie = headers["set-cookie"].partition(";")[0]
        self.stream = socket.create_connection(("127.0.0.1", port), 60)
        sent = f"Host: 127.0.0.1:{port}\r\nCookie: {self.cookie}\r\n\r\n"
        self.stream.sendall(f"GET {ROOT}/gradio_api/heartbeat/{session} HTTP/1.1\r\n{sent}".encode())
        assert self.stream.recv(12) == b"HTTP/1.1 200"

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        sent = {"Cookie": self.cookie, **{name.replace("_", "-"): text for name, text in headers.items()}}
        connection.request("GET" if body is None else "POST", ROOT + path, body, sent)
        answer = connection.getresponse()
        found = answer.status, {name.lower(): text for name, text in answer.getheaders()}, answer.read()
        connection.close()
        return found

    def call(self, number: int, data: list, queued: bool = False) -> tuple[int, dict]:
        body = json.dumps({"fn_index": number, "data": data, "session_hash": self.session}).encode()
        path = "/gradio_api/queue/join" if queued else "/gradio_api/run/predict"
        status, _, answer = self.ask(path, body, content_type="application/json")
        return status, json.loads(answer)

    def result(self) -> list:
        """What the one queued call of this session came to."""
        text = self.ask(f"/gradio_api/queue/data?session_hash={self.session}")[2].decode()
        messages = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
        (done,) = [message for message in messages if message["msg"] == "process_completed"]
        return done["output"]["data"]

    def upload(self, name: str, content: bytes) -> tuple[int, str]:
        part = f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
        form = part + content + b"\r\n--edge--\r\n"
        status, _, answer = self.ask(
            "/gradio_api/upload?upload_id=u1", form, content_type="multipart/form-data; boundary=edge"
        )
        return status, answer.decode()

    def close(self) -> None:
        self.stream.close()


@pytest.fixture(scope="module")
def site(pose_model_path):
    """(port, numbers of the page's functions by name, the registry of visitors)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serve(HandModel(), pose_model_path, Place(port=port, root=read_root(ROOT)), visitors=3) as (page, _, sessions):
        yield port, {function.name: number for number, function in reversed(page.fns.items())}, sessions


def wait_for(held, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not held() and time.monotonic() < end:
        time.sleep(0.05)
    return held()


def jpeg() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), 90, np.uint8)).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.slow
def test_the_page_says_where_it_is_and_tells_nothing_of_the_server(site):
    ann = Browser(site[0], "ann0")
    html = ann.html.decode()
    assert 'gradio_config.root = new URL(".", document.baseURI)' in html and "manifest" not in html
    assert "const root = window.gradio_config.root;" in html and "server" not in ann.headers
    assert "SameSite=Lax" in ann.headers["set-cookie"] and f"Path={ROOT};" in ann.headers["set-cookie"]
    assert ann.ask("/theme.css")[0] == 200
    ann.close()


@pytest.mark.slow
def test_live(site):
    port, number, sessions = site
    ann, eve = Browser(port, "ann1"), Browser(port, "eve1")
    status, answer = ann.call(number["on_load"], [])
    key = answer["data"][0]["key"]
    assert status == 200
    assert ann.ask("/ikem/frame", jpeg(), x_ikem_key=key)[0] in (200, 204) and len(sessions) == 1
    assert eve.ask("/ikem/frame", jpeg(), x_ikem_key=key)[0] == 403, "another browser with the key"
    eve.session = "ann1"
    assert eve.call(number["on_load"], [])[0] == 403
    assert ann.ask("/ikem/frame", jpeg(), x_ikem_key=key, Origin="http://evil.example")[0] == 403
    ann.close()
    assert wait_for(lambda: len(sessions) == 0), "the place is free when the page is closed"
    assert ann.ask("/ikem/frame", jpeg(), x_ikem_key=key)[0] == 403
    eve.close()


@pytest.mark.slow
def test_one_address_takes_no_more_than_two_places(site):
    port, number, sessions = site
    visitors = [Browser(port, f"many{k}") for k in range(3)]
    answers = []
    for visitor in visitors:
        key = visitor.call(number["on_load"], [])[1]["data"][0]["key"]
        answers.append(visitor.ask("/ikem/frame", jpeg(), x_ikem_key=key)[2])
    assert len(sessions) == 2 and b'"full"' in answers[2] and b'"full"' not in answers[0] + answers[1]
    for visitor in visitors:
        visitor.close()
    assert wait_for(lambda: len(sessions) == 0)


@pytest.mark.slow
def test_a_recording(site, tmp_path):
    port, number, _ = site
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    ann, eve = Browser(port, "ann2"), Browser(port, "eve2")
    content = write_video(tmp_path / "clip.mp4", np.arange(20) / 20).read_bytes()
    status, answer = ann.upload("my clip.mp4", content)
    (name,) = json.loads(answer)
    assert status == 200 and str(folder) not in answer
    assert ann.ask(f"/gradio_api/file={name}")[2] == content and eve.ask(f"/gradio_api/file={name}")[0] == 403
    file = {"path": name, "meta": {"_type": "gradio.FileData"}}
    assert eve.call(number["on_video"], [file], queued=True)[0] == 429
    assert ann.call(number["on_video"], [file], queued=True)[0] == 200
    assert "Nobody" in ann.result()[0], "a grey film"
    assert len([path for path in folder.rglob("*.mp4") if "ikem-upload" in str(path)]) == 1
    ann.close()
    assert wait_for(lambda: not [path for path in folder.rglob("*.mp4") if "ikem-upload" in str(path)])
    eve.close()


@pytest.mark.slow
@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example clip is not here")
def test_the_example(site):
    port, number, _ = site
    ann = Browser(port, "ann3")
    assert ann.call(number["on_example"], [], queued=True)[0] == 200
    clip = ann.result()[0]
    file = clip.get("video", clip)
    assert file["url"].startswith(f"http://127.0.0.1:{port}{ROOT}/gradio_api/file=")
    assert ann.ask(f"/gradio_api/file={file['path']}")[0] == 200
    ann.close()


@pytest.mark.slow
def test_no_url_is_fetched_for_a_visitor(site):
    port, number, _ = site
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(3)

        def listen() -> None:
            with suppress(TimeoutError):
                asked.append(server.accept())

        thread = threading.Thread(target=listen)
        thread.start()
        ann = Browser(port, "ann4")
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.mp4"
        file = {"path": url, "meta": {"_type": "gradio.FileData"}}
        assert ann.call(number["on_video"], [file], queued=True)[0] == 429
        assert ann.call(number["on_stop"], [])[0] == 200
        assert ann.ask(f"/gradio_api/file={url}")[0] == 403
        thread.join()
    assert not asked
    ann.close()
