"""A WebSocket to one listener: each message is a text; what the listener says is not read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Message, Receive, Send

from app.broadcast.hub import Listener
from app.broadcast.server_sent import QUIET_S, SEND_S, first_of

OVER, TOO_SLOW, REFUSED = 1001, 1013, 1008  # RFC 6455, section 7.4.1, and "try again later" of its registry
_MOST_HEARD = 64  # messages from one listener, who has nothing to say


async def send_texts(
    listener: Listener, receive: Receive, send: Send, hang_up: Callable[[], None], send_s: float = SEND_S
) -> None:
    """Send messages until the listener leaves, is too slow, or the stream is over; the library sends the pings.

    Args:
        listener: who listens.
        receive, send: of the connection, which is not accepted yet.
        hang_up: cuts the connection, of somebody who does not read.
        send_s: seconds that one message may take.
    """

    async def put(message: Message) -> None:
        await asyncio.wait_for(send(message), send_s)

    async def pour() -> None:
        while True:
            sent = await listener.next(QUIET_S)
            if sent is not None:
                await put({"type": "websocket.send", "text": sent.text})
            elif listener.is_over:
                break
        await put({"type": "websocket.close", "code": TOO_SLOW if listener.is_slow else OVER})

    async def left() -> None:
        for _ in range(_MOST_HEARD):
            if (await receive())["type"] == "websocket.disconnect":
                return
        await put({"type": "websocket.close", "code": REFUSED, "reason": "this stream is read-only"})

    await receive()  # websocket.connect
    await put({"type": "websocket.accept"})
    try:
        await first_of(pour(), left())
    except TimeoutError:
        hang_up()


async def refuse(receive: Receive, send: Send, code: int = REFUSED) -> None:
    """Refuse a connection before it begins; the server answers 403."""
    await receive()
    await send({"type": "websocket.close", "code": code})
