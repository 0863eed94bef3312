"""A camera on the network, for tests: serves a film over http in real time, again and again, until it is stopped."""

from __future__ import annotations

import base64
import io
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Film = list[tuple[float, bytes]]  # (seconds from the start, what to send then)


class _Tap(io.RawIOBase):
    """Takes what a muxer writes, to be picked up piece by piece."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:
        self.taken += data
        return len(data)

    def pick(self) -> bytes:
        piece, self.taken = bytes(self.taken), bytearray()
        return piece


def mpegts(video: Path, most_s: float = 4.0) -> Film:
    """The first seconds of an H.264 video, packed anew as an MPEG transport stream."""
    import av

    film, tap = [], _Tap()
    with av.open(str(video)) as source, av.open(tap, "w", format="mpegts") as out:
        pictures = source.streams.video[0]
        stream = out.add_stream_from_template(pictures)
        for packet in source.demux(pictures):
            if packet.dts is None or packet.dts * packet.time_base > most_s:
                break
            due_s = float(packet.dts * packet.time_base)
            packet.stream = stream
            out.mux(packet)
            film.append((due_s, tap.pick()))
    start_s = film[0][0]
    return [(due_s - start_s, piece) for due_s, piece in film]


def mjpeg(pictures: list, fps: float = 20.0) -> Film:
    """Pictures (H, W, 3) uint8 as the parts of a multipart answer, as most network cameras send them."""
    import cv2

    film = []
    for i, rgb_HWC in enumerate(pictures):
        jpeg = cv2.imencode(".jpg", rgb_HWC[..., ::-1])[1].tobytes()
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
        film.append((i / fps, head + jpeg + b"\r\n"))
    return film


class StreamServer:
    """Serves `film` at /live. Use it in a `with`; leaving it hangs up on everyone.

    Args:
        film: what to send, and when.
        port: port of 127.0.0.1.
        kind: the answer's content type.
        login: "name:password" that a visitor must give.
        redirect: where to send everyone instead.
        silent: answer, but never send anything.
    """

    def __init__(
        self,
        film: Film,
        port: int = 0,
        kind: str = "video/mp2t",
        login: str = "",
        redirect: str = "",
        silent: bool = False,
    ) -> None:
        server = self
        self._stop = threading.Event()
        self._sockets: list[socket.socket] = []

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                server._sockets.append(self.connection)
                wanted = "Basic " + base64.b64encode(login.encode()).decode()
                if redirect:
                    self.send_response(302)
                    self.send_header("Location", redirect)
                    self.end_headers()
                elif login and self.headers.get("Authorization") != wanted:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                    self.end_headers()
                elif self.path.partition("?")[0] != "/live":
                    self.send_error(404)
                else:
                    self.send_response(200)
                    self.send_header("Content-Type", kind)
                    self.end_headers()
                    server._send(self.wfile, [] if silent else film)

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self.port: int = self._http.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}/live"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def _send(self, out: io.BufferedIOBase, film: Film) -> None:
        start_s = time.monotonic()
        try:
            for due_s, piece in film:
                if self._stop.wait(max(0.0, start_s + due_s - time.monotonic())):
                    return
                out.write(piece)
                out.flush()
            if not film:
                self._stop.wait()
        except OSError:  # the visitor hung up
            pass

    def __enter__(self) -> StreamServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._http.shutdown()
        self._http.server_close()
        for connection in self._sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()
