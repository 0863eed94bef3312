"""Visiting the page in a real headless Chromium whose camera plays a drawn clip."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.app.page_visit import CHROMIUM, FLAGS, PATIENCE_MS, SLOW, drawn_camera


@pytest.fixture(scope="session")
def camera_file(tmp_path_factory) -> Path:
    """Six seconds of drawn jumping jacks as a stream of JPEG pictures, which Chromium plays as a camera, in a loop.

    It is SLOW times slower than life, as is the clock of `serve_page`.
    """
    from training.drawing.motions import make_motion

    return drawn_camera(
        tmp_path_factory.mktemp("camera") / "clip.mjpeg", make_motion("jumping_jack", 6.0, 30.0, seed=1)
    )


@pytest.fixture(scope="session")
def teachable(pretrained, tmp_path_factory) -> Path:
    """An action model as ONNX with the background that teaching needs: the shipped ones, or made from its weights."""
    from app.teach.background import FILE
    from export.runtime import ActionModel

    if pretrained.with_name(FILE).is_file():
        return pretrained
    import numpy as np
    from safetensors.numpy import save_file

    from export.onnx import export_student
    from models.weights import load
    from training.drawing.motions import make_motion

    path = tmp_path_factory.mktemp("teachable") / "student.onnx"
    student, config = load(pretrained.parent)
    export_student(student, config, path)
    model = ActionModel(path, device="cpu", threads=1)
    actions = ("walk", "sit_down", "drink", "clap", "point", "bow", "idle", "throw")
    windows = [make_motion(a, model.window_s, 20.0, s)[: model.frames] for a in actions for s in range(8)]
    frames_N = np.full(len(windows), model.window_s * 30, np.float32)
    embedding_ND = model(np.stack(windows).astype(np.float32), frames_N).embedding_ND
    save_file({"embedding": embedding_ND.astype(np.float16)}, path.with_name(FILE), {"embedding": model.embedding})
    return path


@pytest.fixture(scope="module")
def browser(camera_file):
    """Chromium with that camera."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with api.sync_playwright() as play:
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera_file}"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens a tab of its own visitor; closes all of them after the test and fails on an error in their scripts.

    `by` is another browser, for a visitor with another camera.
    `tab.hosts` holds the hosts that the tab asked for anything.
    """
    contexts, errors = [], []

    def open_tab(address: str, width: int = 1280, height: int = 800, script: str = "", by=browser, **options):
        context = by.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.hosts = set()
        tab.on("request", lambda request: tab.hosts.add(request.url.split("/")[2] if "//" in request.url else ""))
        tab.on("pageerror", lambda error: errors.append(str(error)))
        if script:
            tab.add_init_script(script)
        tab.goto(address)
        tab.wait_for_selector("#start:enabled")
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def serve_page(pose_model_path, free_port):
    """Serves the page of a model on a free port, in a `with`; its sessions' clock is `slow` times slower than life."""
    from app.page.server import Place, serve

    def start(model, visitors: int | None = None, recordings=None, lessons=None, slow: int = SLOW, **place):
        clock = lambda: time.monotonic() / slow  # noqa: E731
        return serve(model, pose_model_path, Place(port=free_port, **place), visitors, recordings, clock, lessons)

    return start
