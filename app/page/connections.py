"""The connections of the page's server: one that keeps it waiting is closed, and so is one too many.

Uvicorn bounds none of this: a request whose headers or body never end would hold a connection for ever.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uvicorn

LOOK_EVERY_S = 10.0
LEAST_BYTES = 4096 * 10  # between two looks, of a request that is arriving
# What uvicorn would write a line about for each request of that kind, so that anybody could fill the log.
_QUIET = {"Invalid HTTP request received.", "Unsupported upgrade request."}
_SPARE_FILES = 256  # descriptors that are kept for all but connections


def bound_connections(server: uvicorn.Server, every_s: float = LOOK_EVERY_S) -> None:
    """Have a running server look after each new connection every so many seconds.

    Closed is a connection on which a request has been arriving since the last look with less than LEAST_BYTES, whether
    its headers, its body or the rest of a refused one. Where there are more than the process has descriptors for, one
    gives way on which nothing is being answered, or whose answer is not read, of the address that most come from.
    """
    logging.getLogger("uvicorn.error").addFilter(_is_worth_a_line)
    kind, bounds = server.config.http_protocol_class, {"every_s": every_s, "most": _most_connections()}
    server.config.http_protocol_class = type("Bounded", (_Bounded, kind), bounds)


def _most_connections() -> int:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY:
        return 1 << 20
    return max(files // 2, files - _SPARE_FILES)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    return record.msg not in _QUIET and not str(record.msg).startswith("No supported WebSocket library")


class _Bounded(asyncio.Protocol):
    """What is put before uvicorn's protocol, whose attributes are those without a value here."""

    every_s: float
    most: int
    transport: asyncio.Transport
    loop: asyncio.AbstractEventLoop
    connections: set[_Bounded]
    client: tuple[str, int] | None
    cycle: Any  # the request that is being answered, or was at last
    flow: Any

    _received = 0  # bytes since the last look
    _seen: Any = None  # the request at the last look

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._make_room()
        self.loop.call_later(self.every_s, self._look)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is self._seen and self.waits() and self._received < LEAST_BYTES:
            self.transport.abort()
            return
        self._seen, self._received = self.cycle, 0
        self.loop.call_later(self.every_s, self._look)

    def waits(self) -> bool:
        """Return whether the server waits for the peer: for a request, or for what is missing of one."""
        if self.flow.read_paused:
            return False
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _make_room(self) -> None:
        addresses = {other: other.client[0] if other.client else "" for other in self.connections}
        ((busiest, _),) = Counter(addresses.values()).most_common(1)
        mine = [other for other, address in addresses.items() if address == busiest]
        idle = (other for other in mine if other.waits() or other.flow.write_paused)
        next(idle, self).transport.abort()
