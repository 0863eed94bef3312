"""A camera that speaks RTSP, for tests: as little of the protocol as a client needs, its pictures inside the one
connection ("interleaved"). PyAV packs them as RTP and sends them to a port here, which passes them on."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
)
_EXTRA = {
    "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
    "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n",
    "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
    "PLAY": "Session: 1\r\n",
}


class RtspServer:
    """Plays an H.264 video to one visitor at a time, in real time. Use it in a `with`."""

    def __init__(self, video: Path, port: int = 0) -> None:
        self._video, self._stop, self._visitor = video, threading.Event(), None
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.bind(("127.0.0.1", 0))
        self._rtp.settimeout(1.0)
        self._door = socket.create_server(("127.0.0.1", port))
        self.port: int = self._door.getsockname()[1]
        self.address = f"rtsp://127.0.0.1:{self.port}/live"
        self._threads = [threading.Thread(target=self._serve, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> RtspServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for door in (self._door, self._visitor):
            if door is not None:
                with suppress(OSError):
                    door.shutdown(socket.SHUT_RDWR)
                door.close()
        for thread in self._threads:
            thread.join()
        self._rtp.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while not self._stop.is_set():
                self._visitor = self._door.accept()[0]
                with suppress(OSError):
                    self._talk(self._visitor)

    def _talk(self, visitor: socket.socket) -> None:
        asked = b""
        while (part := visitor.recv(4096)) and not self._stop.is_set():
            asked += part
            while b"\r\n\r\n" in asked:
                request, _, asked = asked.partition(b"\r\n\r\n")
                lines = request.decode(errors="replace").lstrip("$").splitlines()
                verb = lines[0].split()[0]
                number = next((line for line in lines if line.lower().startswith("cseq")), "CSeq: 0")
                body = _SDP if verb == "DESCRIBE" else ""
                visitor.sendall(f"RTSP/1.0 200 OK\r\n{number}\r\n{_EXTRA.get(verb, '')}\r\n{body}".encode())
                if verb == "PLAY":
                    for task in (self._pack, self._pass_on):
                        self._threads.append(threading.Thread(target=task, args=(visitor,), daemon=True))
                        self._threads[-1].start()

    def _pass_on(self, visitor: socket.socket) -> None:
        with suppress(OSError):  # the visitor left, or nothing is packed any more
            while not self._stop.is_set():
                packet = self._rtp.recv(65536)
                visitor.sendall(b"$\x00" + len(packet).to_bytes(2, "big") + packet)

    def _pack(self, visitor: socket.socket) -> None:
        import av

        with av.open(str(self._video)) as source:
            picture = source.streams.video[0]
            with av.open(f"rtp://127.0.0.1:{self._rtp.getsockname()[1]}", "w", format="rtp") as out:
                stream = out.add_stream(
                    "libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency", "g": "10"}
                )
                stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
                start_s = time.monotonic()
                for i, frame in enumerate(source.decode(picture)):
                    if self._stop.wait(max(0.0, start_s + i / 25 - time.monotonic())) or visitor.fileno() < 0:
                        return
                    out.mux(stream.encode(frame.reformat(320, 240)))
