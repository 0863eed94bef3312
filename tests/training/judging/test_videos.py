"""Real videos: which lines are judged, what is counted, and recordings of landmarks in their place."""

import json
from pathlib import Path

import pytest

from app.classify.one_input import Result
from app.classify.summary import Summary
from app.types import ActionEvent
from training.judging.stream_rows import VideoRow
from training.judging.videos import CLIP, Listed, Watched, listed, recording_of, video_rows, watch, write_videos

LINES = """file,action,kind,part,what,person
a.mp4,wave,clip,val,wave,
b.mp4,wave,clip,val,wave,p1
c.mp4,idle,idle,val,stands,p1
d.mp4,,empty,val,nobody,
e.mp4,,timeline,val,0-2 walk,p1
f.mp4,walk,clip,test,walks,p2
"""


def watched(kind: str, ranked: tuple[str, ...], events: tuple[str, ...] = (), age: str = "older", part: str = "val"):
    return Watched(Listed("a.mp4", "wave" if kind == CLIP else "", kind, part, age, ""), ranked, events, 30.0)


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    (tmp_path / "labels.csv").write_text(LINES)
    return tmp_path


def test_newer_videos_have_a_person(videos: Path) -> None:
    assert [(v.file, v.age) for v in listed(videos, ("val",))] == [
        ("a.mp4", "older"), ("b.mp4", "newer"), ("c.mp4", "newer"), ("d.mp4", "older"), ("e.mp4", "newer"),
    ]  # fmt: skip
    assert [v.file for v in listed(videos, ("test", "train"))] == ["f.mp4"]


def test_videos_of_one_action_or_none_are_watched(videos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def classify(path: Path, model: object, pose_model: object) -> Result:
        calls.append(path.name)
        event = ActionEvent(0, "wave", 0.0, 1.0, 0.9, (), {})
        return Result(Summary((("wave", 0.9), ("idle", 0.1)), seconds=2.0), (event,))

    monkeypatch.setattr("app.classify.one_input.classify_video", classify)
    (videos / "b.ikem").touch()
    seen = watch(None, Path("pose"), videos, ("val",), seen=videos)
    assert calls == ["a.mp4", "b.ikem", "c.mp4", "d.mp4"]
    assert seen[0].ranked == ("wave", "idle") and seen[0].events == ("wave",) and seen[0].seconds == 2
    assert [w.right for w in seen] == [True, True, False, False]
    watch(None, Path("pose"), videos, ("test",), kinds=(CLIP,))
    assert calls[-1] == "f.mp4"


def test_a_recording_stands_for_its_video(videos: Path) -> None:
    video = listed(videos, ("val",))[0]
    assert recording_of(video, videos, None) == recording_of(video, videos, videos) == videos / "a.mp4"
    (videos / "a.ikem").touch()
    assert recording_of(video, videos, videos) == videos / "a.ikem"


def test_right_names_and_events_a_minute_by_age_and_part() -> None:
    some = [watched(CLIP, ("wave",)), watched(CLIP, ("clap", "wave"), ("clap",)), watched(CLIP, ())]
    some += [watched("idle", ("idle",)), watched("other", ("wave",), ("wave", "wave")), watched("empty", ())]
    older, newer = video_rows([watched(CLIP, ("wave",), (), "newer", "test"), *some])[::-1]
    assert (older.videos, older.part, older.clips, older.right, older.top3) == ("older", "val", 3, 1, 2)
    assert (older.quiet, older.minutes, older.events, older.per_minute) == (3, 1.5, 2, 1.33)
    assert older.labels == {"wave": 2}
    assert (newer.videos, newer.right, newer.per_minute) == ("newer", 1, None)


def test_answers_to_test_videos_are_counts_alone(tmp_path: Path) -> None:
    some = [watched(CLIP, ("clap", "wave", "run", "bow"), ("clap",)), watched(CLIP, ("squat",), part="test")]
    text = write_videos(some, "toy", tmp_path, "held")
    assert "clap, wave, run" in text and "squat" not in text
    assert (tmp_path / "videos_held.md").read_text() == text + "\n"
    held = json.loads((tmp_path / "videos_held.json").read_text())
    assert [VideoRow.from_dict(row) for row in held["rows"]] == video_rows(some)
