"""A small reverse proxy for tests: it takes a prefix away and, as nginx does by default, writes a Host of its own."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_OWN = {"connection", "transfer-encoding", "keep-alive"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # an answer ends with its connection, so a stream needs no lengths

    def _pass_on(self) -> None:
        path = self.path.removeprefix(self.server.prefix)
        if path == self.path or not path.startswith("/"):
            self.send_error(404)
            return
        asked = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=120)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: text for name, text in self.headers.items() if name.lower() not in _OWN}
        if self.server.writes_host:
            headers["Host"] = f"127.0.0.1:{self.server.behind}"
        headers["X-Forwarded-For"] = self.client_address[0]
        asked.request(self.command, path, body or None, headers)
        answer = asked.getresponse()
        self.send_response_only(answer.status)
        for name, text in answer.getheaders():
            if name.lower() not in _OWN:
                self.send_header(name, text)
        self.end_headers()
        with suppress(OSError):
            while piece := answer.read1(1 << 16):
                self.wfile.write(piece)
                self.wfile.flush()
        asked.close()

    do_GET = do_POST = do_HEAD = _pass_on

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def proxy(behind: int, prefix: str, writes_host: bool = True) -> Iterator[int]:
    """Serve what is at a port of this machine under a prefix, and yield the proxy's port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.behind, server.prefix, server.writes_host = behind, prefix, writes_host
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
