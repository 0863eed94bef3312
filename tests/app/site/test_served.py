"""What the server offers for visitors' own browsers: its addresses, what stands there, and why there may be nothing."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest

pytest.importorskip("gradio")

from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.page.live_tab import page_settings
from app.site import parts, recogniser, served
from app.site.parts import PARTS, parts_folder
from app.site.recogniser import RecogniserError, recogniser_files
from app.site.served import NAMES, Once, here
from tests.app.helpers import HandModel

GRAPH = b"a graph"


@pytest.fixture()
def model_path(tmp_path, monkeypatch):
    """A model's file with the recogniser for browsers beside it, and the parts in the cache."""
    monkeypatch.setenv("IKEM_LIVE_CACHE", str(tmp_path / "cache"))
    parts_folder().mkdir(parents=True)
    for name in PARTS:
        (parts_folder() / name).write_text(name * 100)
    model = HandModel()
    card = {"embedding": model.embedding, "labels": model.labels, "sha256": hashlib.sha256(GRAPH).hexdigest()}
    (tmp_path / "recogniser.json").write_text(json.dumps(card))
    (tmp_path / "recogniser.onnx").write_bytes(GRAPH)
    (tmp_path / "pose.task").write_bytes(b"a pose model")
    path = tmp_path / "student.onnx"
    path.write_bytes(b"a model")
    return path


def test_every_file_stands_at_an_address_of_its_version(model_path):
    found = here(HandModel(), model_path, model_path.with_name("pose.task"))
    assert found.addresses.keys() == NAMES.keys() and found.settings() == found.addresses
    client = TestClient(Starlette(routes=found.routes))
    for key, address in found.addresses.items():
        answer = client.get(address.removeprefix("."))
        if key == "teaching":
            assert answer.status_code == 503 and "background" in answer.text
            continue
        assert answer.status_code == 200 and answer.headers["cache-control"].endswith("immutable"), key
        kind = answer.headers["content-type"].split(";")[0]
        assert (kind == "application/wasm") is key.endswith("Wasm")
        assert (kind == "text/javascript") is (key in ("vision", "visionLoader", "ort", "ortLoader"))
    read = lambda key: client.get(found.addresses[key].removeprefix("."))  # noqa: E731
    assert read("graph").content == GRAPH and read("pose").content == b"a pose model"
    card = read("card").json()
    assert card["constants"]["app.stream.decision"]["SMOOTHING_S"] > 0
    assert card["pose"] == {"name": "pose", "bytes": 12, "sha256": hashlib.sha256(b"a pose model").hexdigest()}
    model_path.with_name("pose.task").write_bytes(b"another")
    others = here(HandModel(), model_path, model_path.with_name("pose.task")).addresses
    assert {key for key in NAMES if others[key] != found.addresses[key]} == {"pose", "graph", "card", "teaching"}


def test_webassembly_is_compressed_once(model_path):
    found = here(HandModel(), model_path, model_path.with_name("pose.task"))
    client = TestClient(Starlette(routes=found.routes))
    path = found.addresses["ortWasm"].removeprefix(".")
    answer = client.get(path, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip" and answer.text == "ort_wasm.wasm" * 100
    kept = parts_folder() / "ort_wasm.wasm.gz"
    assert gzip.decompress(kept.read_bytes()).decode() == answer.text
    kept.write_bytes(gzip.compress(b"kept"))
    assert client.get(path, headers={"accept-encoding": "gzip"}).text == "kept"
    plain = client.get(path, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.text == answer.text


def test_without_the_parts_the_page_says_so(model_path):
    (parts_folder() / "ort.mjs").unlink()
    found = here(HandModel(), model_path, model_path.with_name("pose.task"))
    assert not found.routes and "make web" in found.settings()["why"]


def test_without_weights_or_pytorch_the_page_says_so(model_path, monkeypatch):
    model_path.with_name("recogniser.json").unlink()
    found = here(HandModel(), model_path, model_path.with_name("pose.task"))
    assert "student.safetensors is missing" in found.why_not
    for name in recogniser.WEIGHTS:
        model_path.with_name(name).write_text("weights")
    monkeypatch.setattr(recogniser, "find_spec", lambda name: None)
    assert "PyTorch" in here(HandModel(), model_path, model_path.with_name("pose.task")).why_not
    with pytest.raises(RecogniserError, match="PyTorch"):
        recogniser_files(HandModel(), model_path, model_path.with_name("pose.task"))


@pytest.mark.parametrize("change", [{"embedding": "another"}, {"labels": ["wave"]}, {"sha256": "0"}])
def test_another_models_recogniser_is_not_taken(model_path, change):
    path = model_path.with_name("recogniser.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RecogniserError, match="student.safetensors is missing"):
        recogniser_files(HandModel(), model_path, model_path.with_name("pose.task"))


def test_what_fails_is_told_to_everybody_who_asks(capsys):
    calls = []

    def fail():
        calls.append(1)
        raise RecogniserError("there is no room")

    once = Once(fail)
    for _ in range(2):
        with pytest.raises(RecogniserError, match="no room"):
            once()
    assert calls == [1]
    served._prepare(once, parts.parts_folder())
    assert "no room" in capsys.readouterr().err


def test_a_page_that_others_listen_to_stays_with_the_server():
    assert page_settings(HandModel())["stay"] == "" and "why" in page_settings(HandModel())["here"]
    assert "other programs" in page_settings(HandModel(), events=True)["stay"]
    assert "recorded" in page_settings(HandModel(), recording=True)["stay"]
