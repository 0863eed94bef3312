"""The bodies of requests: each is bounded in bytes and in seconds, and all that arrive at once in number."""

from __future__ import annotations

import asyncio
from collections import Counter

from starlette.requests import Request


class TooLarge(ValueError):
    """The error of a body with more bytes than its route takes."""


class Bodies:
    """The bodies that are arriving on one route.

    A body takes nobody's place while it arrives: where too many arrive, the one that has taken longest gives way, of
    the address that most come from.

    Args:
        most_bytes: of one body; no more than that is ever held.
        within_s: seconds in which a body must be there.
        at_once: most bodies that may arrive at once.
    """

    def __init__(self, most_bytes: int, within_s: float = 5.0, at_once: int = 64) -> None:
        self._most_bytes, self._within_s, self._at_once = most_bytes, within_s, at_once
        self._arriving: dict[asyncio.Timeout, str] = {}  # each with its address, the oldest first

    async def read(self, request: Request) -> bytes:
        """Return the body of a request.

        Raises:
            TooLarge: it has, or claims, too many bytes.
            TimeoutError: it did not come in time, or had to give way.
            ClientDisconnect: it ended early.
        """
        if int(request.headers.get("content-length", "0")) > self._most_bytes:
            raise TooLarge
        if len(self._arriving) >= self._at_once:
            self._end_one()
        async with asyncio.timeout(self._within_s) as limit:
            self._arriving[limit] = request.client.host if request.client else ""
            try:
                return await self._all_of(request)
            finally:
                self._arriving.pop(limit, None)

    async def _all_of(self, request: Request) -> bytes:
        body = bytearray()
        async for piece in request.stream():
            if len(body) + len(piece) > self._most_bytes:
                raise TooLarge
            body += piece
        return bytes(body)

    def _end_one(self) -> None:
        ((busiest, _),) = Counter(self._arriving.values()).most_common(1)
        oldest = next(limit for limit, address in self._arriving.items() if address == busiest)
        del self._arriving[oldest]
        if not oldest.expired():
            oldest.reschedule(asyncio.get_running_loop().time())
