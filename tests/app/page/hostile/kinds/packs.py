"""Taught actions that are none: damaged, with false claims, junk, and requests of the Teach tab that no page makes."""

from __future__ import annotations

import base64
import json
import struct

import numpy as np

from tests.app.page.hostile.target import Target, Visitor

_HEADERS = [
    b"{}", b"[" * 200_000, b'{"a":{"dtype":"F32","shape":[100000000],"data_offsets":[0,400000000]}}',
    b'{"__metadata__":{"actions":"[]"}}', b'{"__metadata__":{"actions":"[\\"<b>\\"]","format":"9"}}', b"\xff" * 50,
]  # fmt: skip
_ASKED = [
    None, 7, [], {"do": "start"}, {"do": "start", "name": "x" * 10_000}, {"do": "start", "name": "<script>"},
    {"do": "delete", "clip": "__proto__"}, {"do": "forget", "name": None}, {"do": "only", "on": "yes"},
    {"do": "save"}, {"do": "stop"}, {"do": "load"}, {"do": "load", "file": "%%%"}, {"do": "__class__"}, {"have": [[]]},
]  # fmt: skip


def try_one(target: Target, random: np.random.Generator) -> int:
    """Load such a pack, or ask for something odd; return the status."""
    visitor = Visitor(target)
    asked = _ASKED[random.integers(len(_ASKED))]
    if random.integers(2):
        header = _HEADERS[random.integers(len(_HEADERS))]
        claim = random.choice([len(header), 2**63 - 1, 0, 10**6])
        sizes = [0, 100, 10_000]
        file = struct.pack("<Q", int(claim)) + header + random.bytes(int(random.choice(sizes)))
        asked = {"do": "load", "name": "a.pack", "file": base64.b64encode(file).decode()}
    body = {"fn_index": target.function("teach-answer", "click"), "data": [asked], "session_hash": visitor.hash}
    headers = {"Content-Type": "application/json"}
    status, _ = target.send("POST", "/gradio_api/run/predict", json.dumps(body).encode(), headers)
    visitor.leave()
    return status
