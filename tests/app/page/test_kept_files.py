"""The program's own files are made once and kept; whatever else is asked for is not."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

pytest.importorskip("starlette")

from app.page.kept_files import KeptFiles


class App:
    """Says how often it was asked, in two pieces, and sets what a test wants."""

    def __init__(self, status: int = 200, headers: tuple = ()) -> None:
        self.asked: Counter[str] = Counter()
        self.status, self.headers = status, headers

    async def __call__(self, scope, receive, send) -> None:
        self.asked[scope["path"]] += 1
        headers = [(b"content-encoding", b"gzip"), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"a" * 50, "more_body": True})
        await send({"type": "http.response.body", "body": b"%d" % self.asked[scope["path"]]})


def ask(kept: KeptFiles, path: str, method: str = "GET", **headers: str) -> tuple[int, list, bytes]:
    said: list[dict] = []
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": pairs}

    async def receive():
        await asyncio.Event().wait()

    async def send(message) -> None:
        said.append(message)
        message.setdefault("headers", []).append((b"x", b"y"))  # whoever stands outside may add to an answer

    asyncio.run(kept(scope, receive, send))
    return said[0]["status"], said[0]["headers"], b"".join(message.get("body", b"") for message in said)


def test_a_file_is_made_once_for_each_kind_of_compression():
    app = App()
    kept = KeptFiles(app)
    first = ask(kept, "/ikem/page/1/page/main.js", accept_encoding="gzip, br")
    again = ask(kept, "/ikem/page/1/page/main.js", accept_encoding="gzip;q=1.0, br")
    assert first[2] == again[2] == b"a" * 50 + b"1" and app.asked.total() == 1
    assert first[1] == again[1] == [(b"content-encoding", b"gzip"), (b"x", b"y")]
    assert ask(kept, "/ikem/page/1/page/main.js")[2].endswith(b"2"), "who takes no compression gets another answer"


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/", "GET", {}),
        ("/gradio_api/heartbeat/a", "GET", {}),
        ("/assets/a.js", "HEAD", {}),
        ("/assets/a.js", "GET", {"range": "bytes=0-9"}),
        ("/assets/a.js", "GET", {"if_none_match": '"a"'}),
    ],
)
def test_other_requests_reach_the_page_each_time(path, method, headers):
    app = App()
    kept = KeptFiles(app)
    assert [ask(kept, path, method, **headers)[2][-1:] for _ in range(2)] == [b"1", b"2"]


@pytest.mark.parametrize("app", [App(status=503), App(headers=((b"Set-Cookie", b"a=b"),))])
def test_failures_and_what_is_one_visitor_s_are_not_kept(app):
    kept = KeptFiles(app)
    assert [ask(kept, "/assets/a.js")[2][-1:] for _ in range(2)] == [b"1", b"2"]


def test_there_is_an_end_to_what_is_kept():
    app = App()
    kept = KeptFiles(app, most_bytes=110)
    for name in "abc":
        assert ask(kept, f"/assets/{name}")[2][-1:] == b"1"
    assert [ask(kept, f"/assets/{name}")[2][-1:] for name in "abc"] == [b"1", b"1", b"2"]
