"""Windows of recorded landmarks become tracks; a bad file says what to do, a bad window is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.skeleton import CENTRE, bridge
from tests.bodies import standing
from training.data.poses import POSES, pose_tracks
from training.data.splits import Sample
from training.data.tracks import Track, raw_track

Change = Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]
FPS, FRAMES = 15.0, 15


def arrays(actions: tuple[str, ...] = ("wave", "idle", "", "somersault")) -> dict[str, np.ndarray]:
    """Windows of one second, each of another person, whose hips are at 0."""
    rng, n = np.random.default_rng(0), len(actions)
    world = rng.uniform(-0.8, 0.8, (n * FRAMES, 33, 3)).astype(np.float16)
    world[:, [23, 24]] = [[0.125, 0, 0], [-0.125, 0, 0]]
    return {
        "world": world, "visibility": np.full((n * FRAMES, 33), 0.9, np.float16),
        "start": np.arange(n) * FRAMES, "length": np.full(n, FRAMES), "fps": np.full(n, FPS, np.float32),
        "action": np.array(actions), "subject": np.array([f"web_{i}" for i in range(n)]),
        "part": np.array([("train", "val")[i % 2] for i in range(n)]),
    }  # fmt: skip


def written(folder: Path, held: dict[str, np.ndarray], name: str = POSES[0]) -> Path:
    (folder / "poses").mkdir(exist_ok=True)
    np.savez(folder / "poses" / f"{name}.npz", **held)
    return folder


def read(folder: Path, held: dict[str, np.ndarray], **more: Any) -> list[Track]:
    return pose_tracks(written(folder, held), files=POSES[:1], **more)


def test_a_window_is_a_track_as_the_app_sees_it(tmp_path: Path) -> None:
    held = arrays()
    held["visibility"][FRAMES : FRAMES + 3, 11] = 0.1  # a shoulder is out of sight for three frames
    held["visibility"][:, 15] = 0.1
    wave, idle = read(tmp_path, held)
    assert (wave.action, wave.part, wave.source, wave.domain) == ("wave", "train", POSES[0], "webcam")
    assert (wave.key, wave.subject) == (f"{POSES[0]}#0", "web_0")
    joints, seen = bridge(held["world"].astype(np.float32), held["visibility"])
    np.testing.assert_array_equal(wave.joints_TV3, joints[:FRAMES])
    np.testing.assert_array_equal(wave.seen_TV, seen[:FRAMES])
    np.testing.assert_allclose(wave.times_T, np.arange(FRAMES) / FPS)
    assert idle.action == "idle"
    np.testing.assert_allclose(idle.times_T, np.arange(3, FRAMES) / FPS)
    assert idle.seen_TV[:, CENTRE].all()


def test_parts_and_windows_of_no_known_action_are_asked_for(tmp_path: Path) -> None:
    held = arrays()
    assert [t.key for t in read(tmp_path, held, parts=("val",))] == [f"{POSES[0]}#1"]
    every = read(tmp_path, held, unlabelled=True)
    assert [t.action for t in every] == ["wave", "idle", "", ""]
    assert [t.action for t in read(tmp_path, held, parts=("val",), unlabelled=True)] == ["idle", ""]


def test_several_files_are_read_in_turn(tmp_path: Path) -> None:
    for name in POSES:
        written(tmp_path, arrays(), name)
    assert [t.source for t in pose_tracks(tmp_path)] == [name for name in POSES for _ in range(2)]


def test_bad_windows_are_left_out_named_and_counted(tmp_path: Path) -> None:
    held = arrays(("wave",) * 6)
    told: list[str] = []
    held["world"][3, 0, 0] = np.nan
    held["visibility"][FRAMES : 2 * FRAMES] = 0
    held["world"][2 * FRAMES : 3 * FRAMES] = 0
    held["visibility"][3 * FRAMES : 4 * FRAMES - 3, 12] = 0.1
    held["length"][4] = 7
    assert [t.key for t in read(tmp_path, held, note=told.append)] == [f"{POSES[0]}#5"]
    assert told == [
        f"{POSES[0]}.npz: 5 of 6 windows are left out (numbers that are not finite: 0; a visibility of 0 throughout: "
        "1; nobody in it: 2; nobody's shoulders in view: 3; shorter than 0.5 s: 4)"
    ]
    held["length"][:] = 7
    with pytest.raises(ValueError, match="no window is left"):
        read(tmp_path, held)


def test_lost_frames_are_left_out(tmp_path: Path) -> None:
    held = arrays(("wave",))
    held["world"][4:6] = 0
    (track,) = read(tmp_path, held)
    np.testing.assert_allclose(track.times_T * FPS, [0, 1, 2, 3, *range(6, FRAMES)], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda h: h | {"world": h["world"][:, :25]}, r"must be \(frames, 33, 3\).*convert"),
        (lambda h: h | {"visibility": h["visibility"][:, :25]}, r"must be \(frames, 33, 3\)"),
        (lambda h: {k: v for k, v in h.items() if k != "visibility"}, "lacks visibility"),
        (lambda h: h | {"world": (h["world"] + 0.8) / 1.6 * [1, 1, 0.1]}, "image landmarks.*0.28"),
        (lambda h: h | {"world": h["world"] * 300 + 300}, "metres from the middle of the hips"),
        (lambda h: h | {"visibility": 0 * h["visibility"]}, "a visibility of 0 throughout: 0, 1.*no window is left"),
        (lambda h: h | {"world": np.nan * h["world"]}, "not finite: 0, 1.*no window is left"),
        (lambda h: h | {"length": h["length"] + 1}, "outside of its 60 frames"),
        (lambda h: h | {"fps": 0 * h["fps"]}, "fps must be above 0"),
        (lambda h: h | {"fps": h["fps"][:2]}, "one value a window"),
    ],
)
def test_a_bad_file_says_what_to_do(tmp_path: Path, change: Change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, change(arrays()))


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"mediapipe_webcam.npz is missing: give a --data folder"):
        pose_tracks(tmp_path, files=POSES[:1])
    written(tmp_path, arrays())
    path = tmp_path / "poses" / f"{POSES[0]}.npz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="cannot be read"):
        pose_tracks(tmp_path, files=POSES[:1])


def test_a_recorded_clip_names_its_actor() -> None:
    from models.clips import Clip

    clip = Clip(standing(5), 30.0, subject=7, index=0)
    assert raw_track(Sample("kard", "train", "wave", clip)).subject == "kard 7"
