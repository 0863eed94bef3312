"""Corrected videos as examples: clips from inside the events, and the rest as stillness or anything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.corrections.correction import checked, made_event
from app.corrections.formats import csv_text, jsonl, read_corrections
from app.landmarks.writer import LandmarkWriter
from tests.app.teach.helpers import poses_of, recording_of, still
from tests.training.own.test_own import drawn_now, start
from training.data.tracks import LEAST_FRAMES
from training.drawing.motions import make_motion
from training.own.build import make
from training.own.corrected import find_corrected, watch_corrected
from training.own.files import divide
from training.own.request import Request

__all__ = ["start"]

FPS = 30.0


def no_pose_model() -> Path:
    return Path("none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three recordings: two seconds of stillness, two of waving, two of stillness, two of squats."""
    for k in range(3):
        wave, squat = (make_motion(action, 2.0, FPS, k) for action in ("wave", "squat"))
        shown = recording_of(still(2), wave, still(2), squat)
        with LandmarkWriter(tmp_path / f"{k}.ikem") as writer:
            for time_s, poses in poses_of(shown):
                writer.add(time_s, list(enumerate(poses)))
        events = [made_event(0, "wave", 2.0, 4.0), made_event(0, "My squat", 6.0, 7.9)]
        (tmp_path / f"{k}.corrected.jsonl").write_text(jsonl(checked(f"{k}.mp4", events)), encoding="utf-8")
    return tmp_path


def test_events_are_clips_with_times_and_the_rest_is_quiet(folder: Path) -> None:
    notes: list[str] = []
    found = find_corrected(folder, notes.append)
    assert [(e.action, e.person) for e in found[:2]] == [("wave", "0.ikem"), ("My squat", "0.ikem")]
    parts, by = divide(found, "auto", 0)
    assert by == "person" and len({e.person for e in parts if e.part == "val"}) == 1, "a whole video is held back"
    seen = watch_corrected(found, folder / "kept", no_pose_model, 1, notes.append)
    assert not seen.failed and not notes
    spans = {
        action: [(t.times_T[0], t.times_T[-1]) for t in seen.tracks if t.action == action and t.key.startswith("0")]
        for action in ("wave", "My squat", "idle", "other")
    }
    assert spans["wave"] == [pytest.approx((2.0, 4.0), abs=0.05)]
    assert spans["My squat"] == [pytest.approx((6.0, 7.9), abs=0.05)]
    assert spans["idle"] == [pytest.approx((0.0, 1.7), abs=0.05), pytest.approx((4.3, 5.7), abs=0.05)]
    assert not spans["other"]
    assert [e.key for e in seen.examples] == [t.key for t in seen.tracks]


def test_what_moves_beside_the_events_is_something_else(folder: Path) -> None:
    for k in range(3):
        events = [made_event(0, "wave", 2.0, 4.0), made_event(0, "bow", 4.2, 4.3)]
        (folder / f"{k}.corrected.jsonl").write_text(jsonl(checked(f"{k}.mp4", events)), encoding="utf-8")
    seen = watch_corrected(find_corrected(folder, print), folder / "kept", no_pose_model, 1, print)
    moving = [t for t in seen.tracks if t.action == "other"]
    assert moving and all(t.times_T[0] >= 4.6 for t in moving)
    assert all(len(t.times_T) >= LEAST_FRAMES for t in seen.tracks)


def test_what_cannot_be_used_is_named(folder: Path) -> None:
    (folder / "1.ikem").unlink()
    (folder / "2.corrected.jsonl").write_text('{"corrected": true}\n', encoding="utf-8")
    notes: list[str] = []
    assert {e.person for e in find_corrected(folder, notes.append)} == {"0.ikem"}
    assert len(notes) == 2 and "1.mp4 is not in" in notes[0] and "line 1" in notes[1]
    (folder / "0.corrected.jsonl").write_text(jsonl(checked("0.mp4", [made_event(0, "wave", 0, 1)])), encoding="utf-8")
    with pytest.raises(ValueError, match="at least two actions"):
        find_corrected(folder, notes.append)


def test_a_folder_of_actions_holds_no_corrected_events(tmp_path: Path) -> None:
    (tmp_path / "wave").mkdir()
    assert find_corrected(tmp_path, print) == [] == find_corrected(tmp_path / "missing", print)


def test_a_recording_without_events_shows_nothing_that_has_a_name(folder: Path) -> None:
    (folder / "2.corrected.jsonl").write_text("", encoding="utf-8")
    found = find_corrected(folder, print)
    assert [(e.action, e.span) for e in found if e.person == "2.ikem"] == [("other", None)]
    seen = watch_corrected(found, folder / "kept", no_pose_model, 1, print)
    assert [t.action for t in seen.tracks if t.key.startswith("2.ikem")] == ["other", "other"]


def test_the_page_saves_events_twice_and_they_train_once(folder: Path) -> None:
    before = find_corrected(folder, print)
    for k in range(3):
        events = read_corrections(folder / f"{k}.corrected.jsonl")[0]
        (folder / f"{k}.corrected.csv").write_text(csv_text(events), encoding="utf-8")
    assert find_corrected(folder, print) == before
    (folder / "2.corrected.jsonl").unlink()
    assert len(find_corrected(folder, print)) == len(before), "the table alone counts"


def test_a_label_with_one_event_cannot_be_learnt_and_judged(folder: Path) -> None:
    events = [made_event(0, "wave", 2.0, 4.0), made_event(0, "fall", 6.0, 7.9)]
    (folder / "0.corrected.jsonl").write_text(jsonl(checked("0.mp4", events)), encoding="utf-8")
    with pytest.raises(ValueError, match=r"only one event that can be used shows fall: .* correct another video"):
        divide(find_corrected(folder, print), "auto", 0)


def test_the_events_of_another_recording_are_named(folder: Path) -> None:
    """They end after the person is last seen."""
    events = [made_event(0, "wave", 2.0, 4.0), made_event(0, "My squat", 20.0, 22.0)]
    (folder / "0.corrected.jsonl").write_text(jsonl(checked("0.mp4", events)), encoding="utf-8")
    notes: list[str] = []
    seen = watch_corrected(find_corrected(folder, notes.append), folder / "kept", no_pose_model, 1, notes.append)
    assert seen.failed == (("0.ikem 20.00-22.00 s 0", "the person is hardly in view then"),)
    assert notes == ["left out: 0.ikem 20.00-22.00 s 0: the person is hardly in view then"]


@pytest.mark.slow
def test_the_whole_on_a_small_model(folder: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from export.onnx import export_student
    from export.runtime import ActionModel
    from models.weights import load

    export_student(*load(start), start / "student.onnx")
    monkeypatch.setattr("training.drawing.camera_clips.draw_all", lambda *_: None)
    monkeypatch.setattr("training.own.build.camera_tracks", drawn_now)
    out, notes = tmp_path.parent / f"{tmp_path.name} mine", list[str]()
    report = make(Request(folder=folder, out=out, start=start, epochs=2, workers=1), no_pose_model, notes.append)
    (video,) = report.people
    assert report.by == "video" and not report.failed
    assert ActionModel(out / "student.onnx", device="cpu").labels == ("My squat", "wave", "idle", "other")
    told = json.loads((out / "own.json").read_text(encoding="utf-8"))
    assert [(row["file"], row["action"]) for row in told["answers"]] == [
        (f"{video} 2.00-4.00 s 0", "wave"), (f"{video} 6.00-7.90 s 0", "My squat"),
        (f"{video} 0.00-1.70 s 0", "idle"), (f"{video} 4.30-5.70 s 0", "idle"),
    ]  # fmt: skip
    assert len(told["trained"]) == 8 and not any(key.startswith(video) for key in told["trained"])
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "| My squat | 2 | 1 | 3 |" in card and video in card
    assert any("are held back (by video)" in note for note in notes)
