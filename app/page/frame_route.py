"""The route on which the page posts a JPEG to the server and gets the answer, beside Gradio's own routes.

Sending a frame through Gradio's image component, queue and event stream costs more than finding the person in it. A
visitor gets the key to the route through Gradio, so whoever may not open the page gets no key.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.page.bodies import Bodies, TooLarge
from app.page.jpeg import MOST_BYTES, read_frame

PATH = "/ikem/frame"
MOST_UNDER_WAY = 4  # most pictures of one visitor at once, of those that have arrived
FORBIDDEN, TOO_SLOW, TOO_LARGE, NO_PICTURE, TOO_MANY = 403, 408, 413, 415, 429  # NO_PICTURE: see app.page.jpeg
_KEY = "x-ikem-key"


@dataclass(slots=True)
class _Line:
    """A visitor's pictures: one is being answered, and the newest of the others waits."""

    newest: int = 0
    under_way: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class FrameRoute:
    """A route that has pictures answered in threads; a waiting picture is dropped as soon as a newer one arrives.

    Args:
        answer: called in a thread with the visitor's session hash, a picture (H, W, 3) uint8 and the position of their
            slider; returns what the page is sent, or None for nothing. It is never called twice at once for one
            visitor.
        visitors: number of visitors that may be served at once.
    """

    def __init__(self, answer: Callable[[str, np.ndarray, float | None], dict | None], visitors: int) -> None:
        self._answer = answer
        self._secret = secrets.token_bytes(32)
        self._bodies = Bodies(MOST_BYTES, at_once=max(64, MOST_UNDER_WAY * visitors))
        self._lines: dict[str, _Line] = {}
        # Some more than the visitors, so that one too many is told so instead of waiting.
        self._most = 2 * visitors + 2
        self._threads = ThreadPoolExecutor(2 * visitors + 2, thread_name_prefix="frames")
        self.routes = [Route(PATH, self._post, methods=["POST"])]

    def key(self, visitor: str) -> str:
        """Return the key that allows a visitor, named by their session hash, to post pictures."""
        return f"{visitor}.{hmac.digest(self._secret, visitor.encode(), 'sha256').hex()}"

    def close(self) -> None:
        """Take no more pictures."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _visitor(self, request: Request) -> str | None:
        """Return the visitor whose key the request has, or None if the key is wrong or the page is of another site."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return None
        key = request.headers.get(_KEY, "")
        visitor = key.rpartition(".")[0]
        return visitor if hmac.compare_digest(key.encode(), self.key(visitor).encode()) else None

    async def _post(self, request: Request) -> Response:
        visitor = self._visitor(request)
        if visitor is None:
            return Response(status_code=FORBIDDEN)
        try:
            jpeg = await self._bodies.read(request)
        except TooLarge:
            return Response(status_code=TOO_LARGE)
        except TimeoutError:
            return Response(status_code=TOO_SLOW, headers={"Connection": "close"})  # the rest is not waited for
        except ClientDisconnect:
            return Response(status_code=400)
        return await self._in_line(visitor, jpeg, _number(request.query_params.get("sensitivity")))

    async def _in_line(self, visitor: str, jpeg: bytes, slider: float | None) -> Response:
        """Answer a picture that has arrived: only such a one takes a place."""
        line = self._lines.get(visitor) or _Line()
        if line.under_way >= MOST_UNDER_WAY or (visitor not in self._lines and len(self._lines) >= self._most):
            return Response(status_code=TOO_MANY)
        self._lines[visitor] = line
        line.under_way += 1
        try:
            return await self._in_turn(visitor, line, jpeg, slider)
        finally:
            line.under_way -= 1
            if not line.under_way:
                del self._lines[visitor]

    async def _in_turn(self, visitor: str, line: _Line, jpeg: bytes, slider: float | None) -> Response:
        line.newest += 1
        number, answer = line.newest, None
        in_thread = partial(asyncio.get_running_loop().run_in_executor, self._threads)
        rgb_HWC = await in_thread(read_frame, jpeg)  # while the picture before is being answered
        if rgb_HWC is None:
            return Response(status_code=NO_PICTURE)
        async with line.turn:
            if number == line.newest:
                answer = await in_thread(self._answer, visitor, rgb_HWC, slider)
        return Response(status_code=204) if answer is None else JSONResponse(answer)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
