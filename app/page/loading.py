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


def loading_state(title: str, patience_s: int, late: str, noscript: str) -> str:
    """Return a stage that says that the page is being loaded.

    Args:
        title: the page's name.
        patience_s: seconds after which `late` shows.
        late: HTML that says what may be wrong.
        noscript: HTML for a browser without scripts.
    """
    words = {"title": escape(title), "late": late, "noscript": noscript}
    return fragment("loading", patience_s=str(patience_s), **words)


@cache
def _state(title: str) -> bytes:
    late = "<p>The line is slow, or the program that serves this page has ended.</p>"
    state = loading_state(title, 20, late, "This page needs JavaScript, from this server alone.")
    return (preloads() + state).encode()
