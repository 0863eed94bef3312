"""From recordings to a model that knows the actions in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.stream.action_stream import ActionStream
from app.teach.background import FILE
from app.teach.pack import PackError, read_pack, write_pack
from app.teach.taught_model import TaughtModel
from app.teach.teacher import Teacher
from tests.app.teach.helpers import FPS, MotionModel, recording_of, repeated, still
from training.drawing.motions import make_motion


def taught(teacher: Teacher, *actions: str):
    pack = teacher.pack()
    for action in actions:
        pack = teacher.add(pack, f"my {action}", teacher.clips(repeated(action, 4)))
    return pack


def test_taught_actions_are_recognised_in_another_recording(teacher: Teacher) -> None:
    pack = taught(teacher, "jumping_jack", "wave")
    assert [len(pack.examples(name)) for name in pack.actions] == [4, 4]
    stream = ActionStream(TaughtModel(MotionModel(), pack), 0.1)
    film = [still(3), make_motion("jumping_jack", 3.0, FPS, 50), still(4), make_motion("wave", 3.0, FPS, 51), still(4)]
    events = []
    for i, joints in enumerate(np.concatenate(film).astype(np.float32)):
        events += stream.push_joints(i / FPS, joints, np.ones(25, bool)).events
    events += stream.finish()
    assert list(dict.fromkeys(event.label for event in events)) == ["my jumping_jack", "my wave"]
    for name, start_s in (("my jumping_jack", 3.0), ("my wave", 10.0)):
        mine = [event for event in events if event.label == name]
        assert abs(mine[0].start_s - start_s) < 1.0 and abs(mine[-1].end_s - start_s - 3.0) < 1.5


def test_other_movement_is_not_taken_for_it(teacher: Teacher) -> None:
    model = TaughtModel(MotionModel(), taught(teacher, "jumping_jack"))
    for action in ("walk", "drink", "throw"):
        windows = np.stack([make_motion(action, 2.5, 20.0, 200 + seed)[:50] for seed in range(10)])
        scores = model(windows.astype(np.float32), np.full(10, 75, np.float32)).fused_NC
        assert (scores[:, -1] < model.thresholds["enter"]).mean() >= 0.9


@pytest.mark.parametrize("only", [False, True])
def test_scores_still_sum_to_one(teacher: Teacher, only: bool) -> None:
    model = TaughtModel(MotionModel(), taught(teacher, "wave"), only)
    assert model.labels == (("idle", "other") if only else ("wave", "squat", "idle", "other")) + ("my wave",)
    assert set(model.display) == set(model.labels) and model.taught == ("my wave",)
    windows = np.stack([make_motion(a, 2.5, 20.0, 0)[:50] for a in ("wave", "squat")]).astype(np.float32)
    scores = model(windows, np.full(2, 75, np.float32))
    np.testing.assert_allclose(scores.fused_NC.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(scores.modality_NMC.sum(-1), 1, atol=1e-5)
    assert scores.modality_NMC.shape == (2, 3, len(model.labels)) and scores.fused_NC.dtype == np.float32


@pytest.mark.parametrize("name", ["wave", "waving", "idle", "something else"])
def test_a_name_that_the_model_knows(teacher: Teacher, name: str) -> None:
    pack = teacher.add(teacher.pack(), name, teacher.clips(repeated("wave", 2)))
    with pytest.raises(PackError, match="already knows .*another name"):
        TaughtModel(MotionModel(), pack)
    if name == "waving":
        assert TaughtModel(MotionModel(), pack, only=True).taught == ("waving",)


def test_a_pack_of_another_model(teacher: Teacher, folder: Path, tmp_path: Path) -> None:
    pack = taught(teacher, "wave")
    write_pack(pack, tmp_path / "a.pack")
    pack = read_pack(tmp_path / "a.pack")
    other = MotionModel(embedding="another")
    with pytest.raises(PackError, match="made with another model; .*--rebuild"):
        TaughtModel(other, pack)
    with pytest.raises(PackError, match="without skeletons it cannot be made anew .*--model, or teach"):
        TaughtModel(other, pack.without_skeletons())
    with pytest.raises(PackError, match="made with another model"):  # nor is its head made by this one's background
        teacher.finished(replace(pack, embedding="another"))
    with pytest.raises(PackError, match="belongs to another model"):
        Teacher(other, folder / "student.onnx")
    rebuilt = teacher.rebuilt(replace(pack, embedding="another", embedding_EWD=np.zeros((4, 5, 9), np.float32)))
    np.testing.assert_allclose(rebuilt.embedding_EWD, pack.embedding_EWD, atol=0.02)
    assert rebuilt.embedding == "motion" and rebuilt.head is not None
    with pytest.raises(PackError, match="keeps no clips: teach its actions again"):
        teacher.rebuilt(pack.without_skeletons())
    with pytest.raises(PackError, match="have 70 frames, this model needs 76"):
        Teacher(MotionModel(frames=54), folder / "student.onnx").rebuilt(pack)


def test_a_model_without_a_background(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="background.safetensors is missing"):
        Teacher(MotionModel(), tmp_path / "student.onnx")
    (tmp_path / FILE).write_bytes(b"none")
    with pytest.raises(PackError, match="background.safetensors: damaged"):
        Teacher(MotionModel(), tmp_path / "student.onnx")


def test_counter_examples_need_an_action(teacher: Teacher) -> None:
    clips = teacher.clips(repeated("wave", 2))
    with pytest.raises(PackError, match="teach 'my wave' itself before"):
        teacher.add(teacher.pack(), "my wave", clips, counter=True)
    pack = teacher.add(taught(teacher, "wave"), "my wave", teacher.clips(repeated("clap", 2)), counter=True)
    assert len(pack.examples("my wave", counter=True)) == 2


def test_one_repetition_is_enough_to_begin_with(teacher: Teacher) -> None:
    pack = teacher.add(teacher.pack(), "my jump", teacher.clips(repeated("jumping_jack", 1)))
    model = TaughtModel(MotionModel(), pack)
    window = make_motion("jumping_jack", 2.5, 20.0, 70)[None, :50].astype(np.float32)
    assert model(window, np.full(1, 75, np.float32)).fused_NC.argmax() == model.labels.index("my jump")


def test_a_film_is_no_recording(teacher: Teacher) -> None:
    long = recording_of(*[make_motion("walk", 40.0, FPS, 0)] * 5)
    with pytest.raises(Exception, match="repetitions in one recording"):
        teacher.clips(long)


def test_a_pack_whose_numbers_do_not_fit_the_model_that_it_names(teacher: Teacher) -> None:
    pack = taught(teacher, "wave")
    narrow = {name: array[..., :6] for name, array in pack.head.arrays().items() if name in ("mean_D", "weight_AD")}
    with pytest.raises(PackError, match="do not fit the model that it names"):
        TaughtModel(MotionModel(), replace(pack, head=replace(pack.head, **narrow)))
