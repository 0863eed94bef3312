"""The exported file answers as torch does, and nothing else is ever written."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from export import onnx as exporter
from export.__main__ import main
from export.onnx import export_student, sample_joints
from export.runtime import ActionModel
from models.modalities import MODALITIES
from models.student import Student
from models.system.places import ROOT
from models.weights import StudentConfig, save


def answers(
    student: Student, path: Path, joints: np.ndarray, frames: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(["scores", "modality_scores", "embedding"], {"joints": joints, "frames": frames})
    with torch.inference_mode():
        logits, embedding = student(torch.from_numpy(joints), torch.from_numpy(frames))
        expected = [x.numpy() for x in (*student.scores(logits, embedding), embedding)]
    return list(zip(found, expected, strict=True))


@pytest.mark.parametrize("batch", [1, 2, 3, 7])
def test_parity(student: Student, model_file: Path, batch: int) -> None:
    for found, expected in answers(student, model_file, *sample_joints(batch, seed=100 + batch)):
        assert found.shape == expected.shape and found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_fixture_listens_to_its_input(student: Student, model_file: Path) -> None:
    """Parity of a constant would mean nothing."""
    scores = answers(student, model_file, *sample_joints(7))[0][0]
    assert scores.std(0).max() > 0.02


COLLAPSES = {
    "lower body on the root": [0, 1, *range(12, 20)],
    "an arm on the shoulder": [5, 6, 7, 21, 22],
    "both shoulders on the root": [4, 5, 6, 7, 8, 9, 10, 11, 21, 22, 23, 24],
    "everything": list(range(25)),
}


@pytest.mark.parametrize("name", list(COLLAPSES))
def test_parity_of_collapsed_skeletons(student: Student, model_file: Path, name: str) -> None:
    joints, frames = sample_joints(3, seed=5)
    anchor = 4 if name == "an arm on the shoulder" else 20
    joints[:, :, COLLAPSES[name]] = joints[:, :, anchor : anchor + 1]
    for found, expected in answers(student, model_file, joints, frames):
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_one_window_does_not_touch_another(student: Student, model_file: Path) -> None:
    joints, frames = sample_joints(3, seed=9)
    together = answers(student, model_file, joints, frames)[0][0]
    alone = [answers(student, model_file, joints[i : i + 1], frames[i : i + 1])[0][0][0] for i in range(3)]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)


@pytest.fixture(scope="module")
def gated(student: Student, config: StudentConfig) -> tuple[Student, StudentConfig]:
    """The student with a gate that turns some answers round."""
    config = replace(config, gate=True)
    gate = config.build().gate
    assert gate is not None
    gate.weight.fill_(0.8)
    gate.direction_D.normal_(0.0, 0.05, generator=torch.Generator().manual_seed(1))
    gate.bias.fill_(-2.0)
    student = copy.deepcopy(student)
    student.gate = gate
    return student.eval(), config


@pytest.mark.parametrize("precision", ["fp32", pytest.param("fp16", marks=pytest.mark.slow)])
def test_parity_with_a_gate(
    gated: tuple[Student, StudentConfig], model_file: Path, tmp_path: Path, precision: str
) -> None:
    student, config = gated
    out = tmp_path / "gated.onnx"
    export_student(student, config, out, precision)
    joints, frames = sample_joints(5, seed=21)
    model, plain = ActionModel(out, device="cpu", threads=1), ActionModel(model_file, device="cpu", threads=1)
    with torch.inference_mode():
        logits, embedding = student(torch.from_numpy(joints), torch.from_numpy(frames))
        expected = student.scores(logits, embedding)
    found, without = model(joints, frames), plain(joints, frames)
    close = {"fp32": 1e-4, "fp16": 0.1}[precision]
    np.testing.assert_allclose(found.fused_NC, expected[0].numpy(), atol=close)
    np.testing.assert_allclose(found.modality_NMC, expected[1].numpy(), atol=close)
    np.testing.assert_allclose(found.fused_NC.sum(1), 1, atol=1e-5)
    assert np.abs(found.fused_NC - without.fused_NC).max() > 0.1
    assert model.embedding == plain.embedding


def test_metadata_and_form(model_file: Path) -> None:
    model = onnx.load(model_file)
    texts = {entry.key: entry.value for entry in model.metadata_props}
    assert texts["format"] == "ikem-live-student/1"
    assert json.loads(texts["labels"]) == ["wave", "sit_down", "idle"]
    assert json.loads(texts["display"])["wave"] == "waving"
    assert json.loads(texts["modalities"]) == ["joint", "bone", "motion"]
    assert (float(texts["window_s"]), int(texts["frames"]), texts["version"]) == (2.5, 50, "7")
    assert json.loads(texts["thresholds"]) == {"enter": 0.6, "leave": 0.4}
    assert [entry.version for entry in model.opset_import if not entry.domain] == [exporter.OPSET]
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    # A path of the machine that exported it must not travel with the model.
    assert str(ROOT).encode() not in model_file.read_bytes()


@pytest.mark.usefixtures("traced")
def test_a_wrong_export_is_refused(
    student: Student, config: StudentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "largest_difference", lambda *_: float("nan"))
    with pytest.raises(ValueError, match="was not written: ONNX Runtime and torch differ by nan"):
        export_student(student, config, tmp_path / "student.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_teacher_of_six_modalities(tmp_path: Path) -> None:
    """Its branches are weighed, and its encoders have fewer blocks than the published one; by the command."""
    torch.manual_seed(0)
    fusion = (0.3, 0.1, 0.1, 0.3, 0.1, 0.1)
    config = StudentConfig(
        labels=("wave", "idle"), modalities=MODALITIES, channels=(4, 8), strides=(2, 2), fusion=fusion
    )
    teacher = config.build().eval()
    for head in teacher.heads.values():
        torch.nn.init.normal_(head.weight)
        torch.nn.init.normal_(head.bias)
    save(teacher, config, tmp_path)
    assert main(["onnx", "--weights", str(tmp_path)]) == 0
    path = tmp_path / "student.onnx"
    joints, frames = sample_joints(3, seed=4)
    for lost in ([], [4, 5, 6, 8]):
        joints[0, :, lost] = joints[0, :, 20]
        for found, expected in answers(teacher, path, joints, frames):
            np.testing.assert_allclose(found, expected, atol=1e-4)
    model = ActionModel(path, device="cpu", threads=1)
    scores = model(joints, frames)
    assert model.modalities == MODALITIES
    assert scores.modality_NMC.shape == (3, 6, 2) and scores.embedding_ND.shape == (3, 6 * 4 * 8)
    np.testing.assert_allclose(scores.fused_NC, answers(teacher, path, joints, frames)[0][1], atol=1e-4)
