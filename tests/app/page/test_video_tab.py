"""The Video tab: what it answers to good, bad and overlong files."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from app.types import ActionEvent
from tests.app.helpers import HandModel, pose, write_sound, write_video

gr = pytest.importorskip("gradio")

from app.classify.summary import Summary  # noqa: E402
from app.page import video_analysis as page_video  # noqa: E402
from app.page.video_analysis import Turns, analyse  # noqa: E402
from app.page.video_result import events_csv, lanes, result_html, result_json  # noqa: E402
from app.page.video_tab import video_handler  # noqa: E402
from app.page.wire import PoseTrack  # noqa: E402
from app.sources.video import VideoError  # noqa: E402
from app.teach.lessons import Lessons  # noqa: E402

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

    monkeypatch.setattr("app.pose.landmarker.PoseSource", FakePose)
    return video_handler(Lessons(HandModel()), tmp_path / "pose.task", Turns(lambda key: False))


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
        page, found = handler(str(tmp_path / name), REQUEST, no_progress)
        assert "This did not work" in page and said in page and found is None, name


def test_a_good_file(handler, tmp_path):
    path = write_video(tmp_path / "clip.mp4", np.arange(120) / 30)
    page, found = handler(str(path), REQUEST, no_progress)
    assert "Waving" in page and "data-start" in page and "4.0 s" in page
    assert found["name"] == "clip.mp4" and found["events"][0][1:3] == [0, "wave"]
    assert found["csv"].splitlines()[0] == "person,label,start,end,score,count"
    assert json.loads(found["jsonl"])["label"] == "wave" and len(found["track"]["points"]) > 120 * 198
    json.dumps(found, allow_nan=False)


def test_a_picture_that_starts_late_has_the_times_of_the_player(handler, tmp_path):
    path = write_video(tmp_path / "late.mp4", np.arange(120) / 30 + 3.0)
    page, found = handler(str(path), REQUEST, no_progress)
    (event,) = found["events"]
    assert 3.0 <= event[3] < 4.0 and 6.0 < event[4] <= 7.1
    assert f'data-start="{event[3]:.2f}"' in page and f'data-seconds="{event[4]:.3f}"' in page
    assert json.loads(found["jsonl"])["start"] == pytest.approx(event[3], abs=1e-3)


def test_a_film_that_is_called_otherwise(handler, tmp_path):
    path = write_video(tmp_path / "clip.mp4", np.arange(120) / 30).rename(tmp_path / "clip.download")
    assert "Waving" in handler(str(path), REQUEST, no_progress)[0]


def test_a_glimpse_has_no_events(handler, tmp_path, monkeypatch):
    glimpse = {"detect": lambda self, rgb_HWC, time_s: [pose(time_s, wave=True)] if 5 <= time_s < 7 else []}
    monkeypatch.setattr(
        "app.pose.landmarker.PoseSource", type("Glimpse", (sys.modules["app.pose.landmarker"].PoseSource,), glimpse)
    )
    page, found = handler(str(write_video(tmp_path / "road.mp4", np.arange(250) / 10)), REQUEST, no_progress)
    assert "Nobody" in page and found["events"] == [] and found["jsonl"] == ""


def test_nothing_chosen(handler):
    page, found = handler(None, REQUEST, no_progress)
    assert "Drop a video" in page and found is None


@pytest.mark.parametrize("claims", [True, False])
def test_too_long(handler, tmp_path, monkeypatch, claims):
    monkeypatch.setattr(page_video, "MOST_SECONDS", 1.5)
    if not claims:
        monkeypatch.setattr("app.sources.video.VideoReader._claimed_end", lambda self: None)
    path = write_video(tmp_path / "clip.mp4", np.arange(90) / 30)
    assert "python -m app classify" in handler(str(path), REQUEST, no_progress)[0]


def test_too_many_pictures(handler, tmp_path, monkeypatch):
    """A small file can hold millions within a second."""
    monkeypatch.setattr(page_video, "MOST_FRAMES", 20)
    path = write_video(tmp_path / "clip.mp4", np.arange(30) / 1000)
    assert "longer than 20 pictures" in handler(str(path), REQUEST, no_progress)[0]


def is_skipped(answer) -> bool:
    return all(part == gr.skip() for part in answer)


def test_a_visitor_who_left_costs_no_more(handler, tmp_path):
    path = str(write_video(tmp_path / "clip.mp4", np.arange(60) / 30))
    gone = video_handler(Lessons(HandModel()), tmp_path / "pose.task", Turns({"a"}.__contains__))
    assert is_skipped(gone(path, REQUEST, no_progress))


@pytest.mark.parametrize("instead", ["another", "nothing"])
def test_a_recording_taken_away_answers_no_more(handler, tmp_path, instead):
    path, turns = str(write_video(tmp_path / "clip.mp4", np.arange(60) / 30)), Turns(lambda key: False)
    shares = []

    def progress(share, desc):
        shares.append(share)
        if len(shares) == 3:
            turns.begin("a") if instead == "another" else turns.end("a")

    answer = video_handler(Lessons(HandModel()), tmp_path / "pose.task", turns)(path, REQUEST, progress)
    assert is_skipped(answer) and len(shares) == 3


def test_progress_is_told(handler, tmp_path):
    path = write_video(tmp_path / "clip.mp4", np.arange(90) / 30)
    shares: list[float] = []
    analyse(path, HandModel(), tmp_path / "pose.task", lambda share, time_s: shares.append(share))
    assert 8 <= len(shares) <= 14 and shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1


def test_names_are_escaped(handler, tmp_path):
    with pytest.raises(VideoError):
        analyse(tmp_path / "<b>.txt", HandModel(), tmp_path, no_progress)
    page, _ = handler(str(tmp_path / "<b>.txt"), REQUEST, no_progress)
    assert "<b>" not in page and "&lt;b&gt;" in page


def test_result_without_anybody():
    assert "Nobody" in result_html(HandModel(), Summary(status="no person", frames=30, seconds=1.0, fps=30.0), [])


def event(person: int, label: str, start_s: float, end_s: float) -> ActionEvent:
    return ActionEvent(person, label, start_s, end_s, 0.9, ((label, 0.9),), {"joint": 0.9})


def test_result_places_events():
    summary = Summary((("squat", 0.8), ("wave", 0.1)), 3000, 100.0, 30.0, 1, "ok: the file ends early")
    page = result_html(HandModel(), summary, [event(0, "squat", 65.0, 70.0)])
    assert "left: 65.00%; width: 5.00%" in page and "1:05.0" in page and "1:10.0" in page
    assert "The file ends early." in page and "1 person" in page


def test_repetitions_stand_beside_the_action_and_in_the_files():
    counted = replace(event(0, "squat", 1.0, 9.0), count=2, repetitions_s=(3.0004, 6.5))
    summary = Summary((("squat", 0.8),), 300, 10.0, 30.0, 1, "ok")
    page = result_html(HandModel(), summary, [counted, event(0, "wave", 9.0, 10.0)])
    assert page.count("\u00d7 2") == 3, "in the block, its title and the row"
    found = result_json("x.mp4", summary, [counted], PoseTrack(), (640, 480))
    assert found["repetitions"] == [[3.0, 6.5]] and found["events"][0][-1] == 2 and ",2\n" in found["csv"]


def test_how_many_people_is_said_once():
    summary = Summary((("squat", 0.8),), 300, 10.0, 30.0, 2, "ok: 2 people, the label is the nearest one's; short")
    page = result_html(HandModel(), summary, [])
    assert page.count("2 people") == 1 and "2 people. The label is the nearest one&#x27;s; short." in page


def test_a_clip_of_several_actions_is_not_called_by_one():
    two, unsure = [event(0, "squat", 1, 3), event(0, "wave", 5, 9)], (("squat", 0.3), ("wave", 0.29))
    page = result_html(HandModel(), Summary(unsure, 300, 10.0, 30.0, 1, "ok"), two)
    assert ">Several actions<" in page and "As one clip: squatting, else waving" in page and "30%" not in page
    assert ">Squatting<" in result_html(HandModel(), Summary(unsure, 300, 10.0, 30.0, 1, "ok"), two[:1])
    assert ">Squatting<" in result_html(HandModel(), Summary((("squat", 0.6),), 300, 10.0, 30.0, 1, "ok"), two)


def answer_said(model, ranked, events=()) -> tuple[str, str, bool]:
    """The answer's words, the line below them, and whether they stand out."""
    page = result_html(model, Summary(ranked, 300, 10.0, 30.0, 1, "ok"), list(events))
    kind, words, line = re.search(r'class="action([^"]*)".*?>(.*?)</div><div class="sure">(.*?)</div>', page).groups()
    return words, line, "idle" not in kind


@pytest.mark.parametrize(
    ("ranked", "events", "words", "line", "loud"),
    [
        ((("squat", 0.8), ("wave", 0.1)), ["squat"], "Squatting", "When, and how sure, stands below", True),
        ((("squat", 0.2), ("wave", 0.1)), ["squat"], "Squatting", "When, and how sure, stands below", True),
        ((("squat", 0.8), ("wave", 0.1)), [], "Squatting", "80% sure", True),
        ((("squat", 0.49), ("idle", 0.4), ("wave", 0.1)), [], "Not sure", "Closest: squatting or waving", False),
        ((("squat", 0.2), ("wave", 0.19)), ["wave"], "Waving", "When, and how sure, stands below", True),
        ((("idle", 0.53), ("other", 0.4), ("squat", 0.07)), [], "Standing", "53% sure", False),
        ((("idle", 0.45), ("other", 0.4), ("squat", 0.15)), [], "Standing", "", False),
        ((("other", 0.45), ("squat", 0.4)), [], "Something else", "None of the actions that it knows", False),
        ((("other", 0.9), ("squat", 0.1)), [], "Something else", "90% sure", False),
        ((("other", 0.9), ("squat", 0.1)), ["squat"], "Squatting", "When, and how sure, stands below", True),
        ((("other", 0.9), ("squat", 0.1)), ["squat", "wave"], "Several actions", "As one clip: squatting", False),
    ],
)
def test_an_action_is_the_answer_only_if_it_may_be_said(ranked, events, words, line, loud):
    """It reaches the threshold of 50 %, or there is an event of it; and its number stands in one place alone."""
    display = {"wave": "waving", "squat": "squatting", "idle": "standing", "other": "something else"}
    model = HandModel(labels=("wave", "squat", "idle", "other"), display=display)
    happened = [event(0, label, 2 * k, 2 * k + 1) for k, label in enumerate(events)]
    assert answer_said(model, ranked, happened) == (words, line, loud)


def test_no_number_below_the_labels_own_threshold():
    model = HandModel(thresholds={"enter": 0.5, "leave": 0.35, "by_label": {"squat": 0.95}})
    summary = Summary((("squat", 0.9),), 300, 10.0, 30.0, 1, "ok")
    page = result_html(model, summary, [event(0, "squat", 1, 3), event(0, "wave", 4, 6)])
    assert page.count("90%") == 1, "of waving"
    assert "90%" not in result_html(model, summary, [])


def test_events_of_all_people_in_the_order_of_time():
    events = [event(0, "squat", 5, 9), event(1, "wave", 2, 7), event(0, "wave", 1, 3)]
    page = result_html(HandModel(), Summary((("squat", 0.8),), 300, 10.0, 30.0, 2, "ok"), events)
    rows = re.findall(r'<tr data-start="([\d.]+)".*?>Person (\d)<', page)
    assert rows == [("1.00", "1"), ("2.00", "2"), ("5.00", "1")]


def test_people_who_meet_have_lanes_of_their_own():
    events = [event(0, "wave", 0, 3), event(0, "squat", 5, 6), event(1, "wave", 2, 4), event(2, "wave", 6, 9)]
    assert lanes(events) == {0: 0, 1: 1, 2: 0}
    assert lanes([event(k, "wave", k, k + 1) for k in range(50)]) == dict.fromkeys(range(50), 0)


def test_files_to_save():
    events = [event(3, "squat", 1.0, 2.5)]
    assert events_csv(events) == "person,label,start,end,score,count\n3,squat,1.000,2.500,0.9000,\n"
    found = result_json("my clip.mp4", Summary(seconds=2.5), events, PoseTrack(), (640, 480))
    assert found["size"] == [640, 480] and found["seconds"] == 2.5
    line = json.loads(found["jsonl"])
    assert (line["input"], line["person"], line["start"]) == ("my clip.mp4", 3, 1.0)
