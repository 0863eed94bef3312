"""The gate: the ASGI application around the page's, which every request passes first.

It knows each address that the page asks for and refuses all others, so that a new version of Gradio opens nothing. It
refuses names and origins that are not the page's, asks for the login, and lets nobody act in another's session.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from h11 import LocalProtocolError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.page.calls import BadCallError, Calls
from app.page.frame_route import PATH as FRAMES
from app.page.gate_answers import recording, refusal
from app.page.gate_body import MOST_BYTES, MOST_OF_STRANGER, read_json, with_body
from app.page.gate_login import LoginPages
from app.page.hosts import Hosts, Root
from app.page.login import cookie_of, set_cookie
from app.page.request_place import Asked, asked_place
from app.page.security_headers import SecurityHeaders, with_headers
from app.page.upload_route import take_upload
from app.page.uploads import Uploads
from app.page.visits import VISITOR, Owner, RefusedError, Taken, Visits, address_of

API = "/gradio_api"
_OPEN = ("/assets/", "/static/", "/svelte/", "/ikem/page/")  # the program's own files, which hold nothing of anybody
_READ = ("/", "/favicon.ico", "/theme.css", "/robots.txt", "/config", f"{API}/app_id")
_AT_ONCE, _UPLOADS_AT_ONCE = 16, 3  # bodies of one address that arrive at once
_STREAMS_AT_ONCE = 64  # streams on which one address waits for results, or hears how far its uploads are
_BROWSER, _KEY = "ikem-visitor", "x-ikem-key"
_GONE = "This page was left, or the program was started anew: load it again."


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gate goes by.

    Attributes:
        hosts: the names and origins of the page.
        root: its place behind a proxy.
        headers: of all answers.
        login: the login's pages, None where nobody has to log in.
        cookie: what tells the cookies of this page from another's on the same machine.
    """

    hosts: Hosts
    root: Root
    headers: SecurityHeaders
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
            return refusal(429, str(error))

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
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        scope["query_string"] = b""  # where a name stands twice, Gradio would read the other one
        if path.startswith(f"{API}/heartbeat/"):
            async with self._visits.present(_session(path.rpartition("/")[2]), owner):
                await self._app(scope, receive, send)
            return None
        if path.startswith(f"{API}/file="):
            file = self._calls.file(path.partition("=")[2], owner)
            return refusal(403, "That file is not here.") if file is None or not file.is_file() else recording(file)
        if path in (f"{API}/queue/data", f"{API}/upload_progress"):
            async with self._streams.one(owner.address):
                return await self._streamed(asked, query, owner, receive, send)
        if path not in _READ and not path.startswith(_OPEN):
            return refusal(404, "There is nothing here.")
        await self._app(scope, receive, send)
        return None

    async def _streamed(
        self, asked: Asked, query: dict[str, list[str]], owner: Owner, receive: Receive, send: Send
    ) -> Response | None:
        if asked.path == f"{API}/upload_progress":
            told = await self._uploads.progress.told(query.get("upload_id", [""])[0], owner)
            if told is not None:
                await told(asked.scope, receive, send)
            return refusal(404, "There is no such upload.") if told is None else None
        visitor = query.get("session_hash", [""])[0]
        if not await self._visits.admits(visitor, owner):
            return refusal(403, _GONE)
        if not self._calls.has_results(visitor):
            return refusal(404, "There is nothing to wait for.")
        asked.scope["query_string"] = urlencode({"session_hash": visitor}).encode()
        await self._app(asked.scope, receive, send)
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
            return refusal(404, "There is nothing here.")
        async with self._bodies.one(owner.address):
            try:
                most = MOST_BYTES if self._visits.of(owner) else MOST_OF_STRANGER
                body = await read_json(Request(scope, receive), most)
            except ClientDisconnect:
                return Response(status_code=400)
            except TimeoutError:
                return refusal(408, "The request took too long.")
            except OverflowError:
                return refusal(413, "The request is too large.")
            except ValueError:
                return refusal(400, "The request is no JSON.")
            if not isinstance(body, dict) or not await self._visits.admits(body.get("session_hash"), owner):
                return refusal(403, _GONE)
            if not (queued or run):
                await self._app(*with_body(scope, receive, json.dumps(body).encode()), send)
                return None
            try:
                async with self._calls.checked(body, owner, queued) as content:
                    await self._app(*with_body(scope, receive, content), send)
            except BadCallError as error:
                return refusal(400, f"No page of this program asks so: {error}.")
        return None


def _session(text: str) -> str:
    if not VISITOR.fullmatch(text):
        raise RefusedError("That is no session.")
    return text
