"""The middleware that bounds the bytes of all bodies but uploads, which Gradio bounds itself, and takes cut ones."""

from __future__ import annotations

import math

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.page.bodies import TooLarge
from app.teach.lesson import MOST_PACK_BYTES

MOST_BYTES = MOST_PACK_BYTES * 4 // 3 + (1 << 20)  # a pack as text, and what Gradio puts around it
_UPLOAD = "/gradio_api/upload"


def body_limit() -> Middleware:
    """Return the middleware; a body that is larger, or claims to be, is answered with 413, and a cut one not at all."""
    return Middleware(_BodyLimit)


class _BodyLimit:
    """An ASGI application around the page's; see body_limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = math.inf if scope["path"].endswith(_UPLOAD) else MOST_BYTES
        size, begun = 0, False

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if int(Headers(scope=scope).get("content-length", "0")) > most:
                raise TooLarge
            await self._app(scope, counted, watched)
        except ClientDisconnect:  # Gradio would write many lines about it
            return
        except TooLarge:
            if not begun:
                await Response(status_code=413)(scope, receive, send)
