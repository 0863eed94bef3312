"""The default model's recipe and its steps, on tracks made here."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from models.labels import DISPLAY, SILENT
from models.system.places import ROOT
from training.data.splits import SETS
from training.data.tracks import Track
from training.default.build import SCRATCH, Build
from training.default.recipe import DefaultRecipe
from training.drawing.jobs import way_jobs
from training.drawing.motions import make_motion
from training.supervised.outputs import outputs_of
from training.supervised.train import begin

CONFIG = ROOT / "training" / "recipes" / "default.yaml"
TINY = {
    "version": "t", "hop_s": 1.0, "draw": {}, "seeds": [0], "sets": {"all": ["kard"]},
    "false_alarms": {"idle": 0.1, "other": 0.2}, "terms": {"all": "for tests"},
    "trials": {"shares": [0.5], "epochs": 1}, "judge": {"rates": [15]},
    "pretrain": {"epochs": 2, "stage1": 1, "batch": 4, "queue": 8, "warmup": 0},
    "distil": {"epochs": 1, "batch": 4, "queue": 8, "warmup": 0, "start": "teacher"},
    "train": {"epochs": 1, "windows": 8, "batch": 4, "channels": [4, 8], "strides": [2, 2]},
}  # fmt: skip


def recipe_of(folder: Path, **changes: object) -> DefaultRecipe:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(TINY | changes))
    return DefaultRecipe.read(path)


def build_of(folder: Path, recipe: DefaultRecipe) -> Build:
    (folder / "skeletons").mkdir(exist_ok=True)
    (folder / "skeletons" / "kard.npz").touch()
    return Build(recipe, "all", folder, folder / "work", lambda: folder / "none", 1, lambda line: None)


def tracks(part: str = "train") -> list[Track]:
    some = []
    for seed, action in enumerate(("wave", "squat", "idle", "walk") * 2):
        joints = make_motion(action, 3.0, 15.0, seed)
        named = (action if seed != 7 else "other", part, "kard", "raw")
        some.append(Track(np.arange(len(joints)) / 15, joints, np.ones(joints.shape[:2], bool), *named))
    return some


def test_the_recipe_in_the_repository() -> None:
    recipe = DefaultRecipe.read(CONFIG)
    assert set(recipe.sets) == {"all", "open"} and set(recipe.sets["all"]) >= set(SETS)
    assert set(recipe.sets["open"]) == {"kard", "precog2016", "ui_prmd", "hdm05", "cmu8"}
    assert recipe.pretrain.shape.channels == recipe.distil.shape.channels == recipe.train.channels
    assert len(recipe.pretrain.modalities) == 6 and recipe.pretrain.exchange == "ekem+ikem" and len(recipe.seeds) >= 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sets": {"all": ["nothing"]}}, "sets: all: there is no nothing"),
        ({"sets": {"all": ["utkinect"]}}, "there is no utkinect"),
        ({"terms": {"open": "all"}}, "terms are needed for all"),
        ({"false_alarms": {"idle": 0.1}}, "false_alarms are the shares of idle and other"),
        ({"trials": {"of": ["open"]}}, "trials.of names open"),
        ({"trials": {"starts": ["nobody"]}}, "trials begin from student, scratch, teacher; got nobody"),
        ({"train": {"epoch": 3}}, "train has no epoch"),
        ({"train": {"augmentation": {"size": 0.1, "colour": 1}}}, "train.augmentation has no colour"),
        ({"draw": {"a": {"films": True}}}, "draw.a has no films"),
        ({"draw": {"a": {"kind": "painted"}}}, "kind is recorded or ways; got painted"),
        ({"more": 1}, "unknown: ..more"),
        ({"without": ["dance"]}, "without names dance"),
        ({"without": ["idle"]}, "without names idle"),
        ({"gate": 1}, "gate and by_label are true or false"),
        ({"false_events": 0}, "false_events is a number a minute above 0"),
        ({"by_label": True}, "needs false_events"),
        ({"pretrain": {"epochs": 0}}, "recipe.yaml: "),
    ],
)
def test_a_wrong_recipe_is_named(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipe_of(tmp_path, **changes)


def test_missing_data_is_named(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, sets={"all": ["kard", "hdm05"]})
    (tmp_path / "skeletons").mkdir()
    (tmp_path / "skeletons" / "kard.npz").touch()
    with pytest.raises(ValueError, match="lacks skeletons/hdm05.npz"):
        Build(recipe, "all", tmp_path, tmp_path, lambda: tmp_path, 1, lambda line: None)
    with pytest.raises(ValueError, match="has no open; it has all"):
        Build(recipe, "open", tmp_path, tmp_path, lambda: tmp_path, 1, lambda line: None)


def test_actions_left_out_are_in_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.default.build.tracks_of", lambda *_: tracks("train") + tracks("val"))
    monkeypatch.setattr(Build, "drawings", [])
    whole = build_of(tmp_path, recipe_of(tmp_path)).clips
    less = build_of(tmp_path, recipe_of(tmp_path, without=["squat", "wave"])).clips
    for part in ("train", "val"):
        assert {t.action for t in whole[part]} == {"wave", "squat", "idle", "walk", "other"}
        assert {t.action for t in less[part]} == {"idle", "walk", "other"}


def test_who_carries_something_walks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = [replace(t, action="carry") if t.action == "squat" else t for t in tracks("train")]
    monkeypatch.setattr("training.default.build.tracks_of", lambda *_: some)
    monkeypatch.setattr(Build, "drawings", [])
    trained = build_of(tmp_path, recipe_of(tmp_path)).clips["train"]
    walks = {t.action for t in some if t.action in ("carry", "walk")}
    assert walks == {"carry", "walk"} and "carry" not in DISPLAY
    assert sum(t.action == "walk" for t in trained) == sum(t.action in ("carry", "walk") for t in some)


def test_a_drawing_says_what_is_drawn_and_from_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"ways": {"kind": "ways", "per_action": 2, "seed": 5, "limit": 7}, "near": {"near": True, "held_out": 8}}
    drawn, asked = {}, []
    monkeypatch.setattr(Build, "_draw", lambda self, name, todo: drawn.setdefault(name, todo))
    monkeypatch.setattr("training.drawing.jobs.jobs", lambda *args, near: asked.append((args, near)) or [])
    assert len(build_of(tmp_path, recipe_of(tmp_path, draw=told)).drawings) == 2
    assert drawn["ways"] == way_jobs(2, 5)[:7] and all(job.way and job.near for job in drawn["ways"])
    assert [(args[2], near) for args, near in asked] == [(8, True)]


def test_every_step_without_labels_and_with(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path)
    build = build_of(tmp_path, recipe)
    run = build.student_run(tracks())
    first = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("model.safetensors")}
    assert len(first) == 2
    assert build.student_run(tracks()) == run  # finished steps are not done again
    assert {path: path.stat().st_mtime_ns for path in first} == first
    student = build.trained(tracks(), run, 0)
    config = build.calibrated(student, tracks("val"), tracks())
    assert not config.gate and (student.temperature, student.fusion) == (config.temperature, config.fusion)
    assert config.labels == tuple(DISPLAY) and len(config.fusion) == 3 and config.strides == (2, 2)
    assert config.build().fusion == config.fusion and config.terms == "for tests"


def test_a_recipe_with_a_gate_and_thresholds_of_the_stream(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path, gate=True, false_events=0.7, by_label=True)
    assert recipe.events is not None and recipe.events.minute == 0.7 and recipe.events.by_label
    said: list[str] = []
    build = build_of(tmp_path, recipe)
    build.note = said.append
    from models.student import Student
    from models.weights import load, save

    student = Student(len(DISPLAY), channels=(4, 8), strides=(2, 2)).eval()
    config = build.calibrated(student, tracks("val"), tracks())
    assert config.gate and student.gate is not None
    save(student, config, tmp_path / "out")
    assert load(tmp_path / "out")[0].gate is not None
    assert any("false events a minute" in line for line in said)


def test_a_student_begins_with_another_models_encoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build, made = build_of(tmp_path, recipe_of(tmp_path)), tmp_path / "made"
    monkeypatch.setattr("training.default.build.tracks_of", lambda *_: tracks("train") + tracks("val"))
    monkeypatch.setattr("training.default.build.camera_tracks", lambda folder: [])
    monkeypatch.setattr(Build, "drawings", [])
    monkeypatch.setattr(Build, "draw_stillness", lambda self, part: tmp_path)
    monkeypatch.setattr(Build, "student_run", lambda *_: pytest.fail("nothing is pre-trained"))
    for name in ("export.onnx.export_student", "training.default.build.write_background"):
        monkeypatch.setattr(name, lambda *args: None)
    build.make(made, scratch=True)
    assert build.begun == SCRATCH
    build.make(tmp_path / "again", start=made)
    assert build.begun == "with the encoders of made, version t"
    assert {path.name for path in (build.work / "trials").iterdir()} == {"scratch-100-0", "model-100-0"}
    with pytest.raises(ValueError, match="not both"):
        build.make(tmp_path / "again", scratch=True, start=made)
    with pytest.raises(ValueError):
        build.make(tmp_path / "again", start=tmp_path / "nothing")


def test_the_student_begins_with_the_distilled_encoders(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path)
    run = build_of(tmp_path, recipe).student_run(tracks())
    from models.student import Student
    from training.runs.run_folder import load_branches

    student = Student(3, channels=(4, 8), strides=(2, 2))
    begin(student, run)
    held = load_branches(run)[0].encoders
    for name, encoder in student.encoders.items():
        for key, value in encoder.state_dict().items():
            assert (value == held[name].state_dict()[key]).all()
    with pytest.raises(ValueError, match="another shape"):
        begin(Student(3, channels=(4, 6), strides=(2, 2)), run)
    with pytest.raises(ValueError, match="no encoder of angular"):
        begin(Student(3, ("angular",), (4, 8), strides=(2, 2)), run)


def test_outputs_of_middle_windows(tmp_path: Path) -> None:
    recipe = recipe_of(tmp_path)
    from models.student import Student

    out = outputs_of(Student(len(DISPLAY), channels=(4, 8), strides=(2, 2)).eval(), tracks(), recipe.train)
    assert out.logits_NMC.shape == (8, 3, len(DISPLAY)) and out.embedding_ND.shape == (8, 96)
    assert [list(DISPLAY)[c] for c in out.label_N[-2:]] == ["idle", "other"] and set(SILENT) <= set(DISPLAY)
