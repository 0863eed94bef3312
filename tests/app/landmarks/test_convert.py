"""Recorded landmarks as a table and as arrays: read back with what anybody has, csv and numpy."""

from __future__ import annotations

import csv
import errno
import json
from pathlib import Path

import numpy as np
import pytest

from app.__main__ import main
from app.landmarks import convert as module
from app.landmarks.codec import LandmarkError
from app.landmarks.convert import ABOUT, COLUMNS, LANDMARK_NAMES, convert
from app.landmarks.reader import LandmarkReader
from app.landmarks.writer import LandmarkWriter
from app.types import POSE_CONNECTIONS, Pose
from models.clips import ClipFileError, read_clips
from models.skeleton import JOINTS, bridge
from models.system.atomic import OutputError

FPS = 10.0


def somebody(time_s: float, seed: int) -> Pose:
    rng = np.random.default_rng([seed, round(time_s * 1000)])
    points = (rng.normal(0, 0.4, (33, 3)), rng.uniform(0, 1, (33, 3)), rng.uniform(0, 1, 33))
    return Pose(time_s, *(array.astype(np.float32) for array in points))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Six seconds: one person, from the third second on a second one whom nobody follows, nobody in the fifth."""
    path = tmp_path / "two.ikem"
    with LandmarkWriter(path, {"pose": "wheel", "width": 640}) as writer:
        for i in range(60):
            time_s = i / FPS
            people = [(0, somebody(time_s, 0))] + ([(1000, somebody(time_s, 1))] if i >= 30 else [])
            writer.add(time_s, [] if 40 <= i < 50 else people)
    return path


def table(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def everybody(path: Path) -> list[tuple[int, int, Pose]]:
    with LandmarkReader(path) as reader:
        return [(i, number, pose) for i, (_, people) in enumerate(reader) for number, pose in people]


def test_a_table_of_everybody(recording: Path, tmp_path: Path) -> None:
    done = convert(recording, tmp_path / "two.csv")
    assert (done.frames, done.rows, done.people, done.seconds, done.note) == (60, 70, 1, 5.9, "")
    assert done.empty == 10 and len(table(tmp_path / "two.csv")) == done.rows + done.empty
    rows = table(tmp_path / "two.csv")
    assert list(rows[0]) == list(COLUMNS) and len(set(COLUMNS)) == 3 + 33 * 7 + 25 * 4
    shown = [row for row in rows if row["person"]]
    for row, (frame, number, pose) in zip(shown, everybody(recording), strict=True):
        assert (int(row["frame"]), int(row["person"])) == (frame, number)
        assert float(row["time_s"]) == pytest.approx(frame / FPS)
        joints_V3, seen_V = bridge(pose.world_V3, pose.visibility_V)
        elbow, wrist = LANDMARK_NAMES.index("left_elbow"), JOINTS.index("left_wrist")
        world = [float(row[f"landmark.left_elbow.world_{axis}_m"]) for axis in "xyz"]
        image = [float(row[f"landmark.left_elbow.image_{axis}"]) for axis in ("x_of_width", "y_of_height")]
        np.testing.assert_allclose(world, pose.world_V3[elbow], atol=1e-4)
        np.testing.assert_allclose(image, pose.image_V3[elbow, :2], atol=1e-5)
        assert float(row["landmark.left_elbow.visibility"]) == pytest.approx(pose.visibility_V[elbow], abs=1e-3)
        joint = [float(row[f"joint.left_wrist.{axis}_m"]) for axis in "xyz"]
        np.testing.assert_allclose(joint, joints_V3[wrist], atol=1e-4)
        assert row["joint.left_wrist.seen"] == str(int(seen_V[wrist]))


def test_frames_without_anybody_are_rows_of_empty_cells(recording: Path, tmp_path: Path) -> None:
    convert(recording, tmp_path / "two.csv")
    empty = [row for row in table(tmp_path / "two.csv") if not row["person"]]
    assert [row["frame"] for row in empty] == [str(i) for i in range(40, 50)]
    assert all(row.keys() == set(COLUMNS) and not any(list(row.values())[2:]) for row in empty)


def test_arrays_of_everybody(recording: Path, tmp_path: Path) -> None:
    convert(recording, tmp_path / "two.npz")
    with np.load(tmp_path / "two.npz", allow_pickle=False) as archive:
        held = dict(archive)
    assert held.keys() == ABOUT.keys() and json.loads(str(held["about"])) == ABOUT
    assert json.loads(str(held["settings"])) == {"pose": "wheel", "width": 640}
    assert held["landmark_names"].tolist() == list(LANDMARK_NAMES) and held["joint_names"].tolist() == list(JOINTS)
    np.testing.assert_allclose(held["times"], np.arange(60) / FPS)
    people = everybody(recording)
    assert held["frame"].tolist() == [frame for frame, *_ in people]
    assert held["person"].tolist() == [number for _, number, _ in people]
    for name in ("world", "image", "visibility"):
        np.testing.assert_array_equal(
            held[name], [getattr(pose, f"{name}_V3", pose.visibility_V) for *_, pose in people]
        )
    joints_RV3, seen_RV = bridge(held["world"], held["visibility"])
    np.testing.assert_array_equal(held["joints"], joints_RV3)
    np.testing.assert_array_equal(held["seen"], seen_RV)
    for name, said in ABOUT.items():  # shapes and types as they are described
        shape = said[1 : said.index(")")] if said.startswith("(") else ""
        sizes = {"F": 60, "R": 70}
        assert held[name].shape == tuple(sizes.get(n) or int(n) for n in shape.replace(",", " ").split()), name
        kind = said.partition(") ")[2].partition(":")[0] if shape else "text"
        assert kind in (str(held[name].dtype), "text" if held[name].dtype.kind == "U" else ""), name


def test_names_are_of_the_bodies_sides() -> None:
    lines = {frozenset((LANDMARK_NAMES[a], LANDMARK_NAMES[b])) for a, b in POSE_CONNECTIONS}
    for side in ("left", "right"):
        for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"), ("ankle", "heel")):
            assert frozenset((f"{side}_{a}", f"{side}_{b}")) in lines


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_what_can_be_read_of_a_recording_that_was_cut_off(recording: Path, tmp_path: Path, suffix: str) -> None:
    recording.write_bytes(recording.read_bytes()[:-2000])
    done = convert(recording, tmp_path / f"cut{suffix}")
    assert 20 <= done.frames < 60 and done.note == f"the file ends early: {done.seconds:.1f} s could be read"


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_a_recording_of_nobody(tmp_path: Path, suffix: str) -> None:
    with LandmarkWriter(tmp_path / "empty.ikem") as writer:
        writer.add(0.0, [])
        writer.add(0.5, [])
    done = convert(tmp_path / "empty.ikem", tmp_path / f"empty{suffix}")
    assert (done.rows, done.people) == (0, 0)
    if suffix == ".npz":
        with np.load(tmp_path / "empty.npz") as archive:
            assert archive["joints"].shape == (0, 25, 3) and archive["times"].tolist() == [0.0, 0.5]


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_whole_or_not_at_all(recording: Path, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "there" / f"two{suffix}"
    convert(recording, out)
    before = out.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "bridge", full)
    with pytest.raises(OutputError, match=r"cannot write .*two.*: No space left on device; free some space"):
        convert(recording, out)
    assert out.read_bytes() == before and [path.name for path in out.parent.iterdir()] == [out.name]
    monkeypatch.undo()
    out.write_text("older")
    convert(recording, out)
    assert out.read_bytes() == before, "an older file is replaced, by the same bytes each time"


def test_what_is_no_recording_and_no_table_is_said_in_words(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=r"two.txt: .* name a .csv or .npz file"):
        convert(recording, tmp_path / "two.txt")
    with pytest.raises(ValueError, match=r"not a recording of landmarks by its name \(.ikem\)"):
        convert(tmp_path / "two.mp4", tmp_path / "two.csv")
    (tmp_path / "bad.ikem").write_bytes(b"something else")
    with pytest.raises(LandmarkError, match="not a recording"):
        convert(tmp_path / "bad.ikem", tmp_path / "bad.csv")
    assert not (tmp_path / "bad.csv").exists()
    assert main(["convert", str(tmp_path / "missing.ikem"), str(tmp_path / "a.csv")]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_the_command(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(recording), str(tmp_path / "two.csv")]) == 0
    rows = "70 rows of people and 10 of frames with nobody"
    assert capsys.readouterr().out == f"{tmp_path / 'two.csv'}: 60 frames, {rows}, 1 person followed, to 5.9 s\n"
    assert main(["convert", str(recording), str(tmp_path / "two.npz")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'two.npz'}: 60 frames, 70 rows, 1 person followed, to 5.9 s\n"
    recording.write_bytes(recording.read_bytes()[:-2000])
    assert main(["convert", str(recording), str(tmp_path / "two.npz")]) == 0
    assert "ends early" in capsys.readouterr().err


def test_the_help_says_where_the_axes_point(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["convert", "--help"])
    said = capsys.readouterr().out
    for part in ("world: metres from the middle of the hips", "y down", "y up", "the actor's right", "1000 or more"):
        assert part in said


def test_what_convert_wrote_is_not_what_classify_reads(recording: Path, tmp_path: Path) -> None:
    convert(recording, tmp_path / "two.npz")
    with pytest.raises(ClipFileError, match=r"two.npz: landmarks that `convert` wrote .*give the .ikem"):
        next(read_clips(tmp_path / "two.npz"))


def test_people_who_leave_and_come_back_under_their_number_count_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with LandmarkWriter(tmp_path / "three.ikem") as writer:
        for i, numbers in enumerate([(0, 1), (1,), (0, 2, 1000), ()]):
            writer.add(i / FPS, [(number, somebody(i / FPS, number)) for number in numbers])
    assert main(["convert", str(tmp_path / "three.ikem"), str(tmp_path / "three.csv")]) == 0
    assert (
        "4 frames, 6 rows of people and 1 of frames with nobody, 3 people followed, to 0.3 s" in capsys.readouterr().out
    )
