"""The page for broadcasting software: on a transparent ground, skeletons and the word for what each person does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from starlette.responses import HTMLResponse, Response

from app.types import POSE_CONNECTIONS
from models.skeleton import SEEN_FROM
from models.system.places import ASSETS

FOLDER = "/ikem/overlay/"
_PAGE_ASSETS = ASSETS / "page"
_FILES = ("overlay.js", "dom.js", "names.js", "settings.js")  # which the page's script imports, and these each other
_SCRIPT = re.compile(r'<script type="module">(.*?)</script>', re.S)
_CONTENT = (
    "default-src 'none'; script-src 'self' 'sha256-{}'; style-src 'unsafe-inline'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def overlay_page() -> Response:
    """Return the page; whose events it shows, its address says."""
    settings: dict[str, Any] = {"words": {}, "lines": [list(pair) for pair in POSE_CONNECTIONS], "seen_from": SEEN_FROM}
    text = (_PAGE_ASSETS / "obs.html").read_text(encoding="utf-8")
    text = text.replace("{settings}", json.dumps(settings).replace("</", "<\\/"))
    found = _SCRIPT.search(text)
    assert found is not None
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    return HTMLResponse(text, headers={"content-security-policy": _CONTENT.format(digest)})


def overlay_file(path: str) -> Response | None:
    """Return one of the page's scripts, or None where the path names none."""
    name = path.removeprefix(FOLDER)
    if not path.startswith(FOLDER) or name not in _FILES:
        return None
    return Response((_PAGE_ASSETS / name).read_bytes(), media_type="text/javascript; charset=utf-8")
