"""The page's HTML asks for everything where the page is, and says so where a proxy changes its name."""

from __future__ import annotations

from app.page.relative_html import relative

HTML = (
    b'<head><script>window.gradio_config = {"root": "http://127.0.0.1:7860"};</script><script>window.x = 1;</script>'
    b'<script>const root = "http://127.0.0.1:7860"; go(root);</script>'
    b'<link rel="manifest" href="/manifest.json" /></head>'
)


def test_the_root_is_the_page_s_own():
    html = relative(HTML).decode()
    config, _, rest = html.partition("};</script>")
    assert config.endswith('7860"') and 'gradio_config.root = new URL(".", document.baseURI)' in rest
    assert "const root = window.gradio_config.root; go(root)" in rest and "manifest" not in html
    assert html.count("<script>") == html.count("</script>") == 4


def test_advice_where_the_name_is_another():
    assert b'if ("127.0.0.1:7860" && location.host !== "127.0.0.1:7860")' in relative(HTML, "127.0.0.1:7860")
    assert b'if ("" &&' in relative(HTML)
    assert b"</script><b>" not in relative(HTML, "</script><b>")


def test_what_is_no_page_of_gradio_stays():
    assert relative(b"<p>nothing</p>") == b"<p>nothing</p>"
