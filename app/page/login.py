"""The login of the page: names and passwords, the cookie, and the cost of guessing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import sys
import time
from dataclasses import dataclass, field
from html import escape
from http.cookies import CookieError, SimpleCookie

from models.system.places import ASSETS

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 16.0  # after a wrong password; it doubles with each
_FORGOTTEN_S = 900.0  # after this long without a wrong one, an address begins anew
_MOST_WAITING = 5  # guesses of one address under way
_MOST_LOGINS, _MOST_ADDRESSES = 1000, 10_000
_LASTS_S = 12 * 3600.0  # a login that nobody used for so long ends
_NAME_LETTERS = 40  # most letters of a name in the log


@dataclass(slots=True)
class _Guesses:
    wrong: int = 0
    last_s: float = 0.0
    waiting: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Login:
    """The logins of those who gave a name and its password.

    A wrong password is answered late, later each time, and one address's guesses one after another. Each is logged. A
    right one is answered at once, but begins nothing anew: who has one of their own may not guess another's with it.

    Args:
        pairs: names and passwords.
        cookie: name of the cookie, which differs for two pages on one machine.
        first_wait_s: seconds that the first wrong password costs; None for FIRST_WAIT_S.
    """

    def __init__(self, pairs: list[tuple[str, str]], cookie: str, first_wait_s: float | None = None) -> None:
        # Digests have one length, so a comparison tells nothing of a password's.
        self._digests = {name: _digest(password) for name, password in pairs}
        self._first_wait_s = FIRST_WAIT_S if first_wait_s is None else first_wait_s
        self._logins: dict[str, tuple[str, float]] = {}  # token -> name, last use
        self._guesses: dict[str, _Guesses] = {}
        self.cookie = cookie

    def user(self, token: str) -> str | None:
        """Return the name that a cookie's token logged in with, or None."""
        name, used_s = self._logins.get(token, ("", 0.0))
        if not name or time.monotonic() - used_s > _LASTS_S:
            self._logins.pop(token, None)
            return None
        self._logins[token] = (name, time.monotonic())
        return name

    async def enter(self, name: str, password: str, address: str) -> str | None:
        """Return a new token for a name and its password, or None, some time later, if they do not belong together.

        Raises:
            TimeoutError: too many guesses of this address are waiting already.
        """
        guesses = self._of(address)
        if guesses.waiting >= _MOST_WAITING:
            raise TimeoutError
        if hmac.compare_digest(self._digests.get(name, b"\0" * 32), _digest(password)):
            return self._new(name)
        guesses.waiting += 1
        try:
            async with guesses.turn:
                guesses.wrong, guesses.last_s = guesses.wrong + 1, time.monotonic()
                print(
                    f"log-in refused: wrong name or password for {name[:_NAME_LETTERS]!a} from {address} "
                    f"({guesses.wrong} wrong from there)",
                    file=sys.stderr,
                    flush=True,
                )
                await asyncio.sleep(min(LONGEST_WAIT_S, self._first_wait_s * 2 ** min(guesses.wrong - 1, 10)))
                return None
        finally:
            guesses.waiting -= 1

    def leave(self, token: str) -> None:
        """Log out."""
        self._logins.pop(token, None)

    def _new(self, name: str) -> str:
        while len(self._logins) >= _MOST_LOGINS:
            self._logins.pop(min(self._logins, key=lambda token: self._logins[token][1]))
        token = secrets.token_urlsafe(32)
        self._logins[token] = (name, time.monotonic())
        return token

    def _of(self, address: str) -> _Guesses:
        now = time.monotonic()
        if len(self._guesses) >= _MOST_ADDRESSES or address in self._guesses:
            idle = lambda it: not it.waiting and now - it.last_s > _FORGOTTEN_S  # noqa: E731
            self._guesses = {key: it for key, it in self._guesses.items() if not idle(it)}
        return self._guesses.setdefault(address, _Guesses())


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()


def cookie_of(header: str, name: str) -> str:
    """Return a cookie's value from the header Cookie, "" if it is not there."""
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return found.value[:128] if found is not None else ""


def set_cookie(name: str, value: str, path: str, secure: bool, site: str = "Strict") -> str:
    """Return the header Set-Cookie of a cookie that no script sees; an empty value takes it back.

    Args:
        name, value, path: of the cookie.
        secure: whether it travels by https alone.
        site: "Strict" for a cookie that no request from another site brings, "Lax" for one that a link there does.
    """
    end = "" if value else "; Max-Age=0"
    return f"{name}={value}; Path={path or '/'}; HttpOnly; SameSite={site}{'; Secure' if secure else ''}{end}"


def login_html(title: str, name: str = "", trouble: str = "") -> bytes:
    """Return the login page, with the name that was typed and what was wrong."""
    said = f'<p class="trouble" role="alert">{escape(trouble)}</p>' if trouble else ""
    text = (ASSETS / "page" / "login.html").read_text(encoding="utf-8")
    for key, value in (("title", escape(title)), ("trouble", said), ("name", escape(name))):
        text = text.replace(f"{{{key}}}", value)
    return text.encode()
