"""Bodies that never come, come slowly, claim much, are cut or are no JSON, and headers that never end."""

from __future__ import annotations

import numpy as np

from tests.app.page.hostile.target import HOST, Target, Visitor

UNEASY = {500}  # of JSON that Gradio's own functions do not expect
_PATHS = ["/ikem/frame", "/gradio_api/run/predict", "/gradio_api/queue/join", "/gradio_api/upload", "/", "/login"]
_JSON = [
    b"", b"null", b"[]", b"{", b'{"fn_index":-1,"data":[]}', b'{"fn_index":1e400,"data":[]}',
    b'{"data":' + b"[" * 100_000,
    b'{"fn_index":99999,"data":[],"session_hash":"x"}', b'{"fn_index":0,"data":{},"session_hash":[]}', b"\xff\xfe\x00",
    b'{"fn_index":"0","data":[NaN],"session_hash":"' + b"x" * 100_000 + b'"}', b'{"a":' * 2000 + b"1" + b"}" * 2000,
]  # fmt: skip


def try_one(target: Target, random: np.random.Generator) -> int:
    """Send such a body; return the status."""
    path = _PATHS[random.integers(len(_PATHS))]
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}:{target.port}\r\n"
    kind = random.integers(8)
    if kind == 0:  # a visitor whose picture never comes
        visitor = Visitor(target)
        visitor.leave()
        return target.raw(f"{head}X-Ikem-Key: {visitor.key}\r\nContent-Length: 1000\r\n\r\n".encode(), hold=True)
    if kind == 1:  # headers that do not end
        return target.raw(head.encode() + b"X: " + bytes(int(random.integers(5000))), hold=True)
    if kind == 2:
        claim = random.choice(["-1", "1e3", "0x10", "99999999999999", "5, 6", "", "five"])
        return target.raw(f"{head}Content-Length: {claim}\r\n\r\nabcde".encode())
    if kind == 3:  # cut
        return target.raw(f"{head}Content-Length: 5000\r\n\r\n".encode() + bytes(int(random.integers(4000))))
    if kind == 4:
        chunks = random.choice(
            ["5\r\nabc", "zz\r\n", "-1\r\n\r\n", "ffffffffffffffff\r\nabc", "0\r\n\r\n", "1\r\na\r\n" * 999]
        )
        return target.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n{chunks}".encode())
    if kind == 5:  # larger than anything that the page sends
        return target.send("POST", path, bytes(int(random.choice([10**6, 30 * 2**20]))))[0]
    if kind == 6:
        junk = [
            b"\x16\x03\x01\x02\x00",
            b"GET / HTTP/9.9\r\n\r\n",
            b"\r\n" * 500,
            random.bytes(500),
            b"GET " + b"a" * 99_999,
        ]
        return target.raw(junk[random.integers(len(junk))])
    return target.send("POST", path, _JSON[random.integers(len(_JSON))], {"Content-Type": "application/json"})[0]
