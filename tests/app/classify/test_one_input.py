"""The command end to end on recorded skeletons, and what it does with what cannot be read."""

from __future__ import annotations

import os

import numpy as np
import pytest

from app.batch.journal import Journal
from app.batch.outputs import ResultFiles
from app.batch.work import Worker
from app.classify.one_input import classify_clip, classify_video, summarise
from app.classify.summary import Tally
from app.stream.action_stream import ActionStream
from app.types import JointFrame
from models.clips import Clip, read_clips, write_clips
from models.skeleton import JOINTS
from models.system.atomic import OutputError
from tests.app.batch.helpers import FakePose, joints, lines, listing, rows, run, save
from tests.app.helpers import HandModel, body, write_sound, write_video
from tests.app.sources.test_video_kinds import write
from tests.bodies import LEGS, standing, waving


def test_one_clip(tmp_path):
    clip = save(tmp_path / "day.npz", joints((4, "idle"), (3, "wave"), (3, "idle"), (3, "squat")))
    assert run([clip], tmp_path / "out") == 0
    wave, squat = lines(tmp_path / "out" / "day.jsonl")
    assert (wave["label"], squat["label"], wave["person"]) == ("wave", "squat", 0)
    assert wave["start"] == pytest.approx(4, abs=0.3) and wave["end"] == pytest.approx(7, abs=0.3)
    assert squat["start"] == pytest.approx(10, abs=0.3) and squat["end"] == pytest.approx(13, abs=0.1)
    assert wave["top3"][0] == ["wave", wave["score"]] and set(wave["modality_scores"]) == {"joint", "bone", "motion"}
    row = rows(tmp_path / "out")["day.npz"]
    assert (row["frames"], row["seconds"], row["fps"], row["people"]) == ("390", "13.000", "30.000", "1")
    assert row["status"] == "ok" and {row["label"], row["second"], row["third"]} == {"wave", "squat", "idle"}


def road(path, shown_s, of_s, fps=30):
    """A recording in which somebody waves from its tenth second on, for so long."""
    frames = np.zeros((round(of_s * fps), 25, 3), np.float32)
    frames[10 * fps : round((10 + shown_s) * fps)] = body(wave=True)
    return save(path, frames, fps)


def test_a_glimpse_of_somebody_is_nobody(tmp_path, capsys):
    """Things are taken for people now and then: a few such frames name no recording, and make no event."""
    path, out = road(tmp_path / "road.npz", shown_s=2, of_s=30), tmp_path / "out"
    assert run([path], out, csv=True, vtt=True, json_lines=True) == 0
    row = rows(out)["road.npz"]
    assert (row["label"], row["people"]) == ("", "0") and row["status"].startswith("no person: somebody")
    assert lines(out / "road.jsonl") == [] and capsys.readouterr().out == ""
    assert len((out / "events.csv").read_text().splitlines()) == 1 and "-->" not in (out / "road.vtt").read_text()


@pytest.mark.parametrize(("shown_s", "of_s"), [(20, 300), (4, 100), (2, 15)])
def test_somebody_for_long_or_in_much_of_it_is_judged(tmp_path, shown_s, of_s):
    (clip,) = read_clips(road(tmp_path / "film.npz", shown_s, of_s))
    result = classify_clip(clip, HandModel())
    summary, events = result.summary, result.events
    assert (summary.label, summary.people, summary.status) == ("wave", 1, "ok")
    assert [event.label for event in events] == ["wave"]


def test_events_are_held_back_until_somebody_is_sure_to_be_there(tmp_path):
    (clip,) = read_clips(save(tmp_path / "a.npz", joints((2, "wave"), (8, "lost"), (2, "idle"), (8, "lost"))))
    stream, given = ActionStream(HandModel(), 0.25), []
    tally = Tally(stream, HandModel.labels, given.append)
    counts = []
    for i, (joints_V3, seen_V) in enumerate(zip(clip.joints_TV3, clip.seen_TV)):
        tally.add(stream.push_joints(i / 30, joints_V3, seen_V))
        counts.append(len(given))
    assert counts[10 * 30] == 0 and counts[round(11.5 * 30)] == 1  # 3 s in all are seen at 11 s
    tally.finish(20.0, 30.0, [])
    assert [event.label for event in given] == ["wave"] and given[0].end_s < 3


def test_many_clips(tmp_path, capsys):
    scripts = [[(1, "wave")], [(3, "squat")], [(4, "lost")], [(0.2, "wave")], [(3, "idle")]]
    write_clips(tmp_path / "set.npz", [Clip(joints(*script), 30.0, "x", "x", 1, 0) for script in scripts])
    assert run([tmp_path / "set.npz"], tmp_path / "out") == 0
    found = rows(tmp_path / "out")
    assert list(found) == [f"set.npz#{i}" for i in range(5)]
    assert [row["label"] for row in found.values()] == ["wave", "squat", "", "", "idle"]
    assert [row["status"] for row in found.values()] == ["ok", "ok", "no person", "too short", "ok"]
    assert [(row["events"], row["results"]) for row in found.values()] == [
        ("0", "set#0"), ("1", "set#1"), ("0", "set#2"), ("0", "set#3"), ("0", "set#4"),
    ]  # fmt: skip
    assert "set.npz: 5 clips, 1 event" in capsys.readouterr().out
    assert found["set.npz#2"]["people"] == "0" and found["set.npz#2"]["score"] == ""
    assert [e["label"] for e in lines(tmp_path / "out" / "set#1.jsonl")] == ["squat"]
    assert lines(tmp_path / "out" / "set#4.jsonl") == []  # idle is a label, never an event


def test_a_clip_that_cannot_be_used_does_not_stop_the_others_of_its_file(tmp_path, capsys):
    frames = np.concatenate([standing(30) * 1000, joints((3, "squat"))[:30], standing(30) * 1000, standing(0)])
    np.savez(tmp_path / "set.npz", frames=frames, fps=[30.0] * 4, start=[0, 30, 60, 90], length=[30, 30, 30, 0])
    assert run([tmp_path / "set.npz"], tmp_path / "out") == 1
    found = rows(tmp_path / "out")
    assert list(found) == ["set.npz#1", "set.npz#3", "set.npz"]
    assert found["set.npz#1"]["status"] == "ok" and found["set.npz#3"]["status"] == "no person: there is no frame in it"
    status = found["set.npz"]["status"]
    assert status.startswith("error: clip 0: ") and status.endswith("(and 1 more)")
    assert "may be millimetres" in capsys.readouterr().err


def test_broken_files_do_not_stop_the_others(tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    save(folder / "a.npz", joints((3, "wave")))
    (folder / "b.npz").write_bytes(b"no archive")
    np.savez(folder / "c.npz", frames=np.array([object()]), fps=30)  # would have to be unpickled
    np.savez(folder / "d.npz", frames=np.zeros((9, 17, 3)), fps=30)
    save(folder / "e.npz", standing(60) * 1000)
    (folder / "f.mp4").write_bytes(b"")
    (folder / "g.mp4").write_bytes(b"no video" * 1000)
    write_sound(folder / "h.m4a").rename(folder / "h.mp4")
    (folder / "notes.txt").write_text("not an input")
    save(folder / "z.npz", joints((3, "squat")))
    missing = tmp_path / "missing.mp4"
    assert run([folder, missing], tmp_path / "out", lambda: tmp_path / "never opened") == 1
    found = rows(tmp_path / "out")
    assert [n for n, row in found.items() if row["status"] == "ok"] == ["a.npz", "z.npz"]
    broken = ["b.npz", "c.npz", "d.npz", "e.npz", "f.mp4", "g.mp4", "h.mp4", "missing.mp4"]
    assert [n for n, row in found.items() if row["status"].startswith("error: ")] == broken
    assert listing(tmp_path / "out") == ["a.jsonl", "summary.csv", "z.jsonl"]
    told = [line for line in capsys.readouterr().err.replace("\r", "\n").split("\n") if str(tmp_path) in line]
    assert [os.path.basename(line.split(": ")[0]) for line in told] == broken
    assert found["f.mp4"]["status"] == "error: the file is empty (0 bytes)" and "only sound" in found["h.mp4"]["status"]


def test_a_codec_that_is_not_opened_does_not_stop_the_others(tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    save(folder / "a.npz", joints((3, "wave")))
    write(folder / "old.avi", "huffyuv", "yuv422p")
    save(folder / "z.npz", joints((3, "squat")))
    assert run([folder], tmp_path / "out", lambda: tmp_path, quiet=True) == 1
    found = rows(tmp_path / "out")
    assert [n for n, row in found.items() if row["status"] == "ok"] == ["a.npz", "z.npz"]
    assert "huffyuv" in found["old.avi"]["status"] and "ffmpeg -i in -c:v libx264 out.mp4" in found["old.avi"]["status"]
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert listing(tmp_path / "out") == ["a.jsonl", "summary.csv", "z.jsonl"]


def test_inputs_of_one_name(tmp_path):
    for name, what in (("one", "wave"), ("two", "squat")):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "x.npz", joints((3, what)))
    assert run([tmp_path / "one", tmp_path / "two" / "x.npz", tmp_path / "one" / "x.npz"], tmp_path / "out") == 0
    labels = [lines(tmp_path / "out" / name)[0]["label"] for name in ("x.jsonl", "x-2.jsonl")]
    assert labels == ["wave", "squat"]
    table = (tmp_path / "out" / "summary.csv").read_text().splitlines()
    assert [line.split(",")[-1] for line in table] == ["results", "x", "x-2"]
    assert [line.split(",")[0] for line in table] == ["input"] + [str(tmp_path / n / "x.npz") for n in ("one", "two")]


def test_a_pattern_or_folder_without_videos_is_an_error(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run([tmp_path / "empty", tmp_path / "*.mov"], tmp_path / "out", lambda: tmp_path) == 1
    assert "no video, no .npz and no .ikem file in this folder" in rows(tmp_path / "out")["empty"]["status"]
    assert "no file matches" in rows(tmp_path / "out")["*.mov"]["status"]


@pytest.fixture
def fake_pose(monkeypatch):
    monkeypatch.setattr("app.pose.landmarker.PoseSource", FakePose)


def test_video(tmp_path, fake_pose, capsys):
    grey, black = np.full((48, 64, 3), 128, np.uint8), np.zeros((48, 64, 3), np.uint8)
    write_video(tmp_path / "two.mp4", np.arange(90) / 30, picture=grey)
    write_video(tmp_path / "none.mp4", np.arange(30) / 10, picture=black)
    assert run([tmp_path / "two.mp4", tmp_path / "none.mp4"], tmp_path / "out", lambda: tmp_path) == 0
    two, none = rows(tmp_path / "out").values()
    assert (two["label"], two["people"], two["frames"], two["seconds"]) == ("wave", "2", "90", "3.000")
    assert two["status"] == "ok: 2 people, the label is the nearest one's"
    assert (none["label"], none["score"], none["status"], none["fps"]) == ("", "", "no person", "10.000")
    (event,) = lines(tmp_path / "out" / "two.jsonl")
    assert (event["start"], event["end"]) == (0.0, pytest.approx(89 / 30, abs=0.01))
    assert [(row["events"], row["results"]) for row in (two, none)] == [("1", "two"), ("0", "none")]
    assert "waving 100%, 1 event (ok" in capsys.readouterr().out  # people read words, files hold short ids


def test_what_does_not_stand_out_is_not_said(tmp_path, fake_pose, capsys):
    """The files rank it all the same; people read that nothing is sure."""

    class Unsure(HandModel):
        def __call__(self, joints_NTV3, frames_N):
            scores = super().__call__(joints_NTV3, frames_N)
            scores.fused_NC[:] = [0.45, 0.3, 0.25]
            return scores

    grey = np.full((48, 64, 3), 128, np.uint8)
    path = write_video(tmp_path / "day.mp4", np.arange(90) / 30, picture=grey)
    assert run([path], tmp_path / "out", lambda: tmp_path, Unsure) == 0
    row = rows(tmp_path / "out")["day.mp4"]
    assert (row["label"], row["score"], row["events"]) == ("wave", "0.4500", "0")
    assert "not sure, 0 events (ok" in capsys.readouterr().out


def test_a_cut_video_says_so(tmp_path, fake_pose):
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    path = write_video(tmp_path / "cut.mp4", np.arange(90) / 30, picture=noise, movflags="faststart")
    path.write_bytes(path.read_bytes()[:-4000])
    assert run([path], tmp_path / "out", lambda: tmp_path) == 0
    row = rows(tmp_path / "out")["cut.mp4"]
    assert row["label"] == "wave" and "the file ends early" in row["status"]


def test_a_failed_pose_model_is_asked_for_once(tmp_path):
    asked = []

    def pose_model():
        asked.append(1)
        raise ValueError("no network")

    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, [0, 0.1])
    save(tmp_path / "c.npz", joints((3, "wave")))
    assert run([tmp_path], tmp_path / "out", pose_model) == 1
    assert [row["status"] for row in rows(tmp_path / "out").values()] == ["error: no network"] * 2 + ["ok"]
    assert len(asked) == 1


def test_ctrl_c_leaves_whole_files(tmp_path, monkeypatch):
    for i in range(3):
        save(tmp_path / f"{i}.npz", joints((3, "wave")))
    usual = Worker.do

    def stop_in_the_second(self, job, listener, stop):
        if job.number == 1:
            stop.set()
        return usual(self, job, listener, stop)

    monkeypatch.setattr(Worker, "do", stop_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        run([tmp_path], tmp_path / "out")
    assert list(rows(tmp_path / "out")) == ["0.npz"]
    assert listing(tmp_path / "out") == ["0.jsonl", "summary.csv"]


@pytest.mark.parametrize(("where", "what"), [(ResultFiles, "event"), (Journal, "add")])
def test_a_full_disk_stops_the_run(tmp_path, monkeypatch, where, what):
    for i in range(2):
        save(tmp_path / f"{i}.npz", joints((3, "wave")))

    def full(*_):
        raise OutputError("cannot write: no space")

    monkeypatch.setattr(where, what, full)
    with pytest.raises(OutputError, match="no space"):
        run([tmp_path], tmp_path / "out")
    assert "1.jsonl" not in listing(tmp_path / "out")


def test_cancel_from_outside(tmp_path, fake_pose):
    def cancel(time_s, claimed_s, answer):
        assert claimed_s == pytest.approx(3.0, abs=0.01) and answer.people in (0, 2)
        if time_s >= 1:
            raise TimeoutError("enough")

    path = write_video(tmp_path / "a.mp4", np.arange(90) / 30)
    with pytest.raises(TimeoutError):
        classify_video(path, HandModel(), tmp_path, on_frame=cancel)


class Keeping(HandModel):
    """Keeps the windows that it is given."""

    def __call__(self, joints_NTV3, frames_N):
        self.seen.extend(joints_NTV3)
        return super().__call__(joints_NTV3, frames_N)

    def __init__(self):
        super().__init__()
        self.seen = []


def test_lost_joints_reach_the_model_as_lost(tmp_path):
    lost, model = waving(90), Keeping()
    lost[:, LEGS] = np.nan
    summary = classify_clip(Clip(lost, 30.0), model).summary
    assert summary.status == "ok" and model.seen
    for joints_TV3 in model.seen:
        np.testing.assert_allclose(joints_TV3[:, [13, 14, 15]], joints_TV3[:, [12]].repeat(3, 1), atol=1e-5)


def without(frames, *names):
    frames[:, [JOINTS.index(name) for name in names]] = np.nan
    return frames


@pytest.mark.parametrize(
    ("frames", "status"),
    [
        (np.random.default_rng(0).normal(size=(90, 25, 3)), "no person: the joints have no limb lengths of a person"),
        (np.full((90, 25, 3), 0.7), "no person"),
        (np.full((90, 25, 3), np.nan), "no person"),
        (waving(90) * [1, -1, 1], "ok: the head is below the hips"),
        (
            without(waving(90), "spine_shoulder", "left_shoulder"),
            "no person: somebody is in view, but not",
        ),
    ],
)
def test_nobody_and_somebody_upside_down_are_told(frames, status):
    result = classify_clip(Clip(frames.astype(np.float32), 30.0), HandModel())
    assert result.summary.status.startswith(status)
    assert status.startswith("ok") or (result.summary.label, result.events) == ("", ())


@pytest.mark.parametrize(("fps", "kind"), [(0.5, "too few frames"), (1, "ok"), (3, "ok"), (3.9, "ok")])
def test_too_few_frames_a_second_are_no_sure_event(fps, kind):
    told = []
    result = classify_clip(Clip(joints((8, "wave"), fps=fps), fps), HandModel(), told.append)
    assert result.summary.status == f"{kind}: {fps:.2g} frames a second are too few to be sure: at least 4"
    assert (result.events, result.summary.answer, told) == ((), "", [])


def test_four_frames_a_second_are_enough():
    result = classify_clip(Clip(joints((8, "wave"), fps=4), 4.0), HandModel())
    assert result.summary.status == "ok" and [event.label for event in result.events] == ["wave"]


def test_an_event_is_dropped_where_frames_are_few_only():
    frames = [JointFrame(i / 30, body(wave=30 < i < 120), np.ones(25, bool)) for i in range(240)]
    frames += [JointFrame(8 + i / 2, body(wave=4 < i < 20), np.ones(25, bool)) for i in range(30)]
    events = []
    summary = summarise(HandModel(), frames, events.append)
    assert summary.status == "ok" and [event.label for event in events] == ["wave"] and events[0].end_s < 6
