"""A model of one's own actions: which files train, what is seen in them, and the whole on a tiny model."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.landmarks.writer import LandmarkWriter
from models.clips import Clip, write_clips
from models.system.lock import alone
from tests.app.teach.helpers import FPS, poses_of, recording_of, still
from tests.bodies import LEGS, waving
from training.data.tracks import Track
from training.drawing.motions import MOTIONS, make_motion
from training.judging.judge import Verdict
from training.own import everyday, watch
from training.own.build import make
from training.own.files import Example, divide, find
from training.own.report import wilson
from training.own.request import Request

SAID: list[str] = []
ACTIONS = ("squat", "wave")


def no_pose_model() -> Path:
    raise AssertionError("no video is looked at")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two actions of three people, two clips each."""
    for action in ACTIONS:
        for person in ("anna", "ben", "cem"):
            place = tmp_path / "clips" / action / person
            place.mkdir(parents=True)
            for k in range(2):
                joints = make_motion(action, 3.0, 20.0, 10 * ord(person[0]) + k).astype(np.float32)
                write_clips(place / f"{k}.npz", [Clip(joints, 20.0)])
    return tmp_path / "clips"


def examples_of(counts: dict[tuple[str, str], int]) -> list[Example]:
    return [
        Example(Path(f"{action}{person}{k}"), f"{action}/{person}/{k}", action, person)
        for (action, person), n in counts.items()
        for k in range(n)
    ]


def test_files_tell_their_action_and_their_person(folder: Path) -> None:
    (folder / "IDLE").mkdir()
    (folder / "IDLE" / "still.MP4").touch()
    (folder / "wave" / "notes.txt").touch()
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x.mp4").touch()
    found = find(folder)
    assert len(found) == 13 and {e.action for e in found} == {"squat", "wave", "idle"}
    assert {e.person for e in found if e.action == "wave"} == {"anna", "ben", "cem"}
    assert [e.person for e in found if e.action == "idle"] == [""]


def test_what_is_left_out_is_told_and_what_systems_add_is_passed_over(folder: Path) -> None:
    before, notes = find(folder), []
    for name in ("__MACOSX/wave/._0.npz", "wave/._0.npz", ".cache/x.npz", "wave/.DS_Store"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\0\5\x16\7")
    assert find(folder, notes.append) == before and not notes
    (folder / "loose.npz").touch()
    (folder / "squat" / "earlier.annotated.mp4").touch()
    (folder / "squat" / "notes.txt").write_text("nothing")
    (folder / "wave" / "clip.f4v").touch()
    (folder / "wave" / "misnamed.txt").write_bytes(b"\0\0\0\x18ftypisom")
    (folder / "wave" / "loop").symlink_to(folder)
    (folder / "loop").symlink_to(folder.parent)
    found = find(folder, notes.append)
    assert {e.key for e in found} - {e.key for e in before} == {"wave/clip.f4v", "wave/misnamed.txt"}
    assert len(notes) == 4 and notes[0] == "1 file left out, beside the folders of the actions: loose.npz"
    assert notes[1].startswith("1 annotated video in it")
    assert notes[2] == "1 file left out, neither video nor .npz nor .ikem: notes.txt"
    assert notes[3].endswith(f"left out: {folder / 'loop'}, {folder / 'wave' / 'loop'}")


def test_a_link_to_another_action_is_no_action_of_its_own(folder: Path) -> None:
    before, said = find(folder), list[str]()
    first = before[0].action
    (folder / "0 again").symlink_to(folder / first)
    assert find(folder, said.append) == before
    assert any(line.endswith(f"left out: {folder / '0 again'}") for line in said)


def test_actions_may_be_links(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    for action in ("wave", "squat"):
        (tmp_path / "linked" / action).symlink_to(folder / action)
    assert [e.key for e in find(tmp_path / "linked")] == [e.key for e in find(folder)]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "holds no action"),
        (["wave/a.mp4"], "holds one action, 'wave'"),
        (["wave/a.mp4", "idle/a.mp4"], "holds one action, 'wave'"),
        (["wave/a.mp4", "WAVE/a.mp4", "bow/b.mp4"], "two folders are both called 'wave'"),
        (["wave/a.mp4", "=bow/b.mp4"], "cannot begin with '='"),
    ],
)
def test_a_folder_that_teaches_nothing(tmp_path: Path, names: list[str], message: str) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=message):
        find(tmp_path)
    with pytest.raises(ValueError, match="no such folder"):
        find(tmp_path / "missing")


def test_whole_people_are_held_back_where_people_are_told() -> None:
    counts = {(action, person): 4 for action in ("a", "b") for person in ("p", "q", "r", "s")}
    for seed in range(5):
        parts, by = divide(examples_of(counts), "auto", seed)
        held = {e.person for e in parts if e.part == "val"}
        assert by == "person" and len(held) == 1
        assert not held & {e.person for e in parts if e.part == "train"}


def test_every_action_keeps_somebody_to_learn_from() -> None:
    counts = {("a", "p"): 2, ("a", "q"): 2, ("b", "p"): 2}  # only q can be held back
    for seed in range(5):
        parts, by = divide(examples_of(counts), "person", seed)
        assert by == "person" and {e.person for e in parts if e.part == "val"} == {"q"}
    alone = examples_of({("a", "p"): 2, ("b", "q"): 2})
    with pytest.raises(ValueError, match="nobody left to learn from"):
        divide(alone, "person", 0)
    assert divide(alone, "auto", 0)[1] == "file"


def test_some_files_of_every_action_are_held_back() -> None:
    parts, by = divide(examples_of({("a", ""): 20, ("b", ""): 2, ("idle", ""): 1}), "auto", 0)
    held = [e.action for e in parts if e.part == "val"]
    assert by == "file" and (held.count("a"), held.count("b"), held.count("idle")) == (5, 1, 0)
    assert divide(examples_of({("a", ""): 9, ("b", ""): 9}), "file", 1) == divide(
        examples_of({("a", ""): 9, ("b", ""): 9}), "file", 1
    )
    with pytest.raises(ValueError, match="only one usable file shows b"):
        divide(examples_of({("a", ""): 3, ("b", ""): 1}), "auto", 0)
    with pytest.raises(ValueError, match="DIR/ACTION/PERSON/file"):
        divide(examples_of({("a", ""): 3, ("b", ""): 3}), "person", 0)


def recorded(path: Path, frames: list) -> None:
    with LandmarkWriter(path) as writer:
        for time_s, poses in frames:
            writer.add(time_s, list(enumerate(poses)))


def test_the_person_who_moves_is_followed_and_bad_files_are_named(tmp_path: Path) -> None:
    moving = recording_of(make_motion("wave", 3.0, FPS, 3))
    beside = poses_of(recording_of(still(3.0)), more=0)
    for pose in (pose for _, poses in beside for pose in poses):
        pose.image_V3[:, 0] += 0.5
    frames = [(t, [*other, *mine]) for (t, mine), (_, other) in zip(poses_of(moving), beside, strict=False)]
    recorded(tmp_path / "wave.ikem", frames)
    recorded(tmp_path / "nobody.ikem", [(t / 30, []) for t in range(60)])
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "broken.npz").write_bytes(b"no clips")
    examples = [
        Example(tmp_path / name, name, "wave") for name in ("wave.ikem", "nobody.ikem", "broken.mp4", "broken.npz")
    ]
    seen = watch.watch(examples, tmp_path / "seen", lambda: tmp_path / "unused", 1, SAID.append)
    assert [e.key for e in seen.examples] == ["wave.ikem"]
    assert dict(seen.failed).keys() == {"nobody.ikem", "broken.mp4", "broken.npz"}
    assert "nobody is in view" in dict(seen.failed)["nobody.ikem"]
    track = seen.tracks[0]
    body = track.joints_TV3 - track.joints_TV3[:, 20:21]
    assert track.domain == "camera" and body.std(0).max() > 0.1, "the one who stands was followed"


def test_a_file_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(tmp_path / "a.ikem", poses_of(recording_of(make_motion("wave", 3.0, FPS, 3))))
    examples, kept = [Example(tmp_path / "a.ikem", "a.ikem", "wave")], tmp_path / "seen"
    first = watch.watch(examples, kept, lambda: tmp_path, 1, SAID.append)
    monkeypatch.setattr(watch, "_look", lambda job: (job.example.key, "looked at again"))
    again = watch.watch(examples, kept, no_pose_model, 1, SAID.append)
    assert np.array_equal(first.tracks[0].joints_TV3, again.tracks[0].joints_TV3) and not again.failed
    next(kept.iterdir()).write_bytes(b"damaged")
    assert "delete" in watch.watch(examples, kept, no_pose_model, 1, SAID.append).failed[0][1]


def test_everyday_motions_are_many_and_always_the_same() -> None:
    jobs = everyday.everyday_jobs()
    assert jobs == everyday.everyday_jobs() and len({job.seed for job in jobs}) == len(jobs)
    for part in ("train", "val"):
        count = {name: sum(job.action == name and job.part == part for job in jobs) for name in MOTIONS}
        assert count.pop("idle") == everyday.STILL[part] and set(count.values()) == {everyday.EACH[part]}


def test_motions_that_are_the_users_own_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    model = SimpleNamespace(
        labels=("wave", "bow", "idle"), display={"wave": "waving", "bow": "bowing", "idle": "still"}
    )
    answers = {"winken": "wave", "Bowing": "idle", "tanzen": "idle"}
    monkeypatch.setattr("training.judging.judge.judge", lambda _, track: Verdict("", (answers[track.action],)))
    examples = examples_of({("winken", ""): 3, ("Bowing", ""): 2, ("tanzen", ""): 2})
    tracks = [Track(*(np.zeros(1),) * 3, e.action, "", "own", "raw") for e in examples]
    assert everyday.own_by_another_name(model, examples, tracks) == {"wave": "winken", "bow": "Bowing"}
    drawn = [Track(*(np.zeros(1),) * 3, a, "train", "motion", "camera") for a in ("wave", "bow", "idle", "kick")]
    assert [t.action for t in everyday.everyday_tracks(drawn, ("wave", "bow"))] == ["idle", "other"]


def test_the_interval_of_a_share() -> None:
    low, high = wilson(8, 10)
    assert low == pytest.approx(49.0, abs=0.1) and high == pytest.approx(94.3, abs=0.1)  # as Wilson's own formula
    assert wilson(0, 0) == (0.0, 100.0)


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """Random weights of a small student, with a model file that nobody has exported."""
    import torch

    from models.weights import StudentConfig, save

    torch.manual_seed(0)
    config = StudentConfig(labels=("wave", "bow"), window_s=2.5, channels=(4, 8), strides=(2, 2), terms="for tests")
    student = config.build().eval()
    save(student, config, tmp_path / "start")
    (tmp_path / "start" / "student.onnx").write_bytes(b"a model")
    return tmp_path / "start"


def drawn_now(path: Path) -> list[Track]:
    """In place of drawn and watched motions, which take minutes: the same motions as joints."""
    tracks = []
    for n, job in enumerate(job for job in everyday.everyday_jobs() if job.action in ("idle", "kick", "bow")):
        joints = make_motion(job.action, 3.0, 15.0, n)
        columns = (np.arange(len(joints)) / 15, joints, np.ones(joints.shape[:2], bool))
        tracks.append(Track(*columns, job.action, job.part, "motion", "camera"))
    return tracks


@pytest.mark.slow
def test_the_whole_on_a_small_model(folder: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.teach.teacher import Teacher
    from export.onnx import export_student
    from export.runtime import ActionModel
    from models.weights import load

    export_student(*load(start), start / "student.onnx")
    monkeypatch.setattr("training.drawing.camera_clips.draw_all", lambda *_: None)
    monkeypatch.setattr("training.own.build.camera_tracks", drawn_now)
    (folder / "wave" / "anna" / "bad.mp4").write_bytes(b"no video")
    out, notes = tmp_path / "mine", []
    request = Request(folder=folder, out=out, start=start, epochs=2, workers=1)
    report = make(request, lambda: tmp_path, notes.append)
    assert report.by == "person" and len(report.people) == 1 and len(report.verdicts) == 4
    assert [key for key, _ in report.failed] == ["wave/anna/bad.mp4"]
    model = ActionModel(out / "student.onnx", device="cpu")
    assert model.labels == ("squat", "wave", "idle", "other") and "for tests" in model.terms
    assert model.thresholds["enter"] >= 0.5
    Teacher(model, out / "student.onnx")  # it can be taught, too
    card = (out / "README.md").read_text()
    assert "wave/anna/bad.mp4" in card and report.people[0] in card
    told = json.loads((out / "own.json").read_text())
    assert {row["file"] for row in told["answers"]} == {e.key for e in report.examples if e.part == "val"}
    assert not {row["file"] for row in told["answers"]} & set(told["trained"])
    assert {path.name for path in out.glob("*.png")} == {"confusion.png", "training.png"}

    monkeypatch.setattr("training.supervised.train.epoch_windows", None)  # trained already: a second run trains nothing
    again = make(request, lambda: tmp_path, notes.append)
    assert again.verdicts == report.verdicts


def test_a_folder_with_another_model_is_left_alone(folder: Path, start: Path) -> None:
    before = (start / "student.onnx").read_bytes()
    with pytest.raises(ValueError, match="holds another model"):
        make(Request(folder=folder, out=start, start=start), no_pose_model, SAID.append)
    assert (start / "student.onnx").read_bytes() == before
    with pytest.raises(ValueError, match="whose folders are actions"):
        make(Request(folder=folder, out=folder / "model", start=start), no_pose_model, SAID.append)
    note = folder.parent / "note.txt"
    note.write_text("mine")
    for out in (note, note / "model"):
        with pytest.raises(ValueError, match="note.txt is a file: --out names a folder"):
            make(Request(folder=folder, out=out, start=start), no_pose_model, SAID.append)
    with pytest.raises(ValueError, match="config.json is missing"):
        make(Request(folder=folder, out=folder.parent / "m", start=folder), no_pose_model, SAID.append)


def test_two_runs_on_one_model(folder: Path, start: Path, tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    request = Request(folder=folder, out=tmp_path / "model", start=start)
    with alone(tmp_path / "model/work", ""), pytest.raises(ValueError, match="another run is at work on .*model"):
        make(request, no_pose_model, SAID.append)


def test_recorded_bodies_are_judged_as_classify_does(tmp_path: Path) -> None:
    lost = waving(60)
    lost[:, LEGS] = 0
    made = {
        "lost": (lost, 30.0), "down": (waving(60) * [1, -1, 1], 30.0),
        "mm": (waving(60) * 1000, 30.0), "slow": (waving(60, 2.0), 2.0),
        "noise": (np.random.default_rng(0).normal(size=(60, 25, 3)), 30.0),
    }  # fmt: skip
    for name, (frames, fps) in made.items():
        np.savez(tmp_path / f"{name}.npz", frames=frames, fps=fps)
    recorded(tmp_path / "slow.ikem", poses_of(recording_of(make_motion("wave", 3.0, FPS, 3)))[::15])
    names = [*(f"{name}.npz" for name in made), "slow.ikem"]
    examples = [Example(tmp_path / name, name, "wave") for name in names]
    seen = watch.watch(examples, tmp_path / "seen", lambda: tmp_path / "unused", 1, SAID.append)
    track, _ = seen.tracks
    assert any(line.startswith("down.npz: the head is below") for line in SAID)
    assert track.key == "lost.npz" and not track.seen_TV[:, LEGS].any() and track.seen_TV.sum() == 60 * 19
    why = dict(seen.failed)
    assert "millimetres" in why["mm.npz"] and "limb lengths" in why["noise.npz"]
    assert "too few" in why["slow.npz"] and "too few" in why["slow.ikem"]
