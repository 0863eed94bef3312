"""What the tests share that open the site in a real Chromium.

On a busy machine IKEM_LIVE_SLOW=12 lets the camera and the page's clock go twelve times slower. Pictures of the page go
to the folder IKEM_LIVE_SHOTS, where that is given.
"""

from __future__ import annotations

import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SLOW = int(os.environ.get("IKEM_LIVE_SLOW", "4"))
PATIENCE_MS = 900_000
FILM, WORDS = "videos/jumping_jack_03.mp4", "Jumping jacks"
# No name leads anywhere: what asks another host fails, and is written down.
ALONE = ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
# The page's clock, by which pictures have their times, goes as slowly as the camera's film.
CLOCK = f"""
const now = performance.now.bind(performance);
performance.now = () => now() / {SLOW};
delete HTMLVideoElement.prototype.requestVideoFrameCallback;
"""


class Server:
    """A plain web server for a folder.

    Attributes:
        asked: what it was asked for.
        changed: scripts by their paths that stand in for those of the folder.
    """

    def __init__(self, folder: Path) -> None:
        asked, changed = self.asked, self.changed = [], {}

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                script = changed.get(self.path.lstrip("/"))
                if script is None:
                    super().do_GET()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/javascript")
                self.send_header("Content-Length", str(len(script)))
                self.end_headers()
                self.wfile.write(script)

            def log_message(self, format: str, *args: object) -> None:
                asked.append(self.path)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        self._ended = False
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self) -> None:
        """End it; a second call does nothing."""
        if not self._ended:
            self._ended = True
            self._server.shutdown()
            self._server.server_close()


def picture(tab, name: str) -> None:
    """Keep a picture of the page, where a folder for them is given."""
    if "IKEM_LIVE_SHOTS" in os.environ:
        tab.screenshot(path=Path(os.environ["IKEM_LIVE_SHOTS"]) / name)
