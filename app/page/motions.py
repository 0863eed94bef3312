"""The small moving skeletons of single actions, which the page fetches one by one when it shows them."""

from __future__ import annotations

import json
from functools import cache

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.page.theme import PAGE_ASSETS

FOR_EVER = "public, max-age=31536000, immutable"  # of what has another address at another version


@cache
def motions() -> dict[str, dict]:
    """Return the motion of each label that has one: {"fps", "frames", "joints"}, packed as in app.page.wire."""
    file = json.loads((PAGE_ASSETS / "motions.json").read_text(encoding="utf-8"))
    return {label: {"fps": file["fps"], **clip} for label, clip in file["clips"].items()}


def motion_route() -> Route:
    """Return the route that serves the motion of one label."""
    return Route("/motions/{label}.json", _motion)


async def _motion(request: Request) -> Response:
    clip = motions().get(request.path_params["label"])
    return Response(status_code=404) if clip is None else JSONResponse(clip, headers={"cache-control": FOR_EVER})
