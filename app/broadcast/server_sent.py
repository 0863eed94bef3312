"""Server-Sent Events to one listener, as the WHATWG's HTML standard has them (section 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from starlette.types import Message, Receive, Send

from app.broadcast.hub import Listener, Sent

QUIET_S = 15.0  # after which a comment shows that the line is alive
SEND_S = 10.0  # who takes nothing for so long is hung up on
_AGAIN_MS = 2000  # after which a browser that was cut off comes again
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


def lines_of(sent: Sent) -> bytes:
    """Return a message as it goes over the wire; JSON on one line needs one line of data."""
    number = f"id: {sent.number}\n" if sent.number else ""
    return f"{number}event: {sent.kind}\ndata: {sent.text}\n\n".encode()


async def send_events(
    listener: Listener,
    receive: Receive,
    send: Send,
    headers: list[tuple[bytes, bytes]],
    hang_up: Callable[[], None],
    quiet_s: float = QUIET_S,
    send_s: float = SEND_S,
) -> None:
    """Send messages until the listener leaves, is too slow, or the stream is over.

    Args:
        listener: who listens.
        receive, send: of the request.
        headers: of the answer, beside those of its kind.
        hang_up: cuts the connection, of somebody who does not read.
        quiet_s: seconds of silence before a comment.
        send_s: seconds that one message may take.
    """

    async def put(message: Message) -> None:
        await asyncio.wait_for(send(message), send_s)

    async def pour() -> None:
        await put({"type": "http.response.start", "status": 200, "headers": [*HEADERS, *headers]})
        await put(_body(f"retry: {_AGAIN_MS}\n\n".encode()))
        while True:
            sent = await listener.next(quiet_s)
            if sent is None and listener.is_over:
                break
            await put(_body(b": still here\n\n" if sent is None else lines_of(sent)))
        await put({"type": "http.response.body", "body": b""})

    async def left() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await first_of(pour(), left())
    except TimeoutError:
        hang_up()
        await asyncio.sleep(0)  # so that the server sees it before it looks whether the answer is whole


async def first_of(*jobs: Coroutine[None, None, None]) -> None:
    """Wait until one job has ended, end the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _body(content: bytes) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": True}
