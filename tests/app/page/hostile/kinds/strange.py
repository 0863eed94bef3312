"""Strange requests: smuggled ones, ways around, names that stand twice, odd forms, answers that nobody reads."""

from __future__ import annotations

import numpy as np

from tests.app.page.hostile.target import HOST, Target, Visitor

FAULT = 599  # an answer to what must get none
_PATHS = [
    "//config",
    "/config/",
    "/%63onfig",
    "/./config",
    "/assets/../../../../etc/passwd",
    "/assets/%2e%2e/%2e%2e/etc/passwd",
    "/static/..%2f..%2fetc%2fpasswd",
    "/svelte/%2e%2e%5c%2e%2e",
    "/ikem/page/../../secret",
    "/gradio_api/file=../../etc/passwd",
    "/gradio_api/file=%2fetc%2fpasswd",
    "/gradio_api/file=http://127.0.0.1:1/",
    "/gradio_api/file=" + "a/" * 3000,
    "/gradio_api/proxy=https://a.hf.space",
    "/gradio_api/info",
    "/gradio_api/startup-events",
    "/?deep_link=../../etc",
    "/ikem/",
    "/ikem/frame",
    "/ikem/frame/",
    "/ikem/page/",
    "/gradio_api/upload_progress?upload_id=" + "a" * 5000,
    "/gradio_api/upload_progress?upload_id=../../x",
    "/gradio_api/upload_progress",
    "/gradio_api/queue/data?session_hash=",
    "/gradio_api/heartbeat/..%2f..%2fx",
    "/gradio_api/heartbeat/" + "a" * 65,
    "/gradio_api/heartbeat/%00",
    "*",
    "config",
    "http://evil.example/config",
    "/config%0d%0aSet-Cookie:%20a=b",
    "/%ff%fe",
    "/\u2113".encode().decode("latin-1"),
    "/login/..;/config",
    "/theme.css?" + "a=b&" * 9000,
    "/robots.txt",
    "/monitoring",
    "/docs",
    "/gradio_api/openapi.json",
]
_UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ=="
)
_SECRET = ("etc", "evil", "%2e", "..", "proxy", "file=", "info", "monitoring", "openapi")
_NAMES = ["../../x", "a\r\nb", "\u4e2d" * 400, "a" * 9000, "", ".", "con.mp4", "a.mp4\x00.html", "\u202egnp.4pm"]
_IDS = ["abc", "../../x", "a" * 3000, "%7B%7D"]
_HEADERS = [
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked, identity",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: +5",
    "Content-Length : 5",
    "Content-Length: 5\r\n folded: 1",
    "Host: evil.example",
    "Cookie: " + "a=b; " * 5000,
    "Cookie: ikem-visitor=\\\\" + '"' * 3000,
    _UPGRADE,
    "Upgrade: h2c\r\nConnection: Upgrade",
    "Range: bytes=0-1-2",
    "Range: bytes=\xb2-\xb3",
    "Range: bytes=" + "0-," * 3000,
    "Range: bytes=" + "9" * 5000 + "-",
    "Expect: 100-continue",
    "Accept-Encoding: gzip;q=0, *;q=0",
    "X-Forwarded-For: \x1b[2J, " + "1.2.3.4, " * 900,
    "X-Forwarded-Proto: javascript",
    "X-Forwarded-Prefix: //evil.example",
    "Referer: http://[::1",
    'Forwarded: for="_x";host=evil',
    "X-Gradio-Server: http://evil.example",
    "Origin: null",
    "If-None-Match: *",
    "Content-Encoding: gzip",
    "A: " + "b" * 70_000,
]
_ASKED = [("GET", "/config"), ("POST", "/gradio_api/run/x"), ("GET", "/"), ("POST", "/login")]
_BODIES = [
    b'{"session_hash":"%s","session_hash":"victim","fn_index":%d,"data":[null]}',
    b'{"session_hash":"%s","fn_index":%d,"data":[NaN]}',
    b'{"session_hash":"%s","fn_index":%d,"data":[1e999]}',
    b'{"session_hash":"%s","fn_index":%d,"data":[' + b"9" * 4000 + b"]}",
    b'{"session_hash":"%s","fn_index":%d,"data":[' + b"[]," * 2_000_000 + b"0]}",
    b'{"session_hash":"%s","fn_index":%d,"data":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
    b'{"session_hash":"%s","fn_index":%d,"data":["\\ud800"]}',
    b'{"session_hash":"%s","fn_index":%d,"data":[{"url":"http://127.0.0.1:1/a.mp4","meta":{"_type":"gradio.FileData"}}]}',
    b'{"session_hash":"%s","fn_index":%d,"data":[{"path":"/etc/passwd","meta":{"_type":"gradio.FileData"}}]}',
    b'{"session_hash":"%s","fn_index":%d,"data":[{"do":"look","have":[' + b'"x",' * 9000 + b'"x"]}]}',
]


def try_one(target: Target, random: np.random.Generator) -> int:
    """Send such a request; return the status."""
    kind = random.integers(6)
    if kind == 0:
        path = _PATHS[random.integers(len(_PATHS))]
        method = random.choice(["GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE", "PROPFIND"])
        return _checked(target, f"{method} {path} HTTP/1.1\r\nHost: {HOST}:{target.port}\r\n\r\n")
    if kind == 1:
        method, path = _ASKED[random.integers(len(_ASKED))]
        header = _HEADERS[random.integers(len(_HEADERS))]
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}:{target.port}\r\n{header}\r\n\r\n"
        return target.raw(f"{head}0\r\n\r\nGET /config HTTP/1.1\r\n".encode("latin-1"))
    if kind == 2:  # a large answer that nobody reads
        head = f"GET / HTTP/1.1\r\nHost: {HOST}:{target.port}\r\nAccept-Encoding: identity\r\n\r\n"
        return target.raw(head.encode() * int(random.integers(1, 40)), hold=True)
    if kind == 3:
        return _upload(target, random)
    visitor = Visitor(target)
    try:
        if kind == 4:
            twice = f"/gradio_api/queue/data?session_hash={visitor.hash}&session_hash=victim"
            return target.raw(f"GET {twice} HTTP/1.1\r\nHost: {HOST}:{target.port}\r\n\r\n".encode(), hold=True)
        function = target.function("teach-answer", "click")
        body = _BODIES[random.integers(len(_BODIES))] % (visitor.hash.encode(), function)
        return target.send("POST", "/gradio_api/run/x", body, {"Content-Type": "application/json"})[0]
    finally:
        visitor.leave()


def _checked(target: Target, request: str) -> int:
    status = target.raw(request.encode("latin-1"))
    path = request.split()[1]
    secret = any(word in path for word in _SECRET)
    return FAULT if status == 200 and secret and "?" not in path else status


def _upload(target: Target, random: np.random.Generator) -> int:
    """Send a form whose name, headers or edge are strange."""
    visitor = Visitor(target)
    name = random.choice(_NAMES)
    head = f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
    head += "X: " + "y" * int(random.choice([0, 200_000])) + "\r\n\r\n"
    body = head.encode() + b"x" * 100 + (b"\r\n--edge--\r\n" if random.integers(2) else b"")
    kinds = ["multipart/form-data; boundary=edge", "multipart/form-data; boundary=" + "e" * 300, "multipart/form-data"]
    place = f"/gradio_api/upload?upload_id={random.choice(_IDS)}"
    try:
        return target.send("POST", place, body, {"Content-Type": random.choice(kinds)})[0]
    finally:
        visitor.leave()
