"""Uploads with names that lead elsewhere, of other kinds, many at once, and paths that were never uploaded."""

from __future__ import annotations

import json

import numpy as np

from tests.app.page.hostile.campaign import FAULT
from tests.app.page.hostile.target import Target

UNEASY = {500}
_NAMES = [
    "../../../x",
    "a.html",
    "<img src=x onerror=alert(1)>.svg",
    "a\\..\\b",
    "x" * 300,
    "%00",
    "CON",
    ".",
    "",
    "a\r\nb",
]
_PATHS = [
    "/etc/passwd",
    "../../etc/passwd",
    "http://127.0.0.1:1/x",
    "file:///etc/passwd",
    "//etc/passwd",
    "app/page/server.py",
]


def try_one(target: Target, random: np.random.Generator) -> int:
    """Upload a file, or ask for one that was never uploaded, which must not be given; return the status."""
    kind = random.integers(3)
    if kind == 0:
        status, said = target.send("GET", f"/gradio_api/file={_PATHS[random.integers(len(_PATHS))]}")
        return FAULT if b"root:" in said or b"import annotations" in said else status
    if kind == 1:
        path = _PATHS[random.integers(len(_PATHS))]
        file = {"path": path, "meta": {"_type": "gradio.FileData"}}
        body = json.dumps(
            {"fn_index": target.function("clip", "upload"), "data": [file], "session_hash": "abcdefghijk"}
        )
        return target.send("POST", "/gradio_api/queue/join", body.encode(), {"Content-Type": "application/json"})[0]
    name, many = _NAMES[random.integers(len(_NAMES))], int(random.choice([1, 1, 1, 30, 1500]))
    part = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode("latin-1")
    body = b"".join(part + random.bytes(100) + b"\r\n" for _ in range(many)) + b"--b--\r\n"
    return target.send("POST", "/gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=b"})[0]
