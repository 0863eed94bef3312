"""The page's HTML names the page and no other host, for those who read it without its scripts."""

from __future__ import annotations

import re
import urllib.request

import pytest

from tests.app.helpers import HandModel

pytest.importorskip("gradio")

from app.page.html_head import named

CARD = b'<meta property="og:title" content="Gradio" /><meta name="twitter:image"\n content="https://x.example/a.jpg" />'


def test_cards_are_left_out():
    html = b"<html><head>" + CARD + b'<meta charset="utf-8" /></head><body>' + CARD + b"</body></html>"
    title = b'<title>A &amp; B</title><meta name="description" content="&quot;C&quot;">'
    expected = b"<html><head>" + title + b'<meta charset="utf-8" /></head><body>' + CARD + b"</body></html>"
    assert named(html, "A & B", '"C"') == expected
    assert named(b"no page", "A", "B") == b"no page"


def test_the_served_page(serve_page):
    with serve_page(HandModel()) as (_, address, _):
        with urllib.request.urlopen(address, timeout=30) as answer:
            html = answer.read().decode()
            assert int(answer.headers["content-length"]) == len(html.encode())
        with urllib.request.urlopen(f"{address}theme.css", timeout=30) as answer:
            assert "<title>" not in answer.read().decode()
    head = html[: html.index("window.gradio_config")]
    assert "<title>IKEM Live</title>" in head and "Gradio" not in head and "og:" not in head
    assert not re.search("https?://(?!127)", head)
