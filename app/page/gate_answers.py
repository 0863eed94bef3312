"""The answers that the gate gives by itself: refusals, and the files of visitors."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.responses import FileResponse, JSONResponse, Response


def recording(path: Path) -> Response:
    """Return a recording or what is drawn of it, for nobody but who asks: it stays in no cache."""
    kind = mimetypes.guess_type(path.name)[0] or ""
    shown = kind.startswith("video/")
    return FileResponse(
        path,
        media_type=kind if shown else "application/octet-stream",
        filename=path.name,
        content_disposition_type="inline" if shown else "attachment",
        headers={"cache-control": "private, no-store"},
    )


def refusal(status: int, text: str) -> Response:
    """Return a refusal in the words in which Gradio's page looks for them."""
    return JSONResponse({"error": text, "detail": text}, status)
