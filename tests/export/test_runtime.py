"""The runtime: what it gives, and what it says about files and inputs that it cannot take."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.numpy import save

from export.onnx import sample_joints
from export.runtime import ActionModel, ModelFileError
from export.runtime import session as sessions
from models.student import Student
from models.weights import StudentConfig, embedding_id


def test_what_a_model_says_about_itself(model_file: Path) -> None:
    model = ActionModel(model_file, device="cpu", threads=1)
    assert model.labels == ("wave", "sit_down", "idle")
    assert model.display == {"wave": "waving", "sit_down": "sit down", "idle": "idle"}
    assert model.modalities == ("joint", "bone", "motion")
    assert (model.window_s, model.frames, model.version) == (2.5, 50, "7")
    assert model.thresholds == {"enter": 0.6, "leave": 0.4} and model.terms == "as you like"
    assert model.provider == "CPUExecutionProvider"


def test_files_of_one_training_share_the_name_of_their_embeddings(
    model_file: Path, half_file: Path, student: Student, config: StudentConfig
) -> None:
    named = ActionModel(model_file, device="cpu").embedding
    assert len(named) == 32 and ActionModel(half_file, device="cpu").embedding == named
    other = copy.deepcopy(student)
    with torch.no_grad():
        next(other.heads.parameters()).add_(1.0)
        assert embedding_id(other, config) == named  # the embedding comes before the heads
        next(other.encoders.parameters()).add_(1e-3)
    assert embedding_id(other, config) != named


@pytest.mark.parametrize("batch", [1, 3])
def test_scores(model_file: Path, batch: int) -> None:
    joints, frames = sample_joints(batch)
    scores = ActionModel(model_file, device="cpu")(joints.astype(np.float64), list(frames))
    assert scores.fused_NC.shape == (batch, 3)
    assert scores.modality_NMC.shape == (batch, 3, 3)
    assert scores.embedding_ND.shape == (batch, 3 * 4 * 48)
    np.testing.assert_allclose(scores.fused_NC.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(scores.modality_NMC.sum(-1), 1, atol=1e-5)


def edited(edit: Callable[[onnx.ModelProto], None]) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        model = onnx.load_from_string(data)
        edit(model)
        return model.SerializeToString()

    return change


def metadata(**texts: str | None) -> Callable[[bytes], bytes]:
    """The same model with some metadata changed, or removed (None)."""

    def edit(model: onnx.ModelProto) -> None:
        kept = {entry.key: entry.value for entry in model.metadata_props} | texts
        del model.metadata_props[:]
        helper.set_model_props(model, {key: value for key, value in kept.items() if value is not None})

    return edited(edit)


def foreign(_: bytes, **texts: str) -> bytes:
    """Somebody else's model: y = x + x."""
    axes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", axes[:1], axes[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    helper.set_model_props(model, texts)
    return model.SerializeToString()


FORMAT = "ikem-live-student/1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"", "is empty"),
        (lambda data: b"<html>error 404</html>", "is a web page"),
        (lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "`git lfs pull` fetches"),
        (lambda data: save({"x": np.zeros(4)}), "holds weights.*export onnx"),
        (lambda data: save({"x": np.zeros(4)}, {"format": "ikem-live-pack/1"}), "is a pack of taught actions.*--pack"),
        (lambda data: b"PK\x03\x04" + data, "holds weights"),
        (lambda data: bytes(len(data)), "holds zeros alone"),
        (lambda data: data[: len(data) // 2], "is cut short, damaged or no ONNX file"),
        (lambda data: data[:-1], "is cut short, damaged or no ONNX file"),
        (lambda data: data[:100] + b"\xff" * 40 + data[140:], "is cut short, damaged or no ONNX file"),
        (foreign, "not an action model of format"),
        (lambda data: foreign(data, format=FORMAT), "takes x, but an action model takes joints, frames"),
        (metadata(format="ikem-live-student/9"), "it says 'ikem-live-student/9'"),
        (metadata(labels=None), "damaged metadata.*labels"),
        (metadata(labels="wave, idle"), "damaged metadata"),
        (metadata(labels="[]"), "damaged metadata"),
        (metadata(labels='["wave", "idle"]'), "names 2 labels, but answers 3"),
        (metadata(window_s="0"), "damaged metadata"),
        (metadata(frames="40"), "cannot be run"),
        (metadata(thresholds="0.5"), "damaged metadata"),
        (metadata(thresholds='{"enter": 0.5}'), "damaged metadata.*leave"),
        (metadata(thresholds='{"enter": 0.3, "leave": 0.5}'), "damaged metadata.*thresholds make no sense"),
        (metadata(thresholds='{"enter": 0.5, "leave": 0.3, "by_label": {"idle": 0.5}}'), "thresholds make no sense"),
        (metadata(thresholds='{"enter": 0.5, "leave": 0.3, "by_label": 0.5}'), "damaged metadata"),
        (metadata(display="[1]"), "damaged metadata"),
    ],
)
def test_wrong_files(model_file: Path, tmp_path: Path, change: Callable[[bytes], bytes], message: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(change(model_file.read_bytes()))
    with pytest.raises(ModelFileError, match=message) as caught:
        ActionModel(path, device="cpu", threads=1)
    said = str(caught.value)
    assert "\n" not in said and str(path) in said and "ONNXRuntimeError" not in said and "rotobuf" not in said


@pytest.mark.parametrize(
    ("name", "message"),
    [("absent.onnx", "is missing: `python -m export onnx` writes"), (".", "is a folder: name the file in it")],
)
def test_no_file(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        ActionModel(tmp_path / name)


@pytest.mark.parametrize(
    ("joints", "frames", "message"),
    [
        (np.zeros((50, 25, 3)), [60], r"joints must be \(N, 50, 25, 3\)"),
        (np.zeros((1, 40, 25, 3)), [60], r"joints must be \(N, 50, 25, 3\)"),
        (np.zeros((0, 50, 25, 3)), [], "N >= 1"),
        (np.zeros((2, 50, 25, 3)), [60], "one number a window"),
        (np.zeros((1, 50, 25, 3)), 60, "one number a window"),
        (np.full((1, 50, 25, 3), np.nan), [60], "joints must be finite"),
        (np.full((1, 50, 25, 3), np.inf), [60], "joints must be finite"),
        (np.zeros((1, 50, 25, 3)), [0], "positive"),
        (np.zeros((1, 50, 25, 3)), [np.nan], "positive"),
    ],
)
def test_wrong_inputs(model_file: Path, joints: np.ndarray, frames: object, message: str) -> None:
    model = ActionModel(model_file, device="cpu", threads=1)
    with pytest.raises(ValueError, match=message):
        model(joints, frames)


@pytest.mark.parametrize(
    ("device", "threads", "message"), [("gpu", 1, "device must be"), ("cpu", 0, "threads must be")]
)
def test_wrong_arguments(model_file: Path, device: str, threads: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ActionModel(model_file, device=device, threads=threads)


def test_cuda_that_cannot_be_had(
    model_file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A driver, but not CUDA's libraries: an error when asked for, the CPU on auto, and a clean console."""
    from onnxruntime import InferenceSession

    def fall_back(path: str, options: object, providers: list) -> InferenceSession:
        return InferenceSession(path, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(sessions, "_has_driver", lambda: True)
    monkeypatch.setattr(sessions.onnxruntime, "get_available_providers", lambda: [sessions.CUDA, sessions.CPU])
    monkeypatch.setattr(sessions.onnxruntime, "InferenceSession", fall_back)
    with pytest.raises(ValueError, match="CUDA cannot be had here") as caught:
        ActionModel(model_file, device="cuda", threads=1)
    assert not isinstance(caught.value, ModelFileError)  # the file is fine
    assert ActionModel(model_file, device="auto", threads=1).provider == "CPUExecutionProvider"
    assert capfd.readouterr() == ("", "")


def test_without_a_driver_cuda_is_not_even_tried(
    model_file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sessions, "_has_driver", lambda: False)
    assert ActionModel(model_file, device="auto", threads=1).provider == "CPUExecutionProvider"
    with pytest.raises(ValueError, match="CUDA cannot be had here"):
        ActionModel(model_file, device="cuda", threads=1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.gpu
def test_cuda_answers_as_the_cpu_does(model_file: Path) -> None:
    try:
        on_cuda = ActionModel(model_file, device="cuda")
    except ValueError as error:
        pytest.skip(str(error))
    assert on_cuda.provider == "CUDAExecutionProvider"
    joints, frames = sample_joints(3)
    expected = ActionModel(model_file, device="cpu")(joints, frames)
    np.testing.assert_allclose(on_cuda(joints, frames).fused_NC, expected.fused_NC, atol=1e-3)
