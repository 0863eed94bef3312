"""The Video tab: what it answers to good, bad and overlong files."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from app.types import ActionEvent
from tests.app.helpers import HandModel, pose, write_sound, write_video

pytest.importorskip("gradio")

from app import page_video  # noqa: E402
from app.page_about import about_html  # noqa: E402
from app.page_video import analyse, result_html, video_handler  # noqa: E402
from app.recording import Summary  # noqa: E402
from app.video import VideoError  # noqa: E402

REQUEST = SimpleNamespace(session_hash="a")


def no_progress(*args, **kwargs) -> None:
    pass


@pytest.fixture
def handler(tmp_path, monkeypatch):
    """The handler, with a landmarker that sees a waving person in every frame."""

    class FakePose:
        def __init__(self, model_path) -> None:
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error) -> None:
            pass

        def detect(self, rgb_HWC, time_s):
            return [pose(time_s, wave=True)]

    monkeypatch.setattr("app.pose.PoseSource", FakePose)
    return video_handler(HandModel(), tmp_path / "pose.task", lambda key: False)


def bad_files(folder):
    files = {
        "empty.mp4": (b"", "empty"),
        "text.mp4": (b"hello, this is no video" * 50, "not a readable video"),
        "notes.txt": (b"hello", "not a video file"),
        "playlist.mp4": (b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", "not a readable video"),
    }
    for name, (content, _) in files.items():
        (folder / name).write_bytes(content)
    write_sound(folder / "sound.mp4")
    whole = write_video(folder / "whole.mp4", np.arange(60) / 30).read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    return {name: said for name, (_, said) in files.items()} | {"sound.mp4": "only sound", "cut.mp4": "not a readable"}


def test_bad_files_get_a_sentence(handler, tmp_path):
    for name, said in bad_files(tmp_path).items():
        page = handler(str(tmp_path / name), REQUEST, no_progress)
        assert "This did not work" in page and said in page, name


def test_a_good_file(handler, tmp_path):
    path = write_video(tmp_path / "clip.mp4", np.arange(120) / 30)
    page = handler(str(path), REQUEST, no_progress)
    assert "waving" in page and "data-start" in page and "4.0 s" in page


def test_nothing_chosen(handler):
    assert "Drop a video" in handler(None, REQUEST, no_progress)


@pytest.mark.parametrize("claims", [True, False])
def test_too_long(handler, tmp_path, monkeypatch, claims):
    monkeypatch.setattr(page_video, "MOST_SECONDS", 1.5)
    if not claims:
        monkeypatch.setattr("app.video.VideoReader._claimed_duration", lambda self: None)
    path = write_video(tmp_path / "clip.mp4", np.arange(90) / 30)
    assert "python -m app classify" in handler(str(path), REQUEST, no_progress)


def test_a_visitor_who_left_costs_no_more(handler, tmp_path):
    gone = video_handler(HandModel(), tmp_path / "pose.task", {"a"}.__contains__)
    assert "left" in gone(str(write_video(tmp_path / "clip.mp4", np.arange(60) / 30)), REQUEST, no_progress)


def test_progress_is_told(handler, tmp_path):
    path = write_video(tmp_path / "clip.mp4", np.arange(90) / 30)
    shares: list[float] = []
    analyse(path, HandModel(), tmp_path / "pose.task", lambda share, time_s: shares.append(share))
    assert 8 <= len(shares) <= 14 and shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1


def test_names_are_escaped(handler, tmp_path):
    with pytest.raises(VideoError):
        analyse(tmp_path / "<b>.txt", HandModel(), tmp_path, no_progress)
    page = handler(str(tmp_path / "<b>.txt"), REQUEST, no_progress)
    assert "<b>" not in page and "&lt;b&gt;" in page


def test_result_without_anybody():
    assert "Nobody" in result_html(HandModel(), Summary(status="no person", frames=30, seconds=1.0, fps=30.0), [])


def test_result_places_events():
    events = [ActionEvent(0, "squat", 65.0, 70.0, 0.9, (("squat", 0.9),), {"joint": 0.9})]
    summary = Summary((("squat", 0.8), ("wave", 0.1)), 3000, 100.0, 30.0, 1, "ok: the file ends early")
    page = result_html(HandModel(), summary, events)
    assert "left: 65.00%; width: 5.00%" in page and "1:05.0" in page and "1:10.0" in page
    assert "The file ends early." in page and "1 person" in page


def test_about_names_classes_and_provider():
    text = about_html(HandModel())
    assert "squatting" in text and "none" in text and "2 seconds" in text and "For tests only." in text
