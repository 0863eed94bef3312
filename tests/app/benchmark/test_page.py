"""The benchmark of the page: its numbers, its sentences, and a soak of two minutes."""

from __future__ import annotations

import math
import time
from collections import Counter

import numpy as np
import pytest

from app.benchmark.chromium import CAMERA_FPS, camera_file
from app.benchmark.page import FLAT_MB, Measured, main, measure, table
from app.benchmark.page_cpu import cpu_ms, memory_mb
from app.benchmark.page_server import server
from tests.app.helpers import write_video
from tests.app.page_visit import CHROMIUM


def run(ages, memory) -> Measured:
    return Measured(10.0, np.array(ages, float), 3, 1.5, list(enumerate(memory)))


def test_numbers_of_a_run():
    result = run(np.linspace(20, 120, 290), [100.0] * 8).result()
    assert result["answered_fps"] == 29.0 and result["age_p50_ms"] == 70.0 and result["age_p95_ms"] == 115.0
    assert result["overtaken"] == 3 and result["memory_growth_mb"] == 0
    assert "29.0" in table(result) and "1.5 s" in table(result)


def test_the_rate_is_each_visitor_s():
    result = Measured(10.0, np.full(480, 60.0), 0, 1.5, [(0, 100.0)], visitors=2).result()
    assert result["answered_fps"] == 24.0 and "2 visitors" in table(result)


def test_cpu_time_of_a_frame():
    cpu_ms = Counter({"server": 300.0, "renderer": 200.0, "gpu-process": 100.0})
    result = Measured(1.0, np.full(10, 50.0), 0, 1.5, [(0, 100.0)], cpu_ms=cpu_ms).result()
    assert result["cpu_ms_per_frame"] == {"server": 30.0, "renderer": 20.0, "gpu-process": 10.0}
    assert "server 30 ms, browser 30 ms (renderer 20, gpu-process 10)" in table(result)


def test_cpu_time_is_the_process_s_own():
    import os

    before, end = cpu_ms(os.getpid())["server"], time.process_time() + 0.05
    while time.process_time() < end:
        pass
    spent = cpu_ms(os.getpid()) - Counter({"server": before})
    assert set(spent) == {"server"} and 20 <= spent["server"] < 5000


def test_growth_of_memory_is_seen_and_the_warm_up_is_not_growth():
    assert run([50], [100, 150, *range(200, 236)]).result()["memory_growth_mb"] > 15
    assert run([50], [100, 150, *[200] * 36]).result()["memory_growth_mb"] == 0


def test_a_run_without_an_answer():
    assert math.isnan(run([], [100.0]).result()["age_p50_ms"])


def test_the_camera_s_file_has_a_steady_rate(tmp_path):
    video = write_video(tmp_path / "clip.mp4", np.arange(50) / 25, size=(64, 48))
    pictures = camera_file(video, tmp_path / "camera.mjpeg").read_bytes().count(b"\xff\xd8\xff")
    assert abs(pictures - 2 * CAMERA_FPS) <= 2


@pytest.mark.slow
def test_a_server_that_does_not_start(tmp_path, capsys):
    pytest.importorskip("gradio")
    with pytest.raises(ValueError, match="did not start: .*is missing"), server(["--model", str(tmp_path / "no.onnx")]):
        pass


@pytest.mark.parametrize("argv", [["--minutes", "0"], ["--video", "no.mp4"]])
def test_wrong_usage_gets_a_sentence(argv, capsys, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/bin/true")
    assert main(argv) == 2
    assert capsys.readouterr().err.startswith("python -m app.benchmark.page: ")


@pytest.mark.slow
@pytest.mark.browser
def test_two_minutes_leave_the_memory_flat_and_no_file(pretrained, pose_model_path, example_video, tmp_path):
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    measured = measure(120.0, camera_file(example_video, tmp_path / "camera.mjpeg"), [], CHROMIUM)
    result = measured.result()
    assert len(measured.age_ms) > 50, "the page stopped answering"
    assert result["memory_growth_mb"] < FLAT_MB, table(result)
    assert measured.files == (), "something was written to disk"
    assert memory_mb(1) > 0
