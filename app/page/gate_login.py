"""The pages of the login, at the gate: log in, log out, and what is answered to those who have not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive

from app.page.login import Login, cookie_of, login_html, set_cookie
from app.page.request_place import Asked

_MOST_FORM, _FORM_S = 4096, 10.0
_WRONG = "The name or the password is wrong."
_SLOW = "Too many tries at once: wait a little."
# A link from another site brings no cookie (SameSite=Strict); the page then asks itself once more, which does.
_ONCE_MORE = '<!doctype html><title>{}</title><meta http-equiv="refresh" content="0;url=./">'


class LoginPages:
    """The login's pages.

    Args:
        login: who may log in.
        title: name of the page.
        path: where the page is behind a proxy, for its cookie.
    """

    def __init__(self, login: Login, title: str, path: str) -> None:
        self._login, self._title, self._path = login, title, path

    def token(self, headers: Headers) -> str:
        """Return the token of who is logged in, "" for nobody."""
        token = cookie_of(headers.get("cookie", ""), self._login.cookie)
        return token if token and self._login.user(token) else ""

    async def answer(
        self, asked: Asked, address: str, receive: Receive, log_out: Callable[[str], None]
    ) -> Response | None:
        """Return the answer to a request of the login's own pages or of nobody, None if somebody is logged in.

        Args:
            asked: the request.
            address: whence it comes.
            receive: its body.
            log_out: called with the token that is logged out.
        """
        token = self.token(asked.headers)
        if asked.path == "/logout" and asked.method == "POST":
            self._login.leave(token)
            log_out(token)
            return self._sent("login", "", asked.https)
        if asked.path == "/login":
            if asked.method == "POST":
                return await self._enter(asked, address, receive)
            return _see("./") if token else self._page(200)
        if token:
            return None
        if asked.path == "/" and asked.method != "POST":
            if asked.site in ("cross-site", "same-site"):
                return HTMLResponse(_ONCE_MORE.format(self._title))
            return _see("login")
        return JSONResponse({"error": "Log in first.", "detail": "Log in first."}, 401)

    async def _enter(self, asked: Asked, address: str, receive: Receive) -> Response:
        try:
            form = await asyncio.wait_for(_form(Request(asked.scope, receive)), _FORM_S)
        except (ValueError, ClientDisconnect, TimeoutError):
            return PlainTextResponse("This is no form of the login.", 400)
        name, password = form.get("username", "").strip(), form.get("password", "")
        try:
            token = await self._login.enter(name, password, address)
        except TimeoutError:
            return self._page(429, name, _SLOW)
        return self._page(401, name, _WRONG) if token is None else self._sent("./", token, asked.https)

    def _page(self, status: int, name: str = "", trouble: str = "") -> Response:
        return HTMLResponse(login_html(self._title, name, trouble), status, {"cache-control": "no-store"})

    def _sent(self, place: str, token: str, https: bool) -> Response:
        answer = _see(place)
        answer.headers["set-cookie"] = set_cookie(self._login.cookie, token, self._path, https)
        return answer


def _see(place: str) -> Response:
    return RedirectResponse(place, 303, {"cache-control": "no-store"})


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_FORM:
            raise ValueError("too large")
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}
