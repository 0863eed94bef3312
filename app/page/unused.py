"""Scripts of Gradio's that its page loads and this one never uses, replaced by empty ones of the same exports.

Its video player brings a player of live streams along, a third of all that the page would load. Recordings here are
files, and streams are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_UNUSED = "hls-*.js"
_EXPORTS = re.compile(r"export\{([\w$,\s]+)\};?\s*$")


def empty_script(text: str) -> str | None:
    """Return a script that exports the same names, each a function that does nothing; None if they cannot be told."""
    found = _EXPORTS.search(text)
    if found is None:
        return None
    names = [part.split(" as ")[-1].strip() for part in found[1].split(",")]
    return f"const none=()=>null;export{{{','.join(f'none as {name}' for name in names)}}};"


def unused_routes() -> list[Route]:
    """Return a route for each script that is not used; none where Gradio has no such script any more."""
    import gradio

    routes = []
    for path in (Path(gradio.__file__).parent / "templates" / "frontend" / "assets").glob(_UNUSED):
        script = empty_script(path.read_text(encoding="utf-8"))
        if script is not None:
            routes.append(Route(f"/assets/{path.name}", _serves(script)))
    return routes


def _serves(script: str) -> Callable[[Request], Response]:
    def serve(request: Request) -> Response:
        return Response(script, media_type="text/javascript")

    return serve
