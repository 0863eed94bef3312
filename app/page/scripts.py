"""The page's scripts: ES modules in assets/page and assets/web, served as files, of which the page loads main.js.

Gradio puts the text of `head` into the page. There window.ikem is a promise of main.js, and Gradio calls its exports
through `hook`.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from app.page.motions import FOR_EVER, motion_route
from app.page.theme import PAGE_ASSETS

PATH = "/ikem/page"
WEB_ASSETS = PAGE_ASSETS.parent / "web"
_IMPORT = re.compile(r'^(?:import|export) .*?"\./(\w+\.js)";$', re.M)


def route() -> Mount:
    """Return the route that serves assets/page, single motions and assets/web, at an address that changes with them.

    The folders hold nothing of any visitor.
    """
    page = Mount("/page", routes=[motion_route(), Mount("/", CachedFiles(directory=PAGE_ASSETS))])
    return Mount(f"{PATH}/{version()}", routes=[page, Mount("/web", CachedFiles(directory=WEB_ASSETS))])


class CachedFiles(StaticFiles):
    """Files that a browser need not ask for again: at another version they have another address."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = FOR_EVER
        return response


def version() -> str:
    """Return a digest of all scripts and motions, so that no browser uses a cached one of an older version."""
    digest = hashlib.sha256()
    for path in sorted([*PAGE_ASSETS.glob("*.js"), *PAGE_ASSETS.glob("*.json"), *WEB_ASSETS.glob("*.js")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def head(settings: dict) -> str:
    """Return the text for the page's head: the settings that the scripts read, and the import of the scripts.

    The address is relative to the page's own.

    Args:
        settings: JSON-able facts that do not change while the page runs (such as the labels and the skeletons' lines).
    """
    # "</" inside a JSON text would end the script element.
    facts = json.dumps(settings).replace("</", "<\\/")
    return (
        f'<script type="application/json" id="ikem-settings">{facts}</script>\n'
        f'<script>window.ikem = import(".{PATH}/{version()}/page/main.js");</script>'
    )


def modules() -> list[str]:
    """Return the names of main.js and of all that it imports, in the order in which a browser would find them."""
    found = ["main.js"]
    for name in found:  # which grows meanwhile
        imported = _IMPORT.findall((PAGE_ASSETS / name).read_text(encoding="utf-8"))
        found += [new for new in dict.fromkeys(imported) if new not in found]
    return found


def preloads() -> str:
    """Return HTML by which a browser fetches all modules at once, and not one after the other as it finds them."""
    place = f".{PATH}/{version()}/page"
    return "".join(f'<link rel="modulepreload" href="{place}/{name}">' for name in modules())


def hook(name: str) -> str:
    """Return the script by which Gradio calls an export of main.js; it waits until the scripts are loaded."""
    return f"async (...given) => (await window.ikem).{name}(...given)"
