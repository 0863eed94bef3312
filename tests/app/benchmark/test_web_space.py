"""A plain web server for files: it compresses, and says what has not changed."""

from __future__ import annotations

import gzip
import urllib.error
import urllib.request

import pytest

pytest.importorskip("gradio")

from app.benchmark.web_space import web_space

FILES = {"index.html": b"<p>" + b"a" * 500, "recogniser/x.wasm": b"\0" * 900, "icon.png": b"p" * 400}


def ask(address: str, **headers: str):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return direct.open(urllib.request.Request(address, headers=named), timeout=30)


def test_files_come_compressed_by_their_kinds_and_once():
    with web_space(FILES) as space:
        address = space.address
        with ask(address, Accept_Encoding="gzip, br") as answer:
            assert gzip.decompress(answer.read()) == FILES["index.html"]
            assert (
                answer.headers["Content-Type"].startswith("text/html") and answer.headers["Cache-Control"] == "no-cache"
            )
            tag = answer.headers["ETag"]
        with ask(f"{address}recogniser/x.wasm?v=1", Accept_Encoding="gzip") as answer:
            assert answer.headers["Content-Type"] == "application/wasm" and len(answer.read()) < 100
        with ask(f"{address}icon.png", Accept_Encoding="gzip") as answer:
            assert answer.read() == FILES["icon.png"] and answer.headers["Content-Encoding"] is None
        with ask(address) as answer:
            assert answer.read() == FILES["index.html"]
        with pytest.raises(urllib.error.HTTPError, match="304"):
            ask(address, If_None_Match=tag)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(f"{address}nowhere")
        assert 900 < space.sent < 1100, "a page both ways, a picture, and little of what is compressed"
