"""Recordings of landmarks: small, the same events as live, whole up to where a run died, and no trust in the bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from app.landmarks.codec import BINS, IMAGE, WORLD_M, pack, unpack
from app.landmarks.file_format import is_recording
from app.landmarks.reader import LandmarkReader
from app.landmarks.writer import PIECE_S, LandmarkWriter
from app.stream.action_stream import LIVE_HOP_S, ActionStream
from app.types import Pose
from models.skeleton import BRIDGE_VL, JOINTS, SEEN_FROM
from models.system.atomic import OutputError
from models.system.places import ROOT
from tests.app.helpers import HandModel, pose
from training.drawing.motions import make_scene

STEPS = [
    ("stand", 2.0),
    ("wave", 3.0),
    ("stand", 2.0),
    ("jumping_jack", 4.0),
    ("stand", 2.0),
    ("squat", 4.0),
    ("stand", 2.0),
]
_TO_LANDMARKS_LV = np.linalg.pinv(BRIDGE_VL)
_HIPS = [JOINTS.index("left_hip"), JOINTS.index("right_hip")]


def film(steps=STEPS, fps=30.0, seed=7, jitter_m=0.003, left=0.3):
    """[(time, Pose), ...] of a person as the pose landmarker might see one: with noise, and unsure of what it sees."""
    rng, poses = np.random.default_rng(seed), []
    for i, joints_V3 in enumerate(make_scene(steps, fps, 200_000 + seed)):
        world_L3 = _TO_LANDMARKS_LV @ (joints_V3 - joints_V3[_HIPS].mean(0)) * [-1, -1, 1]
        world_L3 += rng.normal(0, jitter_m, (33, 3))
        image_L3 = world_L3 * 0.25 + [left, 0.5, 0] + rng.normal(0, jitter_m / 4, (33, 3))
        visibility_L = rng.uniform(0.9, 1, 33)
        visibility_L[rng.integers(33)] = rng.uniform(0.25, 0.35)
        poses.append((i / fps, Pose(i / fps, *(x.astype(np.float32) for x in (world_L3, image_L3, visibility_L)))))
    return poses


def record(path, frames, **settings):
    with LandmarkWriter(path, settings) as writer:
        for time_s, people in frames:
            writer.add(time_s, people)
    return path


def alone(poses):
    return [(time_s, [(0, one)]) for time_s, one in poses]


def crowd(seconds=5, fps=30):
    """Frames of nobody, one, two and three people who come, go and change places."""
    frames = []
    for i in range(round(seconds * fps)):
        t = i / fps
        people = [(n, pose(t, (0.1 * n, 0.2, 0.1 * n + 0.3, 0.9), wave=i % 3 == n)) for n in (7, 2, 4_000_000_000 % 9)]
        frames.append((t, people[i // 20 % 3 :][:: (-1) ** i] if i % 50 else []))
    return frames


@pytest.mark.parametrize("frames", [crowd(), alone(film()), [(0.0, [])], [(-3.5, []), (1e6, crowd()[1][1])]])
def test_what_is_written_is_read(tmp_path, frames):
    path = record(tmp_path / "a.ikem", frames, pose="wheel", fps=30.0)
    with LandmarkReader(path) as reader:
        back = list(reader)
    assert [time_s for time_s, _ in back] == pytest.approx([time_s for time_s, _ in frames], abs=1e-6)
    for (time_s, people), (_, expected) in zip(back, frames):
        assert [number for number, _ in people] == [number for number, _ in expected]
        for (_, got), (_, given) in zip(people, expected):
            assert got.time_s == time_s and got.world_V3.dtype == got.image_V3.dtype == np.float32
            np.testing.assert_allclose(got.world_V3, given.world_V3, atol=0.51 * WORLD_M)
            np.testing.assert_allclose(got.image_V3, given.image_V3, atol=0.51 * IMAGE)
            np.testing.assert_allclose(got.visibility_V, given.visibility_V, atol=0.51 / BINS + 1e-6)
    assert reader.settings == {"pose": "wheel", "fps": 30.0} and (reader.frames, reader.note) == (len(frames), "")
    assert reader.claimed_s == reader.last_s == pytest.approx(frames[-1][0])


def test_what_counts_as_seen_does_not_change():
    given_V = np.concatenate([np.linspace(0, 1, 29), [0.2999, SEEN_FROM, 0.3001, 1.0]]).astype(np.float32)
    frame = (0.0, ((0, Pose(0.0, np.zeros((33, 3), np.float32), np.zeros((33, 3), np.float32), given_V)),))
    ((_, ((_, back),)),) = unpack(pack([frame]))
    assert np.array_equal(back.visibility_V < SEEN_FROM, given_V < SEEN_FROM)
    assert back.visibility_V.min() >= 0 and back.visibility_V.max() <= 1


def test_landmarks_far_away_are_kept_at_the_edge():
    far = Pose(0.0, np.full((33, 3), 99, np.float32), np.full((33, 3), -99, np.float32), np.ones(33, np.float32))
    ((_, ((_, back),)),) = unpack(pack([(0.0, ((0, far),))]))
    assert back.world_V3.min() > 6.5 and back.image_V3.max() < -3.9


@pytest.mark.parametrize("people", [1, 3])
def test_at_most_ten_kilobytes_a_second_a_person(tmp_path, people):
    films = [film(seed=n, left=0.2 + 0.3 * n) for n in range(people)]
    frames = [(group[0][0], [(n, one) for n, (_, one) in enumerate(group)]) for group in zip(*films)]
    size = record(tmp_path / "a.ikem", frames).stat().st_size
    assert size <= 10_000 * people * frames[-1][0]


@pytest.mark.slow
def test_ten_kilobytes_are_enough_for_what_the_pose_landmarker_sees(example_video, pose_model_path, tmp_path):
    from app.pose.landmarker import PoseSource
    from app.sources.video import VideoReader

    with VideoReader(example_video) as video, PoseSource(pose_model_path) as source:
        frames = [(t, list(enumerate(source.detect(rgb_HWC, t)))) for t, rgb_HWC in islice(video, 250)]
    poses = sum(len(people) for _, people in frames)
    assert poses > 0.9 * len(frames) and record(tmp_path / "a.ikem", frames).stat().st_size <= 10_000 * poses / 30


def events(model, frames):
    stream, found = ActionStream(model), []
    for time_s, poses in frames:
        found += stream.push(time_s, poses).events
    return found + stream.finish()


def same(found, expected, within_s=1 / 30):
    assert [(e.label, e.person) for e in found] == [(e.label, e.person) for e in expected]
    for a, b in zip(found, expected):
        assert a.start_s == pytest.approx(b.start_s, abs=within_s) and a.end_s == pytest.approx(b.end_s, abs=within_s)
        assert a.score == pytest.approx(b.score, abs=0.02)


@pytest.mark.parametrize("seed", [7, 8])
def test_a_recording_gives_the_same_events_as_the_camera(shipped_model, tmp_path, seed):
    frames = film(seed=seed)
    live = events(shipped_model, [(time_s, [one]) for time_s, one in frames])
    with LandmarkReader(record(tmp_path / "a.ikem", alone(frames))) as reader:
        again = events(shipped_model, reader.poses())
    assert {"wave", "jumping_jack", "squat"} & {event.label for event in live}
    same(again, live, LIVE_HOP_S)  # by the recording's rounding, a score may pass its threshold a window later


def test_a_recording_of_two_people_who_come_and_go(tmp_path):
    near, far, frames = (0.1, 0.1, 0.4, 0.9), (0.7, 0.3, 0.8, 0.7), []
    for i in range(450):
        t = i / 30
        people = [(1, pose(t, far, wave=200 < i < 300))] if i < 420 else []
        frames.append((t, people + ([(0, pose(t, near, wave=True))] if 60 < i < 150 else [])))
    live = events(HandModel(), [(t, [one for _, one in people]) for t, people in frames])
    with LandmarkReader(record(tmp_path / "a.ikem", frames)) as reader:
        same(events(HandModel(), reader.poses()), live)
    assert len(live) == 2


_WRITE_AND_HANG = """
import sys, time
from app.landmarks.writer import LandmarkWriter
from tests.app.landmarks.test_landmarks import alone, film
writer = LandmarkWriter(sys.argv[1])
for time_s, people in alone(film([("wave", 5.0)])):
    writer.add(time_s, people if sys.argv[2] == "somebody" else [])
print("written", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("who", ["somebody", "nobody"])  # of nobody, pieces are smaller than a buffer
def test_a_killed_run_leaves_all_but_the_last_seconds(tmp_path, who):
    path = tmp_path / "a.ikem"
    command = [sys.executable, "-c", _WRITE_AND_HANG, path, who]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "written\n"
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()
    with LandmarkReader(path) as reader:
        frames = list(reader)
    assert reader.claimed_s is None and frames[-1][0] > 5.0 - PIECE_S - 0.1
    assert reader.note.startswith("the file ends early: ") and reader.note.endswith(" s could be read")


_FILL_THE_DISK = """
import resource, signal, sys
from app.landmarks.writer import LandmarkWriter
from tests.app.landmarks.test_landmarks import alone, film
from models.system.atomic import OutputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    with LandmarkWriter(sys.argv[1]) as writer:
        for time_s, people in alone(film()):
            writer.add(time_s, people)
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of a file's size there")
def test_a_full_disk_is_told_and_leaves_what_fitted(tmp_path):
    path = tmp_path / "a.ikem"
    done = subprocess.run([sys.executable, "-c", _FILL_THE_DISK, path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith(f"cannot write {path}: "), done.stderr
    assert done.stdout.count("\n") == 1 and "free some space" in done.stdout
    with LandmarkReader(path) as reader:
        assert 60 < len(list(reader)) < 300
    assert "ends early" in reader.note


def test_an_older_recording_is_not_overwritten(tmp_path):
    path = record(tmp_path / "a.ikem", crowd())
    before = path.read_bytes()
    with pytest.raises(OutputError, match="is already there; choose another name"):
        LandmarkWriter(path)
    with pytest.raises(OutputError, match="cannot write"):
        LandmarkWriter(tmp_path / "no folder" / "a.ikem")
    assert path.read_bytes() == before


def test_an_error_in_the_middle_leaves_a_whole_recording(tmp_path):
    with pytest.raises(RuntimeError), LandmarkWriter(tmp_path / "a.ikem") as writer:
        writer.add(0.0, [])
        raise RuntimeError
    with LandmarkReader(tmp_path / "a.ikem") as reader:
        assert list(reader) == [(0.0, ())] and reader.note == ""
    writer.close()
    with pytest.raises(OutputError, match="closed"):
        [writer.add(float(t), []) for t in range(1, 9)]


def _with_nan(t):
    one = pose(t)
    one.world_V3[3, 1] = np.nan
    return one


@pytest.mark.parametrize(
    ("time_s", "people", "says"),
    [
        (1.0, [], "must increase"),
        (0.5, [], "must increase"),
        (float("nan"), [], "must increase"),
        (float("inf"), [], "must increase"),
        (2.0, [(0, _with_nan(2.0))], "finite"),
        (2.0, [(-1, pose(2.0))], "numbers from 0"),
        (2.0, [(1 << 32, pose(2.0))], "numbers from 0"),
        (2.0, [(0, pose(2.0))] * 256, "up to 255"),
    ],
)
def test_frames_that_make_no_sense_are_refused(tmp_path, time_s, people, says):
    with LandmarkWriter(tmp_path / "a.ikem") as writer:
        writer.add(1.0, [])
        with pytest.raises(ValueError, match=says):
            writer.add(time_s, people)
        writer.add(3.0, [])
    with LandmarkReader(tmp_path / "a.ikem") as reader:
        assert [t for t, _ in reader] == [1.0, 3.0]


@pytest.mark.parametrize("settings", [{"a": [1]}, {1: "a"}, {"a": None}, {"a": float("nan")}, {"a": "x" * 20_000}])
def test_settings_that_make_no_sense_are_refused(tmp_path, settings):
    with pytest.raises(ValueError):
        LandmarkWriter(tmp_path / "a.ikem", settings)
    assert not (tmp_path / "a.ikem").exists()


def test_memory_does_not_grow_with_the_recording(tmp_path):
    one = [(0, pose(0.0))]
    tracemalloc.start()
    try:
        with LandmarkWriter(tmp_path / "long.ikem") as writer:
            for i in range(9000):
                writer.add(i / 30, one)
                if i == 1000:
                    early = tracemalloc.get_traced_memory()[0]
            late = tracemalloc.get_traced_memory()[0]
        with LandmarkReader(tmp_path / "long.ikem") as reader:
            for i, _ in enumerate(reader):
                if i == 1000:
                    early_read = tracemalloc.get_traced_memory()[0]
            late_read = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert reader.frames == 9000 and late - early < 50_000 and late_read - early_read < 200_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.ikem", True), ("A.IKEM", True), ("a.npz", False), ("ikem", False), ("a.ikem.part", False)],
)
def test_names_of_recordings(name, expected):
    assert is_recording(name) is is_recording(Path(name)) is expected
