"""The page's HTML with addresses from where the page really is, whatever a proxy made of its name and path.

Gradio writes its own idea of the page's address into the HTML, which is wrong behind a proxy that changes the name or
takes a part of the path away.
"""

from __future__ import annotations

import json
import re

_CONFIG = b"window.gradio_config = "
_END = b"</script>"
_OWN_ROOT = re.compile(rb'const root = "[^"]*";')
_MANIFEST = re.compile(rb'\s*<link rel="manifest"[^>]*>')  # at the top of the host, which may be another page's
# The browser knows where the page is. Where the server was called by another name, a proxy in between wrote that, and
# the server will take no request from a page of the browser's name.
_SCRIPT = """<script>
window.gradio_config.root = new URL(".", document.baseURI).href.replace(/\\/$/, "");
if (%(host)s && location.host !== %(host)s) addEventListener("DOMContentLoaded", () => {
  const told = document.createElement("p");
  told.id = "proxy-advice";
  told.setAttribute("role", "alert");
  told.style.cssText = "margin:0;padding:12px 16px;background:#b3261e;color:#fff;font:15px/1.5 system-ui,sans-serif";
  told.textContent = "The proxy before this page calls it " + %(host)s + " instead of " + location.host +
    ", so the page's requests are refused. Whoever runs it can pass the name on (nginx: proxy_set_header Host " +
    "$http_host;) or start the page with --root-path " + window.gradio_config.root;
  document.body.prepend(told);
});
</script>"""


def relative(html: bytes, host: str = "") -> bytes:
    """Return the page's HTML with the addresses made relative.

    Args:
        html: the page.
        host: the name that the server was called by, for advice where the browser has another; "" for none.
    """
    head, mark, rest = html.partition(_CONFIG)
    if not mark:
        return html
    script = _SCRIPT % {"host": json.dumps(host).replace("<", "\\u003c")}
    config, end, rest = rest.partition(_END)
    rest = _OWN_ROOT.sub(b"const root = window.gradio_config.root;", rest, count=1)
    return _MANIFEST.sub(b"", head + mark + config + end + script.encode() + rest, count=1)
