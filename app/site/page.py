"""The HTML of the page without a server: the Live, Teach and About tabs, made of the same pieces as Gradio's page."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from app.page.about_tab import about_html, model_facts
from app.page.here import Here
from app.page.live_tab import STEADY, page_settings, preview, proposed
from app.page.loading import loading_state
from app.page.server import TITLE
from app.page.theme import css, filled, fragment
from app.site.parts import versions
from app.site.scripts import imported
from models.system.places import ASSETS
from models.system.version import version

if TYPE_CHECKING:
    from export.runtime import Recogniser

SITE = ASSETS / "site"
PROMISE = "What you do, in words, as you do it, on your own machine"
ICONS = {"icon.png": 192, "icon-512.png": 512}  # size in pixels
_BADGE = '<span class="badge" title="The model runs on this machine, in the browser">this browser</span>'


def piece(name: str, **values: str) -> str:
    """Return a file of assets/site with {key} replaced by each value."""
    return filled((SITE / name).read_text(encoding="utf-8"), **values)


def policy() -> str:
    """Return the Content-Security-Policy: nothing of another host, no script or style but the page's own files.

    The one style in the page itself, which shows before any file has come, is allowed by its digest.
    """
    style = _loading().partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
        f"style-src 'self' 'sha256-{digest}'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "manifest-src 'self'; base-uri 'none'; form-action 'none'"
    )


def index_html(model: Recogniser, addresses: Mapping[str, str], build: str) -> bytes:
    """Return the page.

    Args:
        model: the action model, for its labels, facts and terms.
        addresses: of the files of the recogniser for browsers, relative to the page; see app.page.here.
        build: the build's name; the service worker knows by it that a page has come whole.
    """
    settings = page_settings(model, here=Here(addresses=dict(addresses))) | {"server": False}
    facts = json.dumps(settings, ensure_ascii=False).replace("</", "<\\/")  # which would end the script element
    names = ("camera", "controls", "timeline", "fix", "now", "scores", "teach")
    pieces = {name: fragment(name) for name in names}
    known = list(model.labels)
    page = piece(
        "index.html",
        loading=_loading(),
        stage=fragment("stage", proposed=proposed(known), preview=preview(known)),
        status=fragment("status", provider=_BADGE),
        sees=fragment("sees", window=f"{model.window_s:g}"),
        about=_about(model),
        preloads="".join(f'<link rel="modulepreload" href="{path}">' for path in imported()),
        policy=policy(),
        steady=str(STEADY),
        **pieces,
    )
    # What a model's labels say comes last, so that nothing in it is taken for a key; title and build stand in the rest.
    return filled(page, title=escape(TITLE), promise=escape(PROMISE), build=build, settings=facts).encode()


def _loading() -> str:
    noscript = "This page needs JavaScript: all of its work is done in your browser. It asks no other host."
    return loading_state(TITLE, 8, piece("late.html"), noscript)


def _about(model: Recogniser) -> str:
    facts = model_facts(model) | {"Runs on": "your machine, in this browser (WebAssembly)"}
    return about_html(model, "pictures_here", facts, {"IKEM Live": version(), **versions()})


def style() -> bytes:
    """Return the page's style: what Gradio would bring, and then its own sheets."""
    return f"{piece('site.css')}\n{css()}".encode()


def manifest() -> bytes:
    """Return the web manifest, by which a browser offers to install the page."""
    icons = [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml"}]
    icons += [{"src": name, "sizes": f"{size}x{size}", "type": "image/png"} for name, size in ICONS.items()]
    facts = {
        "name": TITLE, "short_name": TITLE, "description": PROMISE, "start_url": "./", "scope": "./", "id": "./",
        "display": "standalone", "background_color": "#f4f6f8", "theme_color": "#f4f6f8", "icons": icons,
    }  # fmt: skip
    return json.dumps(facts).encode()
