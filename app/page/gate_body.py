"""The bodies of requests at the gate: read within bounds of bytes, time and parts, and handed on anew."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

MOST_BYTES = 24 << 20  # a pack of 16 MB as text, and what goes with it
MOST_OF_STRANGER = 64 << 10  # of one who has no page open yet; the page's first calls are short
_MOST_PARTS = 20_000  # values of one body: each takes many times the two bytes that it has in JSON
_SILENCE_S, _LONGEST_S = 20.0, 300.0


async def read_json(request: Request, most: int) -> Any:
    """Return the value in a request's body.

    Args:
        request: whose body has not been read.
        most: bytes that it may have.

    Raises:
        OverflowError: it has more.
        TimeoutError: it does not arrive.
        ValueError: it is no JSON, or one of more parts or deeper than any that the page sends.
    """
    content = await _read(request, most)
    # Counted before it is parsed, also within texts; the longest that the page sends, a pack, has none of these signs.
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > _MOST_PARTS:
        raise ValueError("too many parts")
    try:
        return json.loads(content, parse_constant=_number, parse_float=_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number that the page sends")
    return number


async def _read(request: Request, most: int) -> bytes:
    pieces: list[bytes] = []
    size, end_s = 0, asyncio.get_running_loop().time() + _LONGEST_S
    stream = request.stream().__aiter__()
    while asyncio.get_running_loop().time() < end_s:
        try:
            piece = await asyncio.wait_for(stream.__anext__(), _SILENCE_S)
        except StopAsyncIteration:
            return b"".join(pieces)
        size += len(piece)
        if size > most:
            raise OverflowError
        pieces.append(piece)
    raise TimeoutError


def with_body(scope: Scope, receive: Receive, content: bytes) -> tuple[Scope, Receive]:
    """Return the request with another body, of JSON; what comes after the body is as it was."""
    of_body = (b"content-length", b"transfer-encoding", b"content-type", b"content-encoding")
    kept = [(name, text) for name, text in scope["headers"] if name not in of_body]
    headers = [*kept, (b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": content, "more_body": False}

    return {**scope, "headers": headers}, again
