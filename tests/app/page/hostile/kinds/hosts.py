"""Requests for hosts that this server is not: names that another site has let point to it, and none at all."""

from __future__ import annotations

import numpy as np

from tests.app.page.hostile.target import Target

UNEASY = {500}
_HOSTS = [
    "evil.example",
    "192.168.1.5:7801",
    "localhost.evil.example",
    "[::1",
    "a b",
    "",
    "127.0.0.1:99999",
    "\xe9",
    "x" * 9000,
]


def try_one(target: Target, random: np.random.Generator) -> int:
    """Ask for the page or a key with such a host; return the status."""
    host = _HOSTS[random.integers(len(_HOSTS))]
    method, path = [("GET", "/"), ("GET", "/config"), ("POST", "/gradio_api/run/predict"), ("POST", "/ikem/frame")][
        random.integers(4)
    ]
    forwarded = f"X-Forwarded-Host: {host}\r\nX-Forwarded-For: {host}\r\nX-Forwarded-Proto: {host}\r\n"
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{forwarded if random.integers(2) else ''}Content-Length: 2\r\n"
    return target.raw(f"{head}Content-Type: application/json\r\n\r\n{{}}".encode("latin-1"))
