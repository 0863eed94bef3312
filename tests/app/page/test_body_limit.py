"""No request but an upload has a larger body than a pack needs."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("starlette")
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.page import body_limit as module
from app.page.body_limit import body_limit


@pytest.fixture
def client(monkeypatch) -> TestClient:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)

    async def size(request: Request) -> Response:
        return Response(str(len(await request.body())))

    paths = "/gradio_api/run/predict", "/gradio_api/upload", "/sub/gradio_api/upload"
    return TestClient(
        Starlette(routes=[Route(path, size, methods=["POST"]) for path in paths], middleware=[body_limit()])
    )


def pieces(size: int):
    """A body without a length."""
    for _ in range(size // 100):
        yield bytes(100)


@pytest.mark.parametrize("body", [bytes, pieces])
def test_bodies(client, body):
    said = [client.post("/gradio_api/run/predict", content=body(size)) for size in (0, 1000, 1100, 10**6)]
    assert [response.status_code for response in said] == [200, 200, 413, 413]
    assert said[1].text == "1000"


@pytest.mark.parametrize("path", ["/gradio_api/run/predict", "/gradio_api/upload"])
def test_a_cut_body_is_nobody_s_error(client, path):
    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        raise AssertionError("there is nobody to tell")

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "headers": [],
        "query_string": b"",
    }
    asyncio.run(client.app(scope | {"root_path": ""}, receive, send))


def test_uploads(client):
    for path in ("/gradio_api/upload", "/sub/gradio_api/upload"):
        assert client.post(path, content=bytes(5000)).text == "5000"
