"""Measure what a visitor's browser loads until the skeleton shows, at the first visit and at the second.

Counted are the bytes that came by the network, compressed and with their headers, as the browser tells them of each
request (Network.loadingFinished, encodedDataLength): those of workers and of a service worker too, and none for what
its cache had. The requests are kept, so that other visitors can be made of them.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.benchmark.chromium import PATIENCE_S, VIEW, flags, runs_on

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Playwright, Request

GOAL_FIRST, GOAL_SECOND = 22e6, 50e3  # bytes
_NO_NAMES = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"  # whoever asks another host gets nothing
_SKELETON = """() => {
    const canvas = document.getElementById("overlay");
    if (!canvas?.width) return false;
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let drawn = 0;
    for (let i = 3; i < pixels.length; i += 4) drawn += pixels[i] > 0;
    return drawn > 100;
}"""
_NOT_KEPT = ("host", "connection", "content-length", "cookie")  # each visitor's own


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a browser sent to the server.

    Attributes:
        at_s: when, after the page was asked for.
        method, path: what; the path with its query.
        headers: of the request, without those that each visitor has of their own.
        body: what was posted, None for nothing.
        is_stream: whether the answer goes on for as long as the page is open.
    """

    at_s: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None
    is_stream: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit.

    Attributes:
        seconds: from asking for the page to the skeleton being drawn.
        bytes: that came until then.
        kept: of them, what the service worker fetched to be kept.
        asked: the requests that reached the server, in their order.
        addresses: of all requests, whatever became of them.
    """

    seconds: float
    bytes: int
    kept: int
    asked: list[Asked]
    addresses: list[str]

    def numbers(self) -> dict[str, Any]:
        """Return the numbers by name."""
        return {"seconds": self.seconds, "bytes": self.bytes, "kept": self.kept, "requests": len(self.asked)}


class _Watch:
    """A listener to a browser's requests."""

    def __init__(self, context: BrowserContext) -> None:
        self.start_s = time.monotonic()
        self.sent: list[tuple[float, Request]] = []
        self.done: list[Request] = []
        self.kinds: dict[Request, str] = {}
        context.on("request", lambda request: self.sent.append((time.monotonic() - self.start_s, request)))
        context.on("requestfinished", lambda request: self.done.append(request))
        context.on("response", lambda it: self.kinds.update({it.request: it.headers.get("content-type", "")}))

    def asked(self, address: str) -> list[Asked]:
        """Return what went to the server at an address."""
        done, host, found = set(self.done), urlsplit(address).netloc, []
        for at_s, request in self.sent:
            parts, is_stream = urlsplit(request.url), self.kinds.get(request, "").startswith("text/event-stream")
            if parts.netloc != host or (request in done and not _bytes(request)):
                continue
            headers = {name: text for name, text in request.all_headers().items() if name not in _NOT_KEPT}
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            found.append(Asked(at_s, request.method, path, _plain(headers), request.post_data_buffer, is_stream))
        return found


def _plain(headers: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if not name.startswith(":")}


def _bytes(request: Request) -> int:
    """Return encodedDataLength, 0 for what came from a cache."""
    sizes = request.sizes()
    return max(0, sizes["responseBodySize"] + sizes["responseHeadersSize"])


def visit(play: Playwright, profile: Path, address: str, camera: Path, program: str, stay_s: float = 0.0) -> Visit:
    """Visit a page with a browser's profile, until the skeleton shows and so much longer.

    Args:
        play: from playwright.
        profile: the browser's folder; an empty one is a first visit, and the next with it a second.
        address: of the page.
        camera: from `camera_file`.
        program: path of Chromium.
        stay_s: how long the page stays open once the skeleton shows.
    """
    context = play.chromium.launch_persistent_context(
        str(profile), executable_path=program, args=[*flags(camera), _NO_NAMES], headless=True, viewport=VIEW
    )
    context.set_default_timeout(PATIENCE_S * 1000)
    context.add_init_script(runs_on("here"))
    tab, watch = context.new_page(), _Watch(context)
    tab.goto(address)
    tab.click("#start:enabled")
    tab.wait_for_function(_SKELETON)
    seconds, done = time.monotonic() - watch.start_s, list(watch.done)
    tab.wait_for_timeout(1000 * stay_s)
    sizes = {request: _bytes(request) for request in done}
    kept = sum(size for request, size in sizes.items() if request.service_worker is not None)
    found = Visit(seconds, sum(sizes.values()), kept, watch.asked(address), [request.url for _, request in watch.sent])
    context.close()
    return found


def foreign(addresses: list[str]) -> list[str]:
    """Return the addresses that are of another host than this machine."""
    own = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|(blob|data|about):")
    return [address for address in addresses if not own.match(address)]
