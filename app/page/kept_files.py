"""Answers that are kept in memory: the program's own files, read and compressed once and not for every visitor.

A visitor's first page is some 180 files. Each would be looked for on the disk and compressed anew, which takes the
server longer than all that it does for a visitor afterwards.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT = ("/assets/", "/static/", "/ikem/page/")  # files of the program, which do not change while it runs
MOST_BYTES = 64 << 20  # of all that is kept
_KINDS = ("gzip", "br", "zstd")  # of compression
_OTHERWISE = ("range", "if-range", "if-none-match", "if-modified-since")  # who asks so gets an answer of their own


class KeptFiles:
    """An ASGI application around the page's, behind the gate.

    Args:
        app: the page's.
        most_bytes: what may be kept of bodies.
    """

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BYTES) -> None:
        self._app, self._room = app, most_bytes
        self._kept: dict[tuple[str, str], tuple[Message, Message]] = {}  # by path and kinds of compression

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request from what is kept, or hand it on and keep its answer."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(KEPT):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if any(name in headers for name in _OTHERWISE):
            await self._app(scope, receive, send)
            return
        key = (scope["path"], " ".join(kind for kind in _KINDS if kind in headers.get("accept-encoding", "")))
        kept = self._kept.get(key)
        if kept is None:
            await self._app(scope, receive, self._noting(key, send))
            return
        start, body = kept
        await send({**start, "headers": list(start["headers"])})
        await send({**body})

    def _noting(self, key: tuple[str, str], send: Send) -> Send:
        start: Message = {}
        body = bytearray()

        async def noted(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = {**message, "headers": list(message["headers"])}
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    self._keep(key, start, bytes(body))
            await send(message)

        return noted

    def _keep(self, key: tuple[str, str], start: Message, body: bytes) -> None:
        if start.get("status") != 200 or len(body) > self._room or key in self._kept:
            return
        if any(name.lower() == b"set-cookie" for name, _ in start["headers"]):
            return
        self._room -= len(body)
        self._kept[key] = (start, {"type": "http.response.body", "body": body, "more_body": False})
