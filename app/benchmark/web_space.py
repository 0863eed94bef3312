"""A plain web server for files, in this process: what a web space does for the page without a server.

It compresses by gzip and answers 304 to who has a file already, as the nginx of docs/web.md does.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

LEVEL = 6
_OTHER = "application/octet-stream"
_AS_IT_IS = (".png", ".svg", ".txt")  # which that nginx does not compress


@dataclass(slots=True)
class WebSpace:
    """A web space that is being served.

    Attributes:
        address: where; it ends in a slash.
        sent: bytes of all bodies so far, as they went by the network.
    """

    address: str
    sent: int = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    space: WebSpace
    files: Mapping[str, bytes]
    kinds: Mapping[str, str]  # of files, by the ends of their names

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/") or "index.html"
        content, suffix = self.files.get(path), Path(path).suffix
        if content is None:
            self._reply(404, b"")
            return
        headers = {
            "Content-Type": self.kinds.get(suffix, _OTHER),
            "ETag": f'W/"{_digest(content)}"',
            "Vary": "Accept-Encoding",
        }
        if self.headers.get("If-None-Match") == headers["ETag"]:
            self._reply(304, None, headers)
            return
        if suffix not in _AS_IT_IS and "gzip" in self.headers.get("Accept-Encoding", ""):
            content, headers["Content-Encoding"] = _small(content), "gzip"
        self._reply(200, content, headers)

    def _reply(self, status: int, content: bytes | None, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, text in {"Cache-Control": "no-cache", **(headers or {})}.items():
            self.send_header(name, text)
        if content is not None:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content or b"")
        self.space.sent += len(content or b"")


@cache
def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


@cache
def _small(content: bytes) -> bytes:
    return gzip.compress(content, LEVEL, mtime=0)


@contextmanager
def web_space(files: Mapping[str, bytes]) -> Iterator[WebSpace]:
    """Serve files while the `with` lasts.

    Args:
        files: content by path; "index.html" is what the address itself shows.
    """
    from app.site.build import KINDS

    space = WebSpace("")
    known = {"space": space, "files": files, "kinds": KINDS}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), known))
    server.daemon_threads = True
    space.address = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield space
    finally:
        server.shutdown()
        server.server_close()
