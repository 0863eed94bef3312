"""The gate: the ASGI application around the page's, which every request passes first.

It knows each address that the page asks for and refuses all others, so that a new version of Gradio opens nothing. It
refuses names and origins that are not the page's, asks for the login, and lets nobody act in another's session.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qs

from h11 import LocalProtocolError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.page.calls import BadCallError, Calls
from app.page.frame_route import PATH as FRAMES
from app.page.gate_login import LoginPages
from app.page.hosts import Hosts, Root
from app.page.login import cookie_of, set_cookie
from app.page.request_place import Asked, asked_place
from app.page.security_headers import with_headers
from app.page.upload_route import take_upload
from app.page.uploads import Uploads
from app.page.visits import VISITOR, Owner, RefusedError, Taken, Visits, address_of

API = "/gradio_api"
_OPEN = ("/assets/", "/static/", "/svelte/", "/ikem/page/")  # the program's own files, which hold nothing of anybody
_READ = ("/", "/favicon.ico", "/theme.css", "/robots.txt", "/config", f"{API}/app_id", f"{API}/upload_progress")
_MOST_BODY = 24 << 20  # a pack of 16 MB as text, and what goes with it
_SILENCE_S, _LONGEST_S = 20.0, 300.0  # of a body
_AT_ONCE, _UPLOADS_AT_ONCE = 16, 3  # bodies of one address that arrive at once
_STREAMS_AT_ONCE = 64  # streams on which one address waits for results
_BROWSER, _KEY = "ikem-visitor", "x-ikem-key"
_GONE = "This page was left, or the program was started anew: load it again."


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gate goes by.

    Attributes:
        hosts: the names and origins of the page.
        root: its place behind a proxy.
        headers: of every answer.
        login: the login's pages, None where nobody has to log in.
        cookie: what tells the cookies of this page from another's on the same machine.
    """

    hosts: Hosts
    root: Root
    headers: list[tuple[bytes, bytes]]
    login: LoginPages | None
    cookie: str


class Gate:
    """The gate around an application; see the module.

    Attributes:
        is_open: whether the page has started; before, Gradio's own question whether it is up is answered too.
    """

    def __init__(self, app: ASGIApp, rules: Rules, visits: Visits, uploads: Uploads, calls: Calls) -> None:
        self._app, self._rules, self._visits, self._uploads, self._calls = app, rules, visits, uploads, calls
        self._bodies, self._uploading, self._streams = Taken(_AT_ONCE), Taken(_UPLOADS_AT_ONCE), Taken(_STREAMS_AT_ONCE)
        self._browser = f"{_BROWSER}-{rules.cookie}"
        self.is_open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            send = with_headers(send, self._rules.headers)
            asked = asked_place(scope, self._rules.root, self._rules.hosts, self._is_known)
            answer = asked if isinstance(asked, Response) else await self._answer(asked, receive, send)
            if answer is not None:
                with suppress(LocalProtocolError):  # the server has answered a request that was none by itself
                    await answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    @staticmethod
    def _is_known(path: str) -> bool:
        return path in (*_READ, "/login", "/logout") or path.startswith((*_OPEN, f"{API}/", "/ikem/"))

    async def _answer(self, asked: Asked, receive: Receive, send: Send) -> Response | None:
        """Return the answer, or None if it was sent already."""
        scope, path = asked.scope, asked.path
        if path == f"{API}/startup-events" and not self.is_open:
            await self._app(scope, receive, send)
            return None
        client, login = address_of((scope.get("client") or ("", 0))[0]), self._rules.login
        token = ""
        if login is not None:
            answer = await login.answer(asked, client, receive, self._visits.log_out)
            if answer is not None:
                return answer
            token = login.token(asked.headers)
        browser = cookie_of(asked.headers.get("cookie", ""), self._browser)
        owner = Owner(client, token, browser)
        if path == "/":
            send = self._with_cookie(send, asked, browser)
        try:
            if asked.method == "POST":
                return await self._posted(asked, owner, receive, send)
            return await self._read(asked, owner, receive, send)
        except RefusedError as error:
            return _refusal(429, str(error))

    def _with_cookie(self, send: Send, asked: Asked, browser: str) -> Send:
        if browser:
            return send
        # A link from elsewhere must bring it, or the pages that are open already would lose theirs to a new one.
        value = secrets.token_urlsafe(18)
        cookie = set_cookie(self._browser, value, self._rules.root.path, asked.https, "Lax")

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"set-cookie", cookie.encode())]
            await send(message)

        return changed

    async def _read(self, asked: Asked, owner: Owner, receive: Receive, send: Send) -> Response | None:
        scope, path = asked.scope, asked.path
        if path.startswith(f"{API}/heartbeat/"):
            async with self._visits.present(_session(path.rpartition("/")[2]), owner):
                await self._app(scope, receive, send)
            return None
        if path.startswith(f"{API}/file="):
            file = self._calls.file(path.partition("=")[2], owner)
            if file is None:
                return _refusal(403, "That file is not here.")
            scope["path"] = f"{API}/file={file}"
        elif path == f"{API}/queue/data":
            query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
            if not await self._visits.admits(query.get("session_hash", [""])[0], owner):
                return _refusal(403, _GONE)
            async with self._streams.one(owner.address):
                await self._app(scope, receive, send)
            return None
        elif path == f"{API}/upload_progress" and not self._visits.of(owner):
            return _refusal(403, _GONE)
        elif path not in _READ and not path.startswith((*_OPEN, "/ikem/")):
            return _refusal(404, "There is nothing here.")
        await self._app(scope, receive, send)
        return None

    async def _posted(self, asked: Asked, owner: Owner, receive: Receive, send: Send) -> Response | None:
        scope, path = asked.scope, asked.path
        if path == FRAMES:
            if not await self._visits.admits(asked.headers.get(_KEY, "").rpartition(".")[0], owner, wait_s=0):
                return Response(status_code=403)
            await self._app(scope, receive, send)
            return None
        if path == f"{API}/upload":
            if not self._visits.of(owner):
                return PlainTextResponse(_GONE, 403)
            async with self._uploading.one(owner.address):
                return await take_upload(Request(scope, receive), self._uploads, owner)
        queued, run = path == f"{API}/queue/join", path.startswith(f"{API}/run/")
        if not (queued or run or path in (f"{API}/cancel", f"{API}/reset")):
            return _refusal(404, "There is nothing here.")
        async with self._bodies.one(owner.address):
            try:
                body = json.loads(await _body(Request(scope, receive)))
            except ClientDisconnect:
                return Response(status_code=400)
            except TimeoutError:
                return _refusal(408, "The request took too long.")
            except OverflowError:
                return _refusal(413, "The request is too large.")
            except (ValueError, RecursionError):
                return _refusal(400, "The request is no JSON.")
            if not isinstance(body, dict) or not await self._visits.admits(body.get("session_hash"), owner):
                return _refusal(403, _GONE)
            if not (queued or run):
                await self._app(*_with_body(scope, receive, json.dumps(body).encode()), send)
                return None
            try:
                async with self._calls.checked(body, owner, queued) as content:
                    await self._app(*_with_body(scope, receive, content), send)
            except BadCallError as error:
                return _refusal(400, f"No page of this program asks so: {error}.")
        return None


def _session(text: str) -> str:
    if not VISITOR.fullmatch(text):
        raise RefusedError("That is no session.")
    return text


def _refusal(status: int, text: str) -> Response:
    return JSONResponse({"error": text, "detail": text}, status)


async def _body(request: Request) -> bytes:
    """Return the body.

    Raises:
        OverflowError: it is larger than any that the page sends.
        TimeoutError: it does not arrive.
    """
    pieces: list[bytes] = []
    size, end_s = 0, asyncio.get_running_loop().time() + _LONGEST_S
    stream = request.stream().__aiter__()
    while asyncio.get_running_loop().time() < end_s:
        try:
            piece = await asyncio.wait_for(stream.__anext__(), _SILENCE_S)
        except StopAsyncIteration:
            return b"".join(pieces)
        size += len(piece)
        if size > _MOST_BODY:
            raise OverflowError
        pieces.append(piece)
    raise TimeoutError


def _with_body(scope: Scope, receive: Receive, content: bytes) -> tuple[Scope, Receive]:
    """Return the request with another body; what comes after the body is as it was."""
    kept = [(name, text) for name, text in scope["headers"] if name not in (b"content-length", b"transfer-encoding")]
    kept = [(name, text) for name, text in kept if name != b"content-type"]
    headers = [*kept, (b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": content, "more_body": False}

    return {**scope, "headers": headers}, again
