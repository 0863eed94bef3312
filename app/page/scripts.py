"""The page's scripts: ES modules in assets/page, served as files, of which main.js is the one that the page asks for.

Gradio puts what `head` returns into the page. There, window.ikem is a promise of main.js, whose exports are what Gradio
calls in the page, each by a `hook`.
"""

from __future__ import annotations

import hashlib
import json

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from app.page.theme import PAGE_ASSETS

PATH = "/ikem/page"


def route() -> Mount:
    """The files of assets/page, which hold nothing of any visitor, at an address that changes with the scripts."""
    return Mount(f"{PATH}/{version()}", StaticFiles(directory=PAGE_ASSETS))


def version() -> str:
    """A digest of all scripts, so that no browser takes one of them from what it kept of an older page."""
    digest = hashlib.sha256()
    for path in sorted(PAGE_ASSETS.glob("*.js")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def head(settings: dict) -> str:
    """What goes into the page's head: the settings that the scripts read, and the import of the scripts.

    The address is relative to the page's own.

    Args:
        settings: JSON-able facts that do not change while the page runs (the class names, the drawing's lines).
    """
    # "</" inside a JSON text would end the script element.
    facts = json.dumps(settings).replace("</", "<\\/")
    return (
        f'<script type="application/json" id="ikem-settings">{facts}</script>\n'
        f'<script>window.ikem = import(".{PATH}/{version()}/main.js");</script>'
    )


def hook(name: str) -> str:
    """The script by which Gradio calls an export of main.js; it waits until the scripts have come."""
    return f"async (...given) => (await window.ikem).{name}(...given)"
