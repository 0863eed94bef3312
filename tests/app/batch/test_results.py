"""Each option's files, from inputs of all kinds to what a user opens."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from app.landmarks.reader import LandmarkReader
from models.clips import write_clips
from tests.app.batch.helpers import FakePose, joints, lines, listing, rows, run, save
from tests.app.counting.figures import bumps, figure, times
from tests.app.helpers import HandModel, Scores, pose, write_video


class SquatModel(HandModel):
    """Says "squat" of every window in which somebody moves."""

    def __call__(self, joints_NTV3, frames_N):
        fused_NC = np.zeros((len(joints_NTV3), 3), np.float32)
        moves_N = np.ptp(joints_NTV3[:, :, 0, 1], axis=1) > 0.05
        fused_NC[np.arange(len(fused_NC)), np.where(moves_N, 1, 2)] = 1
        return Scores(fused_NC, np.repeat(fused_NC[:, None], 3, 1), np.zeros((len(fused_NC), 8), np.float32))


WAVES = ((2, "idle"), (3, "wave"), (2, "idle"), (3, "squat"))


@pytest.fixture
def fake_pose(monkeypatch):
    monkeypatch.setattr("app.pose.landmarker.PoseSource", FakePose)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def clip(tmp_path):
    return save(tmp_path / "day.npz", joints(*WAVES))


def film(path, seconds=3.0, **options):
    grey = np.full((48, 64, 3), 128, np.uint8)
    return write_video(path, np.arange(round(seconds * 30)) / 30, picture=grey, **options)


def test_a_table_of_all_events_in_the_order_of_the_inputs(tmp_path, clip, out):
    other = save(tmp_path / "a, b.npz", joints((3, "squat")))
    run([clip, other], out, csv=True)
    with open(out / "events.csv", newline="") as file:
        table = [(row["input"], row["label"]) for row in csv.DictReader(file)]
    assert table == [("day.npz", "wave"), ("day.npz", "squat"), ("a, b.npz", "squat")]


def test_subtitles(clip, out):
    run([clip], out, vtt=True)
    text = (out / "day.vtt").read_text()
    assert text.startswith("WEBVTT\n\n00:00:0") and text.index("waving") < text.index("squatting")
    assert listing(out) == ["day.jsonl", "day.vtt", "summary.csv"]


def test_repetitions_are_summed_over_an_input(tmp_path, out, capsys):
    """Three squats as an event; whoever sits down once repeats nothing."""
    times_T = times(12)
    depth_T = bumps(times_T, [2, 4, 6], 1.9)
    clip = save(tmp_path / "day.npz", figure(depth_T) + np.float32([0, -0.4, 0]) * depth_T[:, None, None])
    run([clip], out, count=True, csv=True, vtt=True, make_model=SquatModel)
    (event,) = lines(out / "day.jsonl")
    assert (event["label"], event["count"], len(event["repetitions"])) == ("squat", 3, 3)
    assert rows(out)["day.npz"]["counts"] == "squat 3" and "1 event, counted: squat 3" in capsys.readouterr().out
    assert (out / "events.csv").read_text().splitlines()[1].endswith(",3")
    assert "squatting 2\n" in (out / "day.vtt").read_text()


def test_only_some_labels(clip, out):
    run([clip], out, labels=("squat",), vtt=True, csv=True)
    assert [event["label"] for event in lines(out / "day.jsonl")] == ["squat"] and rows(out)["day.npz"]["events"] == "1"
    assert "waving" not in (out / "day.vtt").read_text() and "wave" not in (out / "events.csv").read_text()
    assert rows(out)["day.npz"]["label"] == "wave"  # the whole recording's answer is not an event


def test_only_good_scores(clip, out, tmp_path):
    run([clip], out)
    scores = [event["score"] for event in lines(out / "day.jsonl")]
    run([clip], tmp_path / "all", min_score=min(scores) - 0.001)
    run([clip], tmp_path / "some", min_score=max(scores) + 0.001)
    assert len(lines(tmp_path / "all" / "day.jsonl")) == 2 and lines(tmp_path / "some" / "day.jsonl") == []


def test_ranked_labels(clip, out):
    run([clip], out, top=1)
    (only,) = rows(out)["day.npz"]["top"].split("; ")
    assert only.startswith("wave 0.") and lines(out / "day.jsonl")[0]["top"][0][0] == "wave"


def test_the_time_between_classifications(clip, out, monkeypatch):
    hops = []
    from app.stream.action_stream import ActionStream

    class Told(ActionStream):
        def __init__(self, model, hop_s):
            hops.append(hop_s)
            super().__init__(model, hop_s)

    monkeypatch.setattr("app.classify.one_input.ActionStream", Told)
    run([clip], out, every_s=1.5)
    run([clip], out)
    assert hops == [1.5, 0.25]


def test_events_on_standard_output_and_nothing_else(clip, out, tmp_path, capsys):
    missing = tmp_path / "missing.npz"
    assert run([clip, missing], out, json_lines=True) == 1
    shown = capsys.readouterr()
    assert [json.loads(line)["label"] for line in shown.out.splitlines()] == ["wave", "squat"]
    assert "day.npz" in shown.err and "missing.npz: there is no such file" in shown.err


def test_events_on_standard_output_are_utf_8(tmp_path, out, monkeypatch):
    clip = save(tmp_path / "\u00fcbung.npz", joints((3, "wave")))
    shown = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr("sys.stdout", shown)
    run([clip], out, json_lines=True, csv=True, vtt=True)
    assert json.loads(shown.buffer.getvalue())["input"] == "\u00fcbung.npz"
    assert (out / "\u00fcbung.jsonl").read_bytes() == shown.buffer.getvalue()
    assert "\u00fcbung.npz,0,wave" in (out / "events.csv").read_text(encoding="utf-8")


def test_what_is_left_out_is_told_before_the_work(tmp_path, clip, out, capsys):
    (tmp_path / "more").mkdir()
    save(tmp_path / "more" / "a.npz", joints((1, "wave")))
    run([tmp_path], out)
    assert capsys.readouterr().out.splitlines()[0] == f"{tmp_path}: 1 folder in it left out (--recursive)"


def test_seconds_are_for_what_is_live(clip, out):
    with pytest.raises(ValueError, match="--seconds is for cameras"):
        run([clip], out, seconds=5.0)
    assert not out.exists()
    assert run([clip, "camera:987"], out, lambda: out, seconds=5.0) == 1 and rows(out)["day.npz"]["status"] == "ok"


def test_stillness_is_no_label_in_an_annotated_video(tmp_path, out, monkeypatch):
    drawn = []
    monkeypatch.setattr("app.pose.landmarker.PoseSource", BrightPose)
    monkeypatch.setattr("app.batch.annotate.draw", lambda rgb_HWC, people, words: drawn.extend(people))
    path = bright_from_3_to_6(tmp_path / "a.mp4", np.arange(0, 9, 0.1))
    run([path], out, lambda: tmp_path, annotate=True)
    assert {person.label for person in drawn} == {None, "wave"} and rows(out)["a.mp4"]["second"] == "idle"


def test_quiet_shows_errors_alone(clip, out, tmp_path, capsys):
    run([clip, tmp_path / "missing.npz"], out, quiet=True)
    shown = capsys.readouterr()
    assert (
        shown.out == "" and shown.err == f"{tmp_path / 'missing.npz'}: there is no such file, or it may not be read\n"
    )


def test_a_name_that_the_terminal_cannot_write(tmp_path, out, monkeypatch):
    """It is shown on one line, in letters that there are, obeyed by no terminal; and the next input is done."""
    names = ["\u65e5.npz", "new\nline.npz", "\x1b[31mred.npz", os.fsdecode(b"\xff.npz"), "z.npz"]
    files = [save(tmp_path / name, joints((1, "wave"))) for name in names]
    broken = tmp_path / "two\nlines.npz"
    broken.write_bytes(b"no archive")
    shown, told = (io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2))
    monkeypatch.setattr("sys.stdout", shown)
    monkeypatch.setattr("sys.stderr", told)
    assert run([*files, broken], out, csv=True, vtt=True) == 1
    shown.flush()
    told.flush()
    said = shown.buffer.getvalue().decode().splitlines()
    assert [line.removeprefix(f"{tmp_path}/").partition(":")[0] for line in said[:5]] == [
        r"\u65e5.npz", r"new\nline.npz", r"\x1b[31mred.npz", r"\udcff.npz", "z.npz",
    ]  # fmt: skip
    (complaint,) = told.buffer.getvalue().decode().splitlines()
    assert complaint.startswith(rf"{tmp_path}/two\nlines.npz: not a readable .npz")


def test_no_bars_in_a_log(clip, out, capsys):
    run([clip], out)
    assert capsys.readouterr().err == ""


def test_annotated_video_of_a_variable_rate(tmp_path, out, fake_pose):
    times_s = [0.0, 0.1, 0.133, 0.5, 0.52, 1.5, *np.arange(16, 40) / 10]
    path = write_video(tmp_path / "vfr.mp4", times_s, size=(162, 122), picture=np.full((122, 162, 3), 90, np.uint8))
    run([path], out, lambda: tmp_path, annotate=True)
    assert listing(out) == ["summary.csv", "vfr.annotated.mp4", "vfr.jsonl"]
    with av.open(str(out / "vfr.annotated.mp4")) as file:
        stream = file.streams.video[0]
        frames = [(float(frame.time), frame.to_ndarray(format="rgb24")) for frame in file.decode(stream)]
    np.testing.assert_allclose([time_s for time_s, _ in frames], times_s, atol=1e-3)
    coloured = [np.ptp(rgb_HWC.reshape(-1, 3).astype(int), axis=1).max() for _, rgb_HWC in frames]
    assert min(coloured) > 60  # something is drawn on the grey of every frame


def test_annotated_video_of_a_turned_phone(tmp_path, out, fake_pose):
    run([film(tmp_path / "phone.mp4", 1.0, rotation=90)], out, lambda: tmp_path, annotate=True)
    with av.open(str(out / "phone.annotated.mp4")) as file:
        frame = next(file.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (48, 64, 0)


class BrightPose(FakePose):
    """Somebody who waves while it is bright."""

    def detect(self, rgb_HWC, time_s):
        return [pose(time_s, wave=rgb_HWC.mean() > 100)]


def bright_from_3_to_6(path, times_s, size=(64, 48)):
    """A video that is dark but for its fourth to sixth second."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "10"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time_s in times_s:
            level = 200 if 3 <= time_s < 6 else 20
            frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), level, np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


STEADY = np.arange(0, 9, 1 / 30)
# A phone in the dark films slowly, a screen recorder only what moves.
VARIABLE = np.concatenate(
    [np.arange(0, 3, 1 / 60), np.arange(3, 6, 1 / 8), np.arange(6, 7, 1 / 24), [7.3, 7.9, 8.0, 9.0]]
)


@pytest.mark.parametrize("times_s", [STEADY, STEADY[::3], VARIABLE], ids=["30", "10", "variable"])
def test_events_have_the_times_of_the_frames(tmp_path, out, monkeypatch, times_s):
    monkeypatch.setattr("app.pose.landmarker.PoseSource", BrightPose)
    run([bright_from_3_to_6(tmp_path / "film.mp4", times_s)], out, lambda: tmp_path, vtt=True)
    (event,) = lines(out / "film.jsonl")
    assert event["start"] == pytest.approx(3, abs=0.3) and event["end"] == pytest.approx(6, abs=0.3)
    start, end = (f"00:00:0{event[name]:.3f}" for name in ("start", "end"))
    assert f"{start} --> {end}" in (out / "film.vtt").read_text()
    assert float(rows(out)["film.mp4"]["seconds"]) == pytest.approx(9, abs=0.3)


def test_events_of_a_picture_that_starts_late_lie_on_the_clock_of_the_file(tmp_path, out, monkeypatch):
    monkeypatch.setattr("app.pose.landmarker.PoseSource", BrightPose)
    run([bright_from_3_to_6(tmp_path / "film.mp4", STEADY[60:])], out, lambda: tmp_path, vtt=True, skeletons=True)
    run([out / "film.ikem"], tmp_path / "again", vtt=True)
    for folder in (out, tmp_path / "again"):
        (event,) = lines(folder / "film.jsonl")
        assert event["start"] == pytest.approx(3, abs=0.3) and event["end"] == pytest.approx(6, abs=0.3)
        assert f"00:00:0{event['start']:.3f} --> 00:00:0{event['end']:.3f}" in (folder / "film.vtt").read_text()
    assert float(rows(out)["film.mp4"]["seconds"]) == pytest.approx(7, abs=0.1)


def test_a_large_video_is_annotated_at_a_size_that_plays(tmp_path, out, monkeypatch):
    monkeypatch.setattr("app.pose.landmarker.PoseSource", BrightPose)
    path = bright_from_3_to_6(tmp_path / "4k.mp4", [0, 0.1, 0.2], size=(3840, 2160))
    run([path], out, lambda: tmp_path, annotate=True)
    with av.open(str(out / "4k.annotated.mp4")) as file:
        frames = [(frame.width, frame.height, float(frame.time)) for frame in file.decode(video=0)]
    assert frames == [(1280, 720, 0.0), (1280, 720, 0.1), (1280, 720, 0.2)]


def test_landmarks_of_a_video_classified_again(tmp_path, out, fake_pose):
    path = film(tmp_path / "two.mp4")
    run([path], out, lambda: tmp_path, skeletons=True)
    with LandmarkReader(out / "two.ikem") as reader:
        frames = list(reader)
        assert reader.settings == {"pose": "fake", "height": 48, "width": 64} and reader.note == ""
    assert len(frames) == 90 and all(len({number for number, _ in people}) == 2 for _, people in frames)
    again = tmp_path / "again"
    assert run([out / "two.ikem"], again, annotate=True, skeletons=True) == 0  # and no pose model is asked for
    wanted, found = rows(out)["two.mp4"], rows(again)["two.ikem"]
    assert {**found, "input": ""} == {**wanted, "input": ""} and wanted["events"] != "0"
    events = [[{**e, "input": ""} for e in lines(folder / "two.jsonl")] for folder in (out, again)]
    assert events[0] == events[1] and listing(again) == ["summary.csv", "two.annotated.mp4", "two.jsonl"]
    with av.open(str(again / "two.annotated.mp4")) as file:
        frame = next(file.decode(video=0))
        assert (frame.width, frame.height) == (64, 48)


def test_decoding_pose_and_classification_are_stages_of_their_own(tmp_path, out, monkeypatch):
    from app.sources.video import VideoReader

    where, usual = {}, VideoReader.__iter__

    class Told(FakePose):
        def detect(self, rgb_HWC, time_s):
            where["pose"] = threading.get_ident()
            return super().detect(rgb_HWC, time_s)

    def decode(self):
        where["decoding"] = threading.get_ident()
        yield from usual(self)

    monkeypatch.setattr("app.pose.landmarker.PoseSource", Told)
    monkeypatch.setattr(VideoReader, "__iter__", decode)
    run([film(tmp_path / "a.mp4", 1.0)], out, lambda: tmp_path)
    assert len({where["pose"], where["decoding"], threading.get_ident()}) == 3


def test_nothing_stays_of_a_video_that_breaks_off(tmp_path, out, fake_pose, monkeypatch):
    def broken(self, rgb_HWC, time_s):
        if time_s > 1:
            raise ValueError("the landmarker gave up")
        return FakePose.detect(self, rgb_HWC, time_s)

    monkeypatch.setattr("app.pose.landmarker.PoseSource", type("Breaks", (FakePose,), {"detect": broken}))
    options = {"annotate": True, "skeletons": True, "vtt": True}
    assert run([film(tmp_path / "a.mp4")], out, lambda: tmp_path, **options) == 1
    assert listing(out) == ["summary.csv"] and rows(out)["a.mp4"]["status"] == "error: the landmarker gave up"
    assert sorted(p.name for p in out.iterdir()) == [".classify-journal", ".classify-lock", "summary.csv"]


def test_a_file_without_clips(tmp_path, out):
    write_clips(tmp_path / "none.npz", [])
    assert run([tmp_path / "none.npz"], out) == 1
    assert rows(out)["none.npz"]["status"] == "error: there is no clip in it"


def test_an_input_is_never_replaced(tmp_path, fake_pose):
    film(tmp_path / "a.mp4", 1.0)
    run([tmp_path / "a.mp4"], tmp_path, lambda: tmp_path, skeletons=True)
    landmarks = (tmp_path / "a.ikem").read_bytes()
    with pytest.raises(ValueError, match="a.ikem is one of the inputs"):
        run([tmp_path / "a.mp4", tmp_path / "a.ikem"], tmp_path, lambda: tmp_path, skeletons=True)
    assert (tmp_path / "a.ikem").read_bytes() == landmarks


def test_results_beside_the_inputs_are_not_inputs_of_the_next_run(tmp_path, fake_pose):
    film(tmp_path / "a.mp4", 1.0)
    for options in ({"annotate": True, "skeletons": True}, {}, {"annotate": True}):
        assert run([tmp_path], tmp_path, lambda: tmp_path, **options) == 0
        assert list(rows(tmp_path)) == ["a.mp4"]
