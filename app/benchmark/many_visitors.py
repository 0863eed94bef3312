"""Measure what many visitors whose own browsers do the work cost the server: each asks what one browser asked.

A visitor is a thread that sends the requests of a recorded visit at their times, over connections and from an address
of its own, and holds the streams that the page holds. Not the browsers are measured but the server: its CPU time comes
from Linux's /proc.
"""

from __future__ import annotations

import http.client
import re
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from app.benchmark.page_cpu import cpu_ms
from app.benchmark.visit_bytes import Asked

GOAL_VISITORS, GOAL_SHARE = 200, 0.5
_PATIENCE_S = 60.0
_PIECE = 1 << 18  # bytes that are read at once
_SESSION = re.compile(r"/heartbeat/([A-Za-z0-9_-]+)")
_FAILURES = (OSError, http.client.HTTPException)
_LOST = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


@dataclass(slots=True)
class Told:
    """What the visitors saw of the server.

    Attributes:
        status: how many answers had which status; 0 counts those that did not come.
        ms: of each answer but a stream's, from asking to its last byte.
        bytes: of all bodies.
        lock: held while something is added.
    """

    status: Counter[int] = field(default_factory=Counter)
    ms: list[float] = field(default_factory=list)
    bytes: int = 0
    lock: Lock = field(default_factory=Lock)

    def add(self, status: int, ms: float | None = None, size: int = 0) -> None:
        """Count an answer."""
        with self.lock:
            self.status[status] += 1
            self.bytes += size
            if ms is not None:
                self.ms.append(ms)

    @property
    def errors(self) -> int:
        """Answers that did not come, or were refusals or failures."""
        return sum(times for status, times in self.status.items() if not 200 <= status < 400)


def measure(
    asked: Sequence[Asked], address: str, process: int, visitors: int, minute_s: float = 60.0
) -> dict[str, Any]:
    """Let so many visitors come within a minute, each of whom stays for a minute, and return what that cost.

    Args:
        asked: the requests of one visit to this server.
        address: of the page.
        process: of its server.
        visitors: how many come; at the end of the first minute all are there.
        minute_s: how long a minute is.
    """
    told, before, start_s = Told(), cpu_ms(process)["server"], time.monotonic()
    threads = [
        Thread(target=_stay, args=(asked, address, n, start_s + n * minute_s / visitors, minute_s, told), daemon=True)
        for n in range(visitors)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent_s = (cpu_ms(process)["server"] - before) / 1000
    return result(told, visitors, spent_s, minute_s, time.monotonic() - start_s)


def result(told: Told, visitors: int, spent_s: float, minute_s: float, seconds: float) -> dict[str, Any]:
    """Return the numbers by name.

    Args:
        told: what the visitors saw.
        visitors: how many came in a minute.
        spent_s: CPU time of the server on all of them.
        minute_s: how long the minute was.
        seconds: until the last one had left.
    """
    return {
        "visitors": visitors,
        "share": spent_s / minute_s,  # of a core, where so many come each minute
        "server_ms_each": 1000 * spent_s / visitors,
        "requests": sum(told.status.values()),
        "errors": told.errors,
        "status": {str(status): times for status, times in sorted(told.status.items())},
        "answer_p95_ms": float(np.percentile(told.ms, 95)) if told.ms else float("nan"),
        "megabytes": told.bytes / 1e6,
        "seconds": seconds,
    }


def session_of(asked: Sequence[Asked]) -> str:
    """Return the name that a recorded page gave itself, by which the server knows it; "" if it gave none."""
    found = (_SESSION.search(request.path) for request in asked)
    return next((match[1] for match in found if match), "")


def renamed(request: Asked, old: str, new: str) -> tuple[str, bytes | None]:
    """Return path and body of a request in the name of another page."""
    if not old:
        return request.path, request.body
    body = None if request.body is None else request.body.replace(old.encode(), new.encode())
    return request.path.replace(old, new), body


class _Visitor:
    """One visitor's connections.

    Args:
        address: of the page.
        source: this visitor's own address on the loopback network.
        told: what is seen.
    """

    def __init__(self, address: str, source: str, told: Told) -> None:
        parts = urlsplit(address)
        self._place, self._source, self._told = (parts.hostname or "", parts.port), source, told
        self._connection = self._new()
        self._streams: list[http.client.HTTPConnection] = []
        self._cookie = ""

    def _new(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self._place, timeout=_PATIENCE_S, source_address=(self._source, 0))

    def ask(self, request: Asked, path: str, body: bytes | None) -> None:
        """Send a request and read its answer; of a stream, begin to."""
        asked = (request.method, path, body, request.headers | ({"cookie": self._cookie} if self._cookie else {}))
        if request.is_stream:
            self._streams.append(self._new())
            Thread(target=self._follow, args=(self._streams[-1], asked), daemon=True).start()
            return
        start, size = time.perf_counter(), 0
        try:
            answer = self._answer(self._connection, asked)
            self._cookie = (answer.getheader("set-cookie") or self._cookie).partition(";")[0]
            while piece := answer.read(_PIECE):
                size += len(piece)
            self._told.add(answer.status, 1000 * (time.perf_counter() - start), size)
        except _FAILURES:
            self._connection.close()
            self._told.add(0)

    def _follow(self, connection: http.client.HTTPConnection, asked: tuple) -> None:
        try:
            answer = self._answer(connection, asked)
        except _FAILURES:
            self._told.add(0)
            return
        self._told.add(answer.status)
        with suppress(*_FAILURES, ValueError, AttributeError):  # the last two where it was closed meanwhile
            while answer.read1(_PIECE):
                pass

    def _answer(self, connection: http.client.HTTPConnection, asked: tuple) -> http.client.HTTPResponse:
        try:
            connection.request(*asked)
            return connection.getresponse()
        except _LOST:  # the server closed it meanwhile, for nothing was asked for some seconds: a browser asks again
            connection.close()
            connection.request(*asked)
            return connection.getresponse()

    def leave(self) -> None:
        """Close everything."""
        for connection in (self._connection, *self._streams):
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(2)  # wakes who reads it
            connection.close()


def _stay(asked: Sequence[Asked], address: str, number: int, from_s: float, minute_s: float, told: Told) -> None:
    old, new = session_of(asked), secrets.token_hex(6)[:11]
    visitor = _Visitor(address, f"127.1.{number // 250}.{number % 250 + 1}", told)
    for request in asked:
        if request.at_s > minute_s:
            break
        time.sleep(max(0.0, from_s + request.at_s - time.monotonic()))
        visitor.ask(request, *renamed(request, old, new))
    time.sleep(max(0.0, from_s + minute_s - time.monotonic()))
    visitor.leave()
