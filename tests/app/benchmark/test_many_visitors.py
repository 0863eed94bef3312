"""Many visitors by their requests: what they send and how it is counted."""

from __future__ import annotations

import os
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.benchmark.many_visitors import Told, measure, renamed, result, session_of
from app.benchmark.visit_bytes import Asked, foreign

PAGE = Asked(0.0, "GET", "/", {"accept-encoding": "gzip"})
ALIVE = Asked(0.05, "GET", "/gradio_api/heartbeat/abc1", {}, is_stream=True)
KEY = Asked(0.06, "POST", "/run", {"content-type": "application/json"}, b'{"session_hash": "abc1"}')
OLD = Asked(0.1, "GET", "/pose.task", {"if-none-match": "xyz"})
GONE = Asked(0.15, "GET", "/gone", {})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_GET(self):
        seen = self.server.seen
        seen.append((self.client_address[0], self.path, self.headers.get("Cookie")))
        if "/heartbeat/" in self.path:
            self.send_response(200)
            self.end_headers()
            self.server.ends.wait(5)  # it goes on
            self.close_connection = True
            return
        status = 304 if self.headers.get("If-None-Match") == "xyz" else 404 if self.path == "/gone" else 200
        body = b"" if status == 304 else b"x" * 1000
        self.send_response(status)
        if self.path == "/":
            self.send_header("Set-Cookie", f"who={len(seen)}; Path=/; HttpOnly")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.seen, server.posted, server.ends = [], [], threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.ends.set()
    server.shutdown()
    server.server_close()


def test_each_visitor_asks_what_one_browser_asked_in_a_name_of_its_own(server):
    asked = [PAGE, ALIVE, KEY, OLD, GONE]
    found = measure(asked, f"http://127.0.0.1:{server.server_port}/", os.getpid(), visitors=3, minute_s=0.4)
    assert found["requests"] == 15 and found["errors"] == 3 and found["status"] == {"200": 9, "304": 3, "404": 3}
    assert found["megabytes"] == pytest.approx(2 * 3 * 1000 / 1e6)
    assert len({address for address, *_ in server.seen}) == 3, "an address for each"
    named = [path.rpartition("/")[2] for _, path, _ in server.seen if "heartbeat" in path]
    assert len(set(named)) == 3 and "abc1" not in named
    assert sorted(server.posted) == sorted(b'{"session_hash": "%s"}' % name.encode() for name in named)
    cookies = Counter(cookie for _, path, cookie in server.seen if path == "/pose.task")
    assert len(cookies) == 3 and all(cookie.startswith("who=") and ";" not in cookie for cookie in cookies)


def test_what_comes_after_a_visitor_s_time_is_not_asked(server):
    late = Asked(9.0, "GET", "/late", {})
    found = measure([PAGE, late], f"http://127.0.0.1:{server.server_port}/", os.getpid(), visitors=1, minute_s=0.1)
    assert found["requests"] == 1 and found["errors"] == 0


def test_a_server_that_is_not_there_is_an_error_for_each_request():
    found = measure([PAGE, OLD], "http://127.0.0.1:9/", os.getpid(), visitors=2, minute_s=0.2)
    assert found["errors"] == 4 and found["status"] == {"0": 4}


def test_the_share_of_a_core_is_of_the_minute_in_which_they_come():
    told = Told()
    told.add(200, 5.0, 2_000_000)
    told.add(503, 15.0)
    found = result(told, visitors=200, spent_s=18.0, minute_s=60.0, seconds=120.0)
    assert found["share"] == pytest.approx(0.3) and found["server_ms_each"] == pytest.approx(90)
    assert found["errors"] == 1 and found["megabytes"] == 2


def test_names_of_a_page():
    assert session_of([PAGE, ALIVE]) == "abc1" and session_of([PAGE]) == ""
    assert renamed(KEY, "abc1", "new") == ("/run", b'{"session_hash": "new"}')
    assert renamed(ALIVE, "abc1", "new") == ("/gradio_api/heartbeat/new", None)
    assert renamed(KEY, "", "new") == (KEY.path, KEY.body)


def test_other_hosts_are_those_that_are_not_this_machine():
    own = ["http://127.0.0.1:80/a", "blob:http://127.0.0.1/x", "data:,", "ws://127.0.0.1:9/b"]
    others = ["https://play.example/log", "http://127.0.0.1.example/", "https://localhost.example/127.0.0.1/"]
    assert foreign([*own, *others]) == others
