"""The gate, around an application that answers everything: what it lets through, as whom, and what it adds."""

from __future__ import annotations

import asyncio
import json

import pytest

from app.page.visits import Visits
from tests.app.page.gate_site import Site, as_ann, call, status


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.mark.parametrize("path", ["/", "/assets/a.js", "/static/a.js", "/ikem/page/1/main.js", "/theme.css", "/config"])
def test_what_the_page_reads(site, path):
    assert status(site, path) == 200 and status(site, path, "HEAD") == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/startup-events", "/manifest.json", "/monitoring",
        "/gradio_api/proxy=https://a.hf.space", "/gradio_api/stream/a/b/1/playlist.m3u8", "/gradio_api/file/etc/passwd",
        "/gradio_api/deep_link?session_hash=a", "/docs", "/token", "/gradio_api/token", "/logout", "/gradio_api/runs",
    ],
)  # fmt: skip
def test_what_no_page_of_ours_asks_for_is_not_there(site, path):
    assert status(site, path) == 404 and not site.scopes


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods(site, method):
    assert status(site, "/", method, origin="http://evil.example") == 405 and not site.scopes


@pytest.mark.parametrize(
    "path", ["/gradio_api/queue/join", "/gradio_api/upload", "/ikem/frame", "/login", "/gradio_api/run/x"]
)
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://[::1", "referer": "http://[::1"},
        {"origin": "http://localhost:1234"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"host": "evil.example"},
        {"host": "evil.example", "origin": "http://evil.example", "sec_fetch_site": "same-origin"},
        {"host": "192.168.1.5:7860"},
        {"host": "127.0.0.1:7860@evil.example"},
    ],
)
def test_foreign_pages_post_nothing(site, path, headers):
    assert status(site, path, "POST", call(), **headers) == 403 and not site.scopes


def test_foreign_pages_read_nothing(site):
    for headers in ({"host": "evil.example"}, {"sec_fetch_site": "cross-site"}):
        assert status(site, "/config", **headers) == 403
    assert status(site, "/", sec_fetch_site="cross-site") == 200, "a link may open the page"
    assert not [
        name
        for name, _ in asyncio.run(site.ask("/", origin="http://evil.example"))[1].items()
        if "allow-origin" in name
    ]


def test_the_advice_for_a_name_that_is_not_known(site, capsys):
    _, _, body = asyncio.run(site.ask("/", host="pc-17.lan"))
    assert b"--allow-host" in body and b"proxy_set_header Host" in body and b"'pc-17.lan'" in body
    asyncio.run(site.ask("/", host="pc-17.lan"))
    for host in ("a b", "x" * 9000, "[::1", ""):
        asyncio.run(site.ask("/", host=host))
    told = capsys.readouterr().err
    assert told.count("--allow-host pc-17.lan") == told.count("\n") == 1
    _, _, body = asyncio.run(site.ask("/", host="<script>"))
    assert b"pc-17" not in body and asyncio.run(site.ask("/", host="<script>"))[1]["content-type"].startswith(
        "text/plain"
    )


def test_headers_of_every_answer(site):
    for kind, full in (
        ("text/html; charset=utf-8", True),
        ("image/svg+xml", True),
        ("text/javascript", False),
        ("", False),
    ):
        site.kind = kind
        headers = asyncio.run(site.ask("/assets/a.js"))[1]
        assert (
            headers["x-content-type-options"] == "nosniff" and headers["cross-origin-resource-policy"] == "same-origin"
        )
        assert "http" not in headers["content-security-policy"], "no other host"
        assert "'self'" in headers["content-security-policy"]
        assert not {"server", "access-control-allow-origin"} & set(headers)
        assert ("referrer-policy" in headers) == ("permissions-policy" in headers) == full
        if full:
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-frame-options"] == "DENY" and headers["referrer-policy"] == "same-origin"
            assert "camera=(self)" in headers["permissions-policy"]


def test_headers_of_what_is_no_page_are_short(site):
    """A page asks for a hundred scripts."""
    site.kind = "text/javascript"
    headers = asyncio.run(site.ask("/assets/a.js"))[1]
    assert sum(len(name) + len(text) + 4 for name, text in headers.items()) < 200


def test_headers_of_refusals(site):
    for path in ("/nothing", "/gradio_api/file=/etc/passwd"):
        headers = asyncio.run(site.ask(path))[1]
        assert headers["content-security-policy"] == "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"


def test_frames_by_option(tmp_path):
    site = Site(tmp_path, frame_ancestors="https://huggingface.co")
    site.kind = "text/html"
    headers = asyncio.run(site.ask("/"))[1]
    assert headers["content-security-policy"].endswith("frame-ancestors https://huggingface.co")
    assert "x-frame-options" not in headers


def test_nobody_acts_without_an_open_page(site, monkeypatch):
    monkeypatch.setattr("app.page.visits.WAIT_S", 0)
    monkeypatch.setattr(
        site.visits, "admits", lambda visitor, owner, wait_s=0: Visits.admits(site.visits, visitor, owner, 0)
    )
    for path, body in (
        ("/gradio_api/run/x", call("teach", data=[1])),
        ("/gradio_api/queue/join", call()),
        ("/gradio_api/cancel", call()),
    ):
        assert status(site, path, "POST", body) == 403
    assert status(site, "/ikem/frame", "POST", b"jpeg", x_ikem_key="ann1.abc") == 403
    assert status(site, "/gradio_api/queue/data?session_hash=ann1") == 403
    assert status(site, "/gradio_api/upload", "POST", b"x") == 403
    assert not site.scopes


EVERYTHING = (
    ("/gradio_api/run/x", "POST", call("teach", data=[{"do": "save"}])),
    ("/gradio_api/queue/join", "POST", call()),
    ("/gradio_api/cancel", "POST", {"session_hash": "ann1", "event_id": "1", "fn_index": 0}),
    ("/gradio_api/queue/data?session_hash=ann1",),
    ("/ikem/frame", "POST", b"jpeg"),
)


def test_the_owner_of_a_session(site):
    key = {"x_ikem_key": "ann1.abc"}
    assert asyncio.run(as_ann(site, *EVERYTHING, **key)) == [200] * 5
    assert site.bodies[-1] == b"jpeg" and json.loads(site.bodies[1])["data"] == [{"do": "save"}]


@pytest.mark.parametrize("other", [{"client": "10.0.0.9"}, {"cookie": "ikem-visitor-7860=b"}, {"cookie": ""}])
def test_another_who_knows_the_session(site, other):
    sent = {"x_ikem_key": "ann1.abc", **other}
    assert asyncio.run(as_ann(site, *EVERYTHING, ("/gradio_api/heartbeat/ann1",), **sent)) == [403] * 5 + [429]
    assert len(site.scopes) == 1, "only the owner's stream"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("run/x", call("unload"), 400),
        ("queue/join", call("unload"), 400),  # it would end somebody's session
        ("queue/join", call("teach", data=[1]), 400),
        ("run/x", call("quick"), 400),
        ("run/x", call("drawn", data=[1]), 400),
        ("run/x", {**call("teach", data=[1]), "fn_index": 99}, 400),
        ("run/x", {**call("teach", data=[1]), "fn_index": "1"}, 400),
        ("run/x", {**call("teach", data=[1]), "fn_index": True}, 400),
        ("run/x", call("teach", data=[]), 400),
        ("run/x", call("teach", data=[1, 2]), 400),
        ("run/x", {**call("teach"), "data": "a"}, 400),
        ("run/x", {**call("teach", data=[1]), "session_hash": None}, 403),
        ("run/x", {**call("teach", data=[1]), "session_hash": "a" * 100_000}, 403),
        ("run/x", call("teach", data=["\ud800"]), 400),
        ("run/x", [1], 403),
        ("run/x", b"{", 400),
        ("run/x", b"\xff", 400),
        ("run/x", b"[" * 200_000, 400),
        ("run/x", b'{"session_hash":"ann1","fn_index":1,"data":[' + b"[" * 40 + b"]" * 40 + b"]}", 400),
        ("component_server", call(), 404),
        ("call/on_video", call(), 404),
        ("process_recording", b"", 404),
        ("vibe-edit/", b"{}", 404),
    ],
)  # fmt: skip
def test_calls_that_no_page_makes(site, path, body, expected):
    assert asyncio.run(as_ann(site, (f"/gradio_api/{path}", "POST", body))) == [expected] and len(site.scopes) == 1


def test_a_long_text_that_is_no_pack_is_cut(site):
    import base64

    junk, pack = (
        base64.b64encode(bytes(100_000)).decode(),
        base64.b64encode((80).to_bytes(8, "little") + b"{" * 9000).decode(),
    )
    asked = [
        ("/gradio_api/run/x", "POST", call("teach", data=[{"do": "load", "file": text}]))
        for text in (junk, pack, "\u00e9" * 9000)
    ]
    assert asyncio.run(as_ann(site, *asked)) == [200] * 3
    sent = [json.loads(body)["data"][0]["file"] for body in site.bodies[1:]]
    assert sent[0] == junk[:4096] and sent[1] == pack and len(sent[2]) == 4096


FILES = [
    "https://nosuch.invalid/a.mp4", "http://127.0.0.1:1/", "/etc/passwd", "a.mp4", "", "file:///etc/passwd", "../../a",
    5, None, "a\0b", "/" + "a" * 5000, "/\ud800", "ikem-upload/a/b",
]  # fmt: skip


@pytest.mark.parametrize("path", FILES)
def test_files_that_are_no_upload_of_this_visitor(site, path):
    file = {"path": path, "url": path, "meta": {"_type": "gradio.FileData"}}
    asked = [
        ("/gradio_api/queue/join", "POST", call("watch", data=[file])),
        ("/gradio_api/queue/join", "POST", call("watch", data=[{"video": file}])),
        ("/gradio_api/run/x", "POST", call("teach", data=[{"do": "look", "clip": [file]}])),
    ]
    assert asyncio.run(as_ann(site, *asked)) == [429] * 3 and not site.jobs.admitted_ones
    if isinstance(path, str) and path.isprintable():
        assert asyncio.run(as_ann(site, (f"/gradio_api/file={path}",))) == [403]


def test_an_upload_and_what_the_page_made(site, tmp_path):
    example = tmp_path / "hash" / "example.mp4"
    example.parent.mkdir()
    example.touch()

    async def visit():
        task = await site.open("ann1", cookie="ikem-visitor-7860=a")
        owner = site.visits.owner("ann1")
        upload = site.uploads.begin("My film.mp4", 3, owner)
        upload.path.write_bytes(b"abc")
        site.uploads.done(upload, 3)
        file = {"path": upload.id, "url": "http://127.0.0.1:7860/x", "meta": {"_type": "gradio.FileData"}}
        mine = {"cookie": "ikem-visitor-7860=a"}
        found = [
            await site.ask("/gradio_api/queue/join", "POST", call("watch", data=[{**file, "path": path}]), **mine)
            for path in (upload.id, str(example), str(upload.path))
        ]
        got = [
            await site.ask(f"/gradio_api/file={path}", **mine) for path in (upload.id, str(example), str(upload.path))
        ]
        theirs = await site.ask(f"/gradio_api/file={upload.id}", cookie="ikem-visitor-7860=b")
        site.until.set()
        await task
        return upload, [one[0] for one in found], [one[0] for one in got], theirs[0]

    upload, joined, read, theirs = asyncio.run(visit())
    assert joined == [200, 200, 429] and read == [200, 200, 403] and theirs == 403
    sent = json.loads(site.bodies[1])["data"][0]
    assert sent == {"path": str(upload.path), "orig_name": "My_film.mp4", "meta": {"_type": "gradio.FileData"}}
    assert upload.visitor == "ann1"
    assert site.jobs.admitted_ones == ["ann1", "ann1"]


def test_a_session_that_ends_is_told(site):
    async def visit():
        await as_ann(site)
        await asyncio.sleep(0.1)

    asyncio.run(visit())
    assert site.left == ["ann1"]


@pytest.mark.parametrize(
    ("path", "inner"),
    [
        ("/ikem/", "/"), ("/", "/"), ("/ikem/config", "/config"), ("/config", "/config"),
        ("/ikem/page/1/main.js", "/ikem/page/1/main.js"), ("/ikem/ikem/page/1/main.js", "/ikem/page/1/main.js"),
        ("/ikem/assets/a.js", "/assets/a.js"),
    ],
)  # fmt: skip
def test_the_prefix_may_be_taken_away_or_not(tmp_path, path, inner):
    site = Site(tmp_path, root="/ikem")
    assert status(site, path) == 200 and site.scopes[0]["path"] == inner


def test_the_address_of_files_is_where_the_page_is(tmp_path):
    site = Site(tmp_path, root="/ikem")
    told = lambda: dict(site.scopes[-1]["headers"])[b"x-gradio-server"].decode()  # noqa: E731
    assert asyncio.run(site.ask("/ikem"))[1]["location"] == "ikem/"
    assert status(site, "/ikem/", x_forwarded_host="evil.example", x_gradio_server="http://evil.example") == 200
    assert told() == "http://127.0.0.1:7860/ikem"
    whole = Site(tmp_path / "b", root="https://example.org/ikem")
    assert (
        status(whole, "/", host="example.org") == 200
        and dict(whole.scopes[-1]["headers"])[b"x-gradio-server"] == b"https://example.org/ikem"
    )
    plain = Site(tmp_path / "c")
    origin = {"origin": "http://127.0.0.1:7860", "referer": "http://127.0.0.1:7860/sub/"}
    asyncio.run(as_ann(plain, ("/gradio_api/queue/join", "POST", call()), **origin))
    assert dict(plain.scopes[-1]["headers"])[b"x-gradio-server"] == b"http://127.0.0.1:7860/sub"


def test_before_the_page_is_open_only_gradio_s_question_is_answered(site):
    site.gate.is_open = False
    assert status(site, "/gradio_api/startup-events") == 200
    site.gate.is_open = True
    assert status(site, "/gradio_api/startup-events") == 404


FORM = {"content_type": "application/x-www-form-urlencoded"}


def test_a_login_covers_everything(tmp_path):
    site = Site(tmp_path, auth=[("ann", "secret pass")])
    for path in (
        "/config",
        "/assets/a.js",
        "/theme.css",
        "/favicon.ico",
        "/gradio_api/app_id",
        "/gradio_api/heartbeat/a",
        "/robots.txt",
    ):
        assert status(site, path) == 401
    for path in ("/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/run/x", "/ikem/frame", "/gradio_api/upload"):
        assert status(site, path, "POST", b"{}") == 401
    assert (
        asyncio.run(site.ask("/"))[1]["location"] == "login"
        and b"refresh" in asyncio.run(site.ask("/", sec_fetch_site="cross-site"))[2]
    )
    assert status(site, "/login") == 200 and status(site, "/logout") == 401 and not site.scopes


def test_in_and_out_by_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr("app.page.login.FIRST_WAIT_S", 0.0)
    site = Site(tmp_path, auth=[("ann", "secret pass")])

    async def visit():
        wrong = await site.ask("/login", "POST", b"username=ann&password=wrong", **FORM)
        right = await site.ask("/login", "POST", b"username=ann&password=secret+pass", **FORM)
        cookie = right[1]["set-cookie"]
        mine = {"cookie": cookie.partition(";")[0]}
        task = await site.open("ann1", **mine)
        inside = [
            (await site.ask("/config", **mine))[0],
            (await site.ask("/ikem/frame", "POST", b"", x_ikem_key="ann1.a", **mine))[0],
        ]
        foreign = await site.ask("/logout", "POST", b"", origin="http://evil.example", **mine)
        out = await site.ask("/logout", "POST", b"", **mine)
        outside = [
            (await site.ask("/config", **mine))[0],
            (await site.ask("/ikem/frame", "POST", b"", x_ikem_key="ann1.a", **mine))[0],
        ]
        site.until.set()
        await task
        return wrong, right, inside, foreign[0], out, outside

    wrong, right, inside, foreign, out, outside = asyncio.run(visit())
    assert wrong[0] == 401 and b"is wrong" in wrong[2] and b'value="ann"' in wrong[2] and "set-cookie" not in wrong[1]
    assert right[0] == 303 and right[1]["location"] == "./"
    assert "HttpOnly; SameSite=Strict" in right[1]["set-cookie"] and "Secure" not in right[1]["set-cookie"]
    assert inside == [200, 200] and foreign == 403 and out[1]["location"] == "login" and outside == [401, 401]
    assert site.left == ["ann1"]


@pytest.mark.parametrize(
    "body", [b"", b"username=ann", b"\xff", b"x" * 5000, b"username=" + b"a" * 3000 + b"&password=b"]
)
def test_forms_of_the_login_that_are_none(tmp_path, monkeypatch, body):
    monkeypatch.setattr("app.page.login.FIRST_WAIT_S", 0.0)
    site = Site(tmp_path, auth=[("ann", "secret pass")])
    assert status(site, "/login", "POST", body, **FORM) in (400, 401)
