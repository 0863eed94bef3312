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


def test_the_page_says_that_it_loads_until_it_is_there():
    html = b"<html><head></head><body><script>%b</script><gradio-app></gradio-app></body></html>"
    page = named(html % b'{"auth_required":false}', "A & B", "C").decode()
    before, _, after = page.partition("<gradio-app")
    assert 'id="ikem-loading"' in before and "A &amp; B" in before[before.index("<body>") :] and "{title}" not in page
    assert after == "></gradio-app></body></html>" and not re.search("https?://", page)
    assert b"ikem-loading" not in named(html % b'{"auth_required":true}', "A", "B"), "one has to log in first"


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
