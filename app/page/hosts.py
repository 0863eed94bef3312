"""The names under which the page is served, and the origins whose requests it takes.

A browser tells with each POST which page asked (Origin, Sec-Fetch-Site) and which name it called (Host). A page of
another site may ask with the visitor's login, and a name that a stranger points at this machine (DNS rebinding) makes
their page look like this one. Both are refused.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.page.access import is_local

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_ROOT = re.compile(r"(?:(?P<kind>https?)://(?P<host>[^\s/?#@]+))?(?P<path>(?:/[^\s/?#]+)*)/?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Root:
    """The place of the page behind a proxy.

    Attributes:
        origin: scheme and host, such as "https://example.org", or "" where only the path is known.
        path: such as "/ikem", or "" for the top.
    """

    origin: str = ""
    path: str = ""


def read_root(text: str) -> Root:
    """Read --root-path: a path (/ikem) or a whole address (https://example.org/ikem).

    Raises:
        ValueError: the text is neither.
    """
    found = _ROOT.fullmatch(text.strip())
    if found is None or ".." in text or (found["host"] and split_host(found["host"]) is None):
        raise ValueError(f"--root-path takes a path (/ikem) or an address (https://example.org/ikem), not {text!r}")
    return Root(f"{found['kind']}://{found['host'].lower()}" if found["host"] else "", found["path"])


def split_host(text: str) -> tuple[str, int | None] | None:
    """Return the name, in small letters and without brackets, and the port of a Host header; None if it is none."""
    try:
        parts = urlsplit(f"//{text}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    plain = parts.netloc == text and _HOST.fullmatch(text) is not None
    return (name.rstrip("."), port) if plain and name else None


def split_address(text: str) -> tuple[str, str, str]:
    """Return scheme, host with port, and path of an address that a request tells, or three "" if it is none."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "", "", ""
    return parts.scheme, parts.netloc, parts.path


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names that are taken in the header Host, and the origins that may post.

    Attributes:
        names: names and addresses, without ports.
        any_address: whether each numeric address is one of this machine's: it cannot be rebound as a name can.
        origins: (name, port) of origins that are the page's though a proxy may write another Host; port None is the
            scheme's own.
    """

    names: frozenset[str]
    any_address: bool = False
    origins: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def of(cls, host: str, root: Root = Root(), more: Iterable[str] = ()) -> Hosts:
        """Return what is allowed for a page that listens on `host`.

        Args:
            host: address to listen on.
            root: the place behind a proxy, whose name is allowed.
            more: further NAME or NAME:PORT.

        Raises:
            ValueError: one of `more` is no name.
        """
        given = [text.lower() for text in more] + ([urlsplit(root.origin).netloc] if root.origin else [])
        found = [split_host(text) for text in given]
        for text, pair in zip(given, found):
            if pair is None or "/" in text:
                raise ValueError(f"--allow-host takes NAME or NAME:PORT, not {text!r}")
        own = host.strip("[]").lower()
        try:
            everywhere = not own or ipaddress.ip_address(own).is_unspecified
        except ValueError:
            everywhere = False
        names = _HERE | {own} | {pair[0] for pair in found if pair}
        if not is_local(own):
            machine = socket.gethostname().lower()
            names |= {machine, f"{machine}.local"}
        return cls(frozenset(names - {""}), everywhere, frozenset(pair for pair in found if pair))

    def allows(self, host: str) -> bool:
        """Return whether a Host header names this page."""
        pair = split_host(host)
        if pair is None:
            return False
        if pair[0] in self.names:
            return True
        try:
            ipaddress.ip_address(pair[0])
        except ValueError:
            return False
        return self.any_address

    def is_own(self, origin: str, host: str, scheme: str) -> bool:
        """Return whether an Origin header names this page.

        Args:
            origin: such as "https://example.org:8443"; "null" is nobody's.
            host: the Host header of the same request, which `allows` has let in.
            scheme: of the request; https is not to be asked from http.
        """
        kind, place, _ = split_address(origin)
        called, asked = split_host(host), split_host(place)
        if kind not in _DEFAULT_PORTS or called is None or asked is None:
            return False
        port = asked[1] or _DEFAULT_PORTS[kind]
        if (asked[0], None if port == _DEFAULT_PORTS[kind] else port) in self.origins:
            return True
        # A proxy may take https and pass http on: then the port of its own is not told, and the scheme is the origin's.
        same = asked[0] == called[0] and port == (called[1] or _DEFAULT_PORTS[kind])
        return same and (scheme != "https" or kind == "https")
