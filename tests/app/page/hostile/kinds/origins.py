"""Requests of other web sites, which browsers mark as such."""

from __future__ import annotations

import json

import numpy as np

from tests.app.page.hostile.target import Target, Visitor
from tests.app.page.pictures import jpeg

UNEASY = {500}
_ORIGINS = [
    "http://evil.example",
    "null",
    "https://127.0.0.1",
    "http://localhost:1",
    "http://127.0.0.1.evil.example",
    "x",
]
_SITES = ["cross-site", "same-site", "none"]


def try_one(target: Target, random: np.random.Generator) -> int:
    """Ask for a key, post a picture or upload a file as a page of another site; return the status."""
    headers = {"Origin": str(random.choice(_ORIGINS)), "Sec-Fetch-Site": str(random.choice(_SITES))}
    kind = random.integers(4)
    if kind == 0:
        visitor = Visitor(target)
        status = target.send("POST", "/ikem/frame", jpeg((64, 48)), headers | {"X-Ikem-Key": visitor.key})[0]
        visitor.leave()
        return status
    if kind == 1:
        body = json.dumps({"fn_index": 0, "data": [], "session_hash": "abc"}).encode()
        return target.send("POST", "/gradio_api/run/predict", body, headers | {"Content-Type": "application/json"})[0]
    if kind == 2:
        return target.send("OPTIONS", "/gradio_api/upload", b"", headers | {"Access-Control-Request-Method": "POST"})[0]
    return target.send("GET", str(random.choice(["/", "/config", "/gradio_api/info"])), b"", headers)[0]
