"""Gzip for the page itself, and streams, files and what is coded already left alone."""

from __future__ import annotations

import asyncio
import gzip

import pytest

pytest.importorskip("gradio")

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.page.compression import compression

LONG = "<p>as long as a page</p>" * 100


def page(request: Request) -> Response:
    return HTMLResponse(LONG, headers={"ETag": '"a"'})


def short(request: Request) -> Response:
    return HTMLResponse("short")


def coded(request: Request) -> Response:
    return HTMLResponse(LONG, headers={"Content-Encoding": "br"})


def picture(request: Request) -> Response:
    return Response(LONG, media_type="image/jpeg")


def missing(request: Request) -> Response:
    return JSONResponse({"detail": LONG}, status_code=404)


def in_pieces(kind: str):
    async def pieces():
        for piece in (LONG, LONG):
            yield piece

    return lambda request: StreamingResponse(pieces(), media_type=kind)


ROUTES = {"/": page, "/short": short, "/coded": coded, "/picture": picture, "/missing": missing}
ROUTES |= {"/events": in_pieces("text/event-stream"), "/pieces": in_pieces("text/html")}


def ask(path: str, method: str = "GET", accept: str = "gzip, deflate, br") -> tuple[dict[bytes, bytes], list[bytes]]:
    """Headers and pieces of the body of an answer."""
    said: list[dict] = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        said.append(message)

    routes = [Route(path, end, methods=["GET", "POST"]) for path, end in ROUTES.items()]
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "query_string": b""}
    scope |= {"headers": [(b"accept-encoding", accept.encode())], "http_version": "1.1", "extensions": {}}
    asyncio.run(Starlette(routes=routes, middleware=[compression()])(scope, receive, send))
    assert [message["type"] for message in said].count("http.response.start") == 1
    return dict(said[0]["headers"]), [it["body"] for it in said[1:] if it.get("body")]


def test_the_page_is_compressed():
    headers, (body,) = ask("/")
    assert headers[b"content-encoding"] == b"gzip" and headers[b"vary"] == b"Accept-Encoding"
    assert int(headers[b"content-length"]) == len(body) < len(LONG) / 10 and headers[b"etag"] == b'W/"a"'
    assert gzip.decompress(body).decode() == LONG


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("/", {"accept": "br"}),
        ("/", {"accept": ""}),
        ("/", {"method": "POST"}),
        ("/short", {}),
        ("/picture", {}),
        ("/missing", {}),
    ],
)
def test_all_else_is_left_as_it_is(path, how):
    headers, body = ask(path, **how)
    assert b"content-encoding" not in headers and int(headers[b"content-length"]) == len(b"".join(body))


def test_what_is_coded_already():
    headers, (body,) = ask("/coded")
    assert headers[b"content-encoding"] == b"br" and body.decode() == LONG


@pytest.mark.parametrize("path", ["/events", "/pieces"])
def test_a_stream_stays_a_stream(path):
    headers, body = ask(path)
    assert b"content-encoding" not in headers and body == [LONG.encode()] * 2
