"""What the page's HTML shows until its scripts have built the page: its name, and a stage that says so."""

from __future__ import annotations

from html import escape

from app.page.theme import fragment

_APP = b"<gradio-app"
_LOGIN = b'"auth_required":true'  # Gradio's own page to log in, over which nothing may lie


def with_loading(html: bytes, title: str) -> bytes:
    """Return the page's HTML with the loading state before the page; any other HTML as it is."""
    before, mark, after = html.partition(_APP)
    if not mark or _LOGIN in html:
        return html
    return before + fragment("loading", title=escape(title)).encode() + mark + after
