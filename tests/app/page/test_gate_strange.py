"""Strange requests at the gate: names that stand twice, bodies that blow up, ways around the login, parts of files."""

from __future__ import annotations

import asyncio
import json

import pytest

from app.page.gate_body import MOST_OF_STRANGER
from tests.app.page.gate_site import Site, as_ann, call, status

MINE = {"cookie": "ikem-visitor-7860=a"}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_session_that_is_named_twice(site):
    """Ours is checked; Gradio would answer of the other."""
    path = "/gradio_api/queue/data?session_hash=ann1&session_hash=victim"
    assert asyncio.run(as_ann(site, (path,))) == [200]
    assert site.scopes[-1]["query_string"] == b"session_hash=ann1"


def test_who_waits_for_nothing(site):
    """Gradio would write forty lines into the log, for anybody who asks."""
    site.jobs.waits = False
    assert asyncio.run(as_ann(site, ("/gradio_api/queue/data?session_hash=ann1",))) == [404] and len(site.scopes) == 1


def test_what_is_read_gets_no_question_of_a_visitor(site):
    assert status(site, "/?deep_link=../../x&view=api&__theme=dark") == 200
    assert site.scopes[0]["query_string"] == b""


@pytest.mark.parametrize(
    "body",
    [
        b'{"session_hash":"ann1","fn_index":1,"data":[NaN]}',
        b'{"session_hash":"ann1","fn_index":1,"data":[-Infinity]}',
        b'{"session_hash":"ann1","fn_index":1,"data":[1e400]}',
        b'{"session_hash":"ann1","fn_index":1,"data":[' + b"9" * 5000 + b"]}",
        b'{"session_hash":"ann1","fn_index":1,"data":[[' + b"[]," * 10_000 + b"0]]}",
        b'{"session_hash":"ann1","fn_index":1,"data":[' + b'{"a":' * 100_000 + b"0" + b"}" * 100_000 + b"]}",
        b'{"session_hash":"ann1","fn_index":1,"data":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b'{"session_hash":"ann1","fn_index":1,"data":[1]} {}',
        b'\xef\xbb\xbf{"session_hash":"ann1",',
        "\ufeff[".encode("utf-16"),
        b"",
    ],
)
def test_json_that_no_page_sends(site, body):
    asked = [(f"/gradio_api/{name}", "POST", body) for name in ("run/x", "queue/join", "cancel")]
    assert asyncio.run(as_ann(site, *asked)) == [400] * 3 and len(site.scopes) == 1


def test_a_key_that_stands_twice_is_read_once(site):
    """Whoever checks one of two values and hands on the text checks nothing."""
    body = b'{"session_hash":"victim","fn_index":3,"data":[1],"session_hash":"ann1","fn_index":1}'
    assert asyncio.run(as_ann(site, ("/gradio_api/run/x", "POST", body))) == [200]
    assert site.bodies[-1].count(b"session_hash") == 1 and b"victim" not in site.bodies[-1]


def test_who_has_no_page_open_sends_little(site):
    large = call("teach", data=["x" * MOST_OF_STRANGER])
    assert status(site, "/gradio_api/run/x", "POST", large) == 413
    assert asyncio.run(as_ann(site, ("/gradio_api/run/x", "POST", large))) == [200]


def test_one_address_waits_on_so_many_streams_also_for_sessions_that_never_come(site, monkeypatch):
    monkeypatch.setattr("app.page.gate._STREAMS_AT_ONCE", 3)
    site = Site(site.uploads.folder.parent)

    async def visit():
        paths = [f"/gradio_api/queue/data?session_hash=nobody{k}" for k in range(5)]
        asked = [asyncio.create_task(site.ask(path)) for path in paths]
        await asyncio.sleep(0.05)
        return [task.result()[0] for task in asked if task.done()], [task.cancel() for task in asked]

    assert asyncio.run(visit())[0] == [429, 429]


AROUND = [
    "//config", "/config/", "/./config", "/%63onfig", "/config;x", "/config%00", "/CONFIG", "/login/../config",
    "/login/", "/login//", "//login", "/logout/", "/gradio_api//config", "/gradio_api/login",
    "/gradio_api/startup-events",
    "/ikem/frame", "/ikem/page/x/main.js", "/ikem/ikem/config", "\\config", "/gradio_api/file=/etc/passwd",
    "http://127.0.0.1:7860/config", "/svelte/../config", "*",
]  # fmt: skip


@pytest.mark.parametrize("root", ["", "/ikem", "/login"])
@pytest.mark.parametrize("path", AROUND)
def test_no_way_around_the_login(tmp_path, path, root):
    site = Site(tmp_path, auth=[("ann", "secret pass")], root=root)
    for method in ("GET", "HEAD", "POST"):
        assert status(site, path, method, b"{}") in (200, 303, 308, 400, 401, 404)
    assert status(site, path, "OPTIONS") == status(site, path, "CONNECT") == 405
    assert not site.scopes, "nothing reached the page"


@pytest.mark.parametrize(
    "cookie",
    ["ikem-login-7860=", "ikem-login-7860=a; ikem-login-7860=b", "ikem-login-7860=\"", "a" * 9000, "=;=;=", "\x00",
     "ikem-login-7860=None", "Path=/; ikem-login-7860=*", '"' + "\\" * 4000],
)  # fmt: skip
def test_cookies_of_nobody(tmp_path, cookie):
    site = Site(tmp_path, auth=[("ann", "secret pass")])
    assert status(site, "/config", cookie=cookie) == 401 and not site.scopes


@pytest.mark.parametrize(
    "host",
    ["\u2113ocalhost:7860", "localhost\u3002:7860", "127.0.0.1:7860\t", "127.1:7860", "2130706433:7860", "0x7f000001",
     "127.0.0.1:07860x", "localhost:7860#@evil.example", "localhost.evil.example", "[::1", "[::1%25lo]:7860", ":7860",
     "127.0.0.1:99999", "127.0.0.1:-1", "localhost,evil.example", "xn--localhost-"],
)  # fmt: skip
def test_hosts_that_look_like_this_one(site, host):
    latin = host.encode().decode("latin-1")  # as a server hands it on
    assert status(site, "/config", host=latin) == 403 and not site.scopes


@pytest.mark.parametrize(
    ("wanted", "expected", "content"),
    [
        ("bytes=2-4", 206, b"234"), ("bytes=-3", 206, b"789"), ("bytes=8-", 206, b"89"), ("bytes=5-99", 206, b"56789"),
        ("bytes=50-60", 416, None), ("bytes=5-1", 400, None), ("bytes=0-1-2", 200, None),
        ("bytes=\xb2-\xb3", 400, None),
        ("bytes=" + "9" * 5000 + "-", 400, None), ("chars=0-1", 400, None), ("bytes", 400, None), ("bytes=", 400, None),
        ("bytes=" + "0-9," * 5000, 200, b"0123456789"), ("bytes=0-,0-,0-", 206, b"0123456789"),
    ],
)  # fmt: skip
def test_parts_of_a_recording(site, wanted, expected, content):
    async def visit():
        task = await site.open("ann1", **MINE)
        upload = site.uploads.begin("My film.mp4", 10, site.visits.owner("ann1"))
        upload.path.write_bytes(b"0123456789")
        site.uploads.done(upload, 10)
        path = f"/gradio_api/file={upload.id}"
        found = await site.ask(path, range=wanted, **MINE), await site.ask(path, "HEAD", **MINE)
        upload.path.unlink()
        gone = await site.ask(path, **MINE)
        site.until.set()
        await task
        return *found, gone

    found, head, gone = asyncio.run(visit())
    assert found[0] in (expected, 400, 416) if content is None else found[0] == expected and found[2] == content
    assert "cookie" not in found[1], "Gradio's own answer to a part repeats what was asked"
    assert head[0] == 200 and head[2] == b"" and head[1]["cache-control"] == "private, no-store"
    assert head[1]["content-type"] == "video/mp4" and head[1]["content-disposition"].startswith("inline")
    assert gone[0] == 403


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xhtml", "a.pdf", "a.js", "a.xml", "a", "a.mp4.htm"])
def test_files_that_a_browser_would_run_are_saved_instead(site, name):
    async def visit():
        task = await site.open("ann1", **MINE)
        upload = site.uploads.begin(name, 3, site.visits.owner("ann1"))
        site.uploads.done(upload, 3)
        answer = await site.ask(f"/gradio_api/file={upload.id}", **MINE)
        site.until.set()
        await task
        return answer[1]

    headers = asyncio.run(visit())
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment") and "\n" not in headers["content-disposition"]


@pytest.mark.slow
def test_progress_of_an_upload_is_told_to_who_uploads(site):
    async def visit():
        task = await site.open("ann1", **MINE)
        owner, path = site.visits.owner("ann1"), "/gradio_api/upload_progress?upload_id=abc"
        mine = asyncio.create_task(site.ask(path, **MINE))
        theirs = asyncio.create_task(site.ask(path, cookie="ikem-visitor-7860=b"))
        bad = await site.ask("/gradio_api/upload_progress?upload_id=../x", **MINE)
        with site.uploads.progress.one("abc", owner) as progress:
            progress.name, progress.size = "My film.mp4", 5
            await asyncio.sleep(0.3)
        found = await mine, await theirs, bad
        site.until.set()
        await task
        return found

    mine, theirs, bad = asyncio.run(visit())
    events = [json.loads(line.removeprefix(b"data: ")) for line in mine[2].split(b"\n\n") if line]
    assert events == [{"msg": "update", "orig_name": "My film.mp4", "chunk_size": 5}, {"msg": "done"}]
    assert mine[1]["content-type"].startswith("text/event-stream") and theirs[0] == bad[0] == 404
