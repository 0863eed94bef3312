"""Where a request goes and whether it may: its path without the proxy's prefix, the name it called, who asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Scope

from app.page.hosts import Hosts, Root, split_address, split_host

_MOST_TOLD, _LONGEST_NAME = 50, 100  # names that the log tells of
_REMEDY = (
    " If it is yours, let it in with --allow-host {}, or, behind a proxy, with --root-path and the page's address; the "
    "proxy should pass the name on (nginx: proxy_set_header Host $http_host;)."
)
_told: set[str] = set()
# What a proxy wrote was read by the server already, if it believes that proxy; Gradio would believe anybody.
_NOT_BELIEVED = (b"origin", b"x-gradio-server", b"forwarded", b"x-forwarded-host", b"x-forwarded-proto")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be answered.

    Attributes:
        scope: as the application gets it: the path begins at the page, and no header says otherwise.
        path, method: its own.
        headers: as they came.
        https: whether the visitor's browser talks https, as far as known.
        site: Sec-Fetch-Site, "" where it is not told.
    """

    scope: Scope
    path: str
    method: str
    headers: Headers
    https: bool
    site: str


def asked_place(scope: Scope, root: Root, hosts: Hosts, is_known: Callable[[str], bool]) -> Asked | Response:
    """Return what a request asks for, or the refusal.

    Args:
        scope: of the request.
        root: the place of the page behind a proxy.
        hosts: the page's names and origins.
        is_known: returns whether the page has a path.
    """
    headers, method = Headers(scope=scope), scope["method"]
    host, origin = headers.get("host", ""), headers.get("origin")
    if len(headers.getlist("host")) != 1 or not hosts.allows(host):
        return _refused(f"This page is not served under the name {host[:80]!a}.", host, "Host")
    if method not in ("GET", "HEAD", "POST"):
        return PlainTextResponse("This page takes GET and POST.", 405, {"allow": "GET, HEAD, POST"})
    site, read = headers.get("sec-fetch-site", ""), method != "POST"
    path = _inner(scope["path"], root.path, is_known)
    if path is None:
        return RedirectResponse(f"{root.path.rpartition('/')[2]}/", 308)
    # A link or a bookmark may open the page itself; nothing else is asked for from outside.
    if site not in ("", "same-origin", "none" if read else "") and not (read and path in ("/", "/login")):
        return _refused("Another site may not use this page.", origin or site, "Sec-Fetch-Site")
    if origin is not None and not read and not hosts.is_own(origin, host, scope["scheme"]):
        return _refused(f"A page at {origin[:80]!a} may not use this one.", origin, "Origin")
    place = _place(scope, root, headers, origin)
    kept = [(name, text) for name, text in scope["headers"] if name not in _NOT_BELIEVED]
    kept.append((b"x-gradio-server", place.encode()))  # from which Gradio makes the addresses of files
    inner = {**scope, "path": path, "raw_path": path.encode(), "root_path": "", "headers": kept}
    return Asked(inner, path, method, headers, place.startswith("https:"), site)


def _inner(path: str, root: str, is_known: Callable[[str], bool]) -> str | None:
    """Return the path from the page on; a proxy may have taken the prefix away or not. None: the / is missing."""
    if not root or not path.startswith(root):
        return path
    rest = path[len(root) :]
    if not rest:
        return None
    # The program's own files begin with /ikem, as a prefix may.
    return rest if rest[0] == "/" and is_known(rest) else path


def _place(scope: Scope, root: Root, headers: Headers, origin: str | None) -> str:
    """Return the page's address as the visitor's browser has it, for the addresses of files in answers."""
    kind, host, path = split_address(headers.get("referer", ""))
    if origin is not None and f"{kind}://{host}" == origin:
        return origin + path.rpartition("/")[0]
    if root.origin:
        return root.origin + root.path
    return f"{scope['scheme']}://{headers['host']}{root.path}"


def _refused(text: str, value: str, header: str) -> Response:
    if header == "Sec-Fetch-Site":
        return PlainTextResponse(text, 403)
    pair = split_host(split_address(value)[1] if "://" in value else value)
    if pair is not None and len(pair[0]) <= _LONGEST_NAME and len(_told) < _MOST_TOLD and pair[0] not in _told:
        _told.add(pair[0])
        told = _REMEDY.format(pair[0])
        print(f"refused: a request with the {header} {pair[0]}.{told}", file=sys.stderr, flush=True)
    return PlainTextResponse(text + _REMEDY.format("NAME"), 403)
