"""The benchmark of the page in the browser: its arithmetic, its refusals, and a short run in a real Chromium."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from app.benchmark import browser_path, browser_rates, browser_visits
from app.benchmark.browser_table import table
from app.benchmark.browser_turns import BARE, WHOLE, WORKER, Turn, summary
from app.benchmark.chromium import camera_file
from app.benchmark.page import main
from app.benchmark.page_server import settings_of
from tests.app.page_visit import CHROMIUM

NONE = np.array([])
FACTS = {"processor": "Some CPU", "cores": 2, "camera_fps": 30, "video": "a.mp4", "turns": 2, "seconds": 10.0}


def turn(pictures: int, age_ms: float, pose_ms: float, student_ms=(), server_ms: float = 0.0, seconds: float = 10.0):
    every = np.ones(pictures)
    return Turn(seconds, age_ms * every, pose_ms * every, np.array(student_ms, float), server_ms, 55.0 * pictures)


@pytest.fixture
def rounds():
    """Two rounds; in the second the machine is half as fast."""
    return [
        {BARE: turn(200, 60, 40, server_ms=10), WORKER: turn(180, 70, 44), WHOLE: turn(160, 72, 44, [10, 20], 30)},
        {BARE: turn(100, 120, 80), WORKER: turn(90, 140, 88), WHOLE: turn(90, 96, 88, [30], 20)},
    ]


def test_ratios_are_of_a_round_and_its_own_bare_loop(rounds):
    found = summary(rounds)
    assert found[BARE]["fps"] == 15 and found[WHOLE]["fps"] == 12.5
    assert found["ratio"] == pytest.approx((0.8 + 0.9) / 2) and found["ratio_worker"] == pytest.approx(0.9)
    assert found["p95_pictures"] == pytest.approx((72 / 40 + 96 / 80) / 2)
    assert found["student_p50_ms"] == 20 and found[WHOLE]["browser_ms"] == 55


def test_the_server_s_time_is_that_of_the_turns_with_a_visitor(rounds):
    found = summary(rounds)
    assert found["server_ms_per_frame"] == pytest.approx((50 - 5) / 250), "less what it takes with nobody"
    assert found["server_share"] == pytest.approx(0.050 / 20) and found["server_share_idle"] == pytest.approx(
        0.010 / 40
    )


def test_a_bare_loop_has_no_student():
    one = turn(10, 50, 40)
    assert math.isnan(summary([{BARE: one, WORKER: one, WHOLE: one}])["student_p50_ms"])


def test_the_table_has_the_goals_beside_and_leaves_out_what_was_not_measured(rounds):
    found = {**FACTS, "rates": {"wheel": summary(rounds), "lite": summary(rounds)}, "requests": 9, "other_hosts": []}
    text = table(found)
    assert "| the whole path / bare loop | 0.85 | 0.85 | >= 0.9 |" in text and "full pose model" in text
    assert "| other hosts asked, in 9 requests | 0 | 0 |" in text and "visit" not in text.replace("visitor", "")
    visit = {"seconds": 3.0, "bytes": 17_600_000, "kept": 0, "requests": 60}
    crowd = {"visitors": 200, "share": 0.251, "errors": 0, "requests": 600}
    found = {**FACTS, "page": {"first": visit, "second": visit | {"bytes": 4100}}, "visitors": {"first": crowd}}
    text = table(found | {"requests": 9, "other_hosts": ["elsewhere.example"]})
    assert "17.60 MB | <= 22 MB" in text and "4.1 kB | <= 50 kB" in text and "| 0.25 | < 0.5" in text
    assert text.endswith("other hosts: elsewhere.example") and "bare loop" not in text


def test_settings_are_read_from_the_page():
    script = '<script type="application/json" id="ikem-settings">{"here": {"why": "no"}}</script>'
    assert settings_of(f"<head>{script}<script>1</script>") == {"here": {"why": "no"}}


@pytest.mark.parametrize(
    ("argv", "parts", "said"),
    [
        ([], False, "make web"),
        (["--", "--model", "open"], True, "--browser takes no options of the command demo"),
        (["--video", "no.mp4", "--only", "bytes"], True, "no.mp4"),
    ],
)
def test_what_is_missing_gets_a_sentence(argv, parts, said, capsys, monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/bin/true")
    monkeypatch.setattr(browser_path, "has_parts", lambda: parts)
    monkeypatch.setattr(browser_path, "ensure_pose_model", lambda kind: None)
    assert main(["--browser", *argv]) == 2
    told = capsys.readouterr().err
    assert told.startswith("python -m app.benchmark.page: ") and said in told and len(told.splitlines()) == 1


def test_without_chromium_it_says_where_to_get_it(capsys, monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    assert main(["--browser"]) == 2
    assert "apt-get install chromium" in capsys.readouterr().err


def test_only_known_parts_can_be_chosen(capsys):
    with pytest.raises(SystemExit):
        main(["--browser", "--only", "everything"])
    assert "rates" in capsys.readouterr().err


@pytest.fixture(scope="module")
def camera(tmp_path_factory, example_video, pretrained, pose_model_path) -> Path:
    pytest.importorskip("gradio")
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    if not browser_path.has_parts():
        pytest.skip("the browser's parts are not there (make web)")
    return camera_file(example_video, tmp_path_factory.mktemp("camera") / "camera.mjpeg")


@pytest.mark.slow
@pytest.mark.browser
def test_a_short_run_of_the_rates(camera):
    asked: list[str] = []
    (found,) = browser_rates.measure("wheel", camera, CHROMIUM, 1, 10.0, asked, warm_up_s=2.0)
    assert all(len(one.age_ms) and len(one.pose_ms) for one in found.values())
    assert not len(found[BARE].student_ms) and (len(found[WHOLE].student_ms) or found[WHOLE].fps < 2), "or busy"
    assert found[WHOLE].age_ms.mean() > found[WHOLE].pose_ms.mean() > 1, "what is waited for takes longer"
    assert any(address.endswith("pose_worker.js") for address in asked)


@pytest.mark.slow
@pytest.mark.browser
def test_a_few_visitors_for_a_few_seconds(camera, tmp_path):
    addresses: list[str] = []
    found = browser_visits.served(tmp_path, camera, CHROMIUM, 4, addresses, minute_s=5.0)
    first, second = found["page"]["first"], found["page"]["second"]
    assert first["bytes"] > 10e6 > 1e6 > second["bytes"] > 0
    assert 0 < second["requests"] < first["requests"]
    for crowd in found["visitors"].values():
        assert crowd["errors"] == 0 and crowd["share"] > 0
    assert found["visitors"]["first"]["megabytes"] > 4 * 10
    alone = browser_visits.alone(tmp_path, camera, CHROMIUM, addresses)
    assert alone["first"]["bytes"] > 10e6 and alone["second"]["sent"] < 1e6
    assert browser_path.visit_bytes.foreign(addresses) == []
