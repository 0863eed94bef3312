"""Gzip for what is served whole: the page itself and Gradio's JSON, which its own compression leaves out.

It goes by a file's name and so misses the page, at "/". What is sent in pieces, such as a stream of events or a video,
passes as it is, and so do answers to requests that change something: what is secret in those stays of its own length.
"""

from __future__ import annotations

import gzip

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST_BYTES = 1000  # a smaller body fits into one packet anyway
_LEVEL = 6
_KINDS = ("text/html", "text/css", "text/javascript", "application/javascript", "application/json", "image/svg+xml")


def compression() -> Middleware:
    """Return the middleware that compresses answers to GET for browsers that take gzip."""
    return Middleware(_Compression)


class _Compression:
    """An ASGI application around the page's; see compression."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] == "http" and scope["method"] == "GET"
        if not asks or "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            await self._app(scope, receive, send)
            return
        start: Message | None = None

        async def compressed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_text(message):
                start = message  # held until it is known whether the body comes whole
                return
            if start is not None and message["type"] == "http.response.body":
                first, start = start, None
                if not message.get("more_body") and len(message.get("body", b"")) >= LEAST_BYTES:
                    message = {**message, "body": gzip.compress(message["body"], _LEVEL, mtime=0)}
                    _say_so(first, len(message["body"]))
                await send(first)
            await send(message)

        await self._app(scope, receive, compressed)


def _is_text(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "").partition(";")[0].strip()
    return start["status"] == 200 and kind in _KINDS and "content-encoding" not in headers


def _say_so(start: Message, length: int) -> None:
    start["headers"] = list(start["headers"])
    headers = MutableHeaders(raw=start["headers"])
    headers["Content-Encoding"], headers["Content-Length"] = "gzip", str(length)
    headers.add_vary_header("Accept-Encoding")
    if headers.get("etag", "").startswith('"'):
        headers["etag"] = "W/" + headers["etag"]  # the same content in other bytes
