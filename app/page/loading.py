"""What the page's HTML shows until its scripts have built the page, and how these come sooner."""

from __future__ import annotations

from functools import cache
from html import escape

from app.page.scripts import preloads
from app.page.theme import fragment

_APP = b"<gradio-app"
_LOGIN = b'"auth_required":true'  # Gradio's own page to log in, over which nothing may lie


def with_loading(html: bytes, title: str) -> bytes:
    """Return the page's HTML with a loading state, its name and a stage that says so; any other HTML as it is."""
    before, mark, after = html.partition(_APP)
    if not mark or _LOGIN in html:
        return html
    return before + _state(title) + mark + after


@cache
def _state(title: str) -> bytes:
    return (preloads() + fragment("loading", title=escape(title))).encode()
