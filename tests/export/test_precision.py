"""Half and eight-bit files: what is inside, how they answer, and when they are refused."""

import copy
import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper

from export import onnx as exporter
from export import precision
from export.__main__ import main
from export.clips import Windows, read_windows
from export.onnx import export_student, sample_joints
from export.precision import accuracy, export_int8, targets
from export.runtime import ActionModel
from models.clips import read_clips, write_clips
from models.revision import git_revision
from models.student import Student
from models.weights import StudentConfig, save


def metadata(path: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


def torch_scores(student: Student, joints: np.ndarray, frames: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return student.scores(student(torch.from_numpy(joints), torch.from_numpy(frames))[0])[0].numpy()


@pytest.fixture(scope="module")
def windows(clip_file: Path, config: StudentConfig) -> Windows:
    return read_windows([clip_file], config.window_s, config.frames)


@pytest.fixture(scope="module")
def int8_file(
    student: Student, config: StudentConfig, windows: Windows, model_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:  # fmt: skip
    path = tmp_path_factory.mktemp("int8") / "student_int8.onnx"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporter, "_trace", lambda _: onnx.load(model_file))
        export_int8(student, config, path, windows)
    return path


def test_where_a_file_comes_from(model_file: Path, half_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, name in ((model_file, "fp32"), (half_file, "fp16")):
        texts = metadata(path)
        assert (texts["precision"], texts["opset"]) == (name, str(exporter.OPSET))
        assert texts["revision"] == git_revision()
    assert re.fullmatch(r"([0-9a-f]{12}\+?)?", git_revision())
    monkeypatch.setenv("PATH", "")
    assert git_revision() == ""


def test_half_answers_as_torch_does(student: Student, half_file: Path, windows: Windows) -> None:
    found = ActionModel(half_file, device="cpu", threads=1)(windows.joints_NTV3, windows.frames_N).fused_NC
    expected = torch_scores(student, windows.joints_NTV3, windows.frames_N)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=0.02)
    sure = targets(windows, ("wave", "sit_down", "idle")) >= 0
    np.testing.assert_array_equal(found[sure].argmax(1), expected[sure].argmax(1))


def test_what_is_half(half_file: Path, model_file: Path) -> None:
    """The blocks, and nothing else: TensorRT computes each operator in the type that the file gives its inputs."""
    graph = onnx.load(half_file).graph
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    types |= {value.name: value.type.tensor_type.elem_type for value in (*graph.value_info, *graph.input)}
    blocks = [tensor.data_type for tensor in graph.initializer if tensor.name.startswith("blocks.")]
    assert blocks and set(blocks) == {TensorProto.FLOAT16}
    assert {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)} == {TensorProto.FLOAT}
    seen = {kind: set() for kind in ("Conv", "Softmax", "ReduceMean", "Sqrt", "Sub", "Div")}
    for node in graph.node:
        if node.op_type in seen:
            seen[node.op_type] |= {types[name] for name in node.input[:1]}
    single, half = {TensorProto.FLOAT}, {TensorProto.FLOAT16}
    assert seen == dict.fromkeys(seen, single) | {"Conv": half}
    assert half_file.stat().st_size < 0.7 * model_file.stat().st_size


def test_half_survives_a_joint_that_jumps(half_file: Path) -> None:
    joints, frames = sample_joints(2)
    joints[0, 20, 11] = 1e6  # metres
    scores = ActionModel(half_file, device="cpu", threads=1)(joints, frames)
    assert np.isfinite(scores.fused_NC).all() and np.isfinite(scores.embedding_ND).all()


@pytest.mark.usefixtures("traced")
def test_half_that_names_other_actions_is_refused(student: Student, config: StudentConfig, tmp_path: Path) -> None:
    """The traced graph is of the student itself: of one with turned heads it says something else."""
    turned = copy.deepcopy(student)
    for head in turned.heads.values():
        head.weight.data = head.weight.data.roll(1, 0)
    with pytest.raises(ValueError, match="was not written: in fp16 the model names other actions than torch"):
        export_student(turned, config, tmp_path / "student.onnx", "fp16")
    assert list(tmp_path.iterdir()) == []


def test_int8_answers_about_as_torch_does(student: Student, int8_file: Path, windows: Windows) -> None:
    found = ActionModel(int8_file, device="cpu", threads=1)(windows.joints_NTV3, windows.frames_N).fused_NC
    difference = np.abs(found - torch_scores(student, windows.joints_NTV3, windows.frames_N))
    assert 1e-5 < difference.mean() < 0.05


def test_what_is_int8(int8_file: Path) -> None:
    """Symmetric Q/DQ around the convolutions and matmuls of all blocks but the first, and nowhere else."""
    graph = onnx.load(int8_file).graph
    maker = {name: node for node in graph.node for name in node.output}
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    quantised = 0
    for node in graph.node:
        activation, weight = (maker.get(name) for name in (*node.input, "", "")[:2])
        if weight is not None and weight.op_type == "DequantizeLinear" and weight.input[0] in constants:
            assert node.op_type in ("Conv", "MatMul") and activation.op_type == "DequantizeLinear"
            assert re.match(r"blocks\.[1-9]", weight.input[0])
            channels = constants[weight.input[0]].shape[0] if node.op_type == "Conv" else 1
            assert constants[weight.input[1]].size == channels
            quantised += 1
        elif node.op_type == "Conv":
            assert all(name.startswith("blocks.0.") for name in node.input[1:])
    assert quantised == 9 + 18 + 3  # gathers; spatial and temporal convolutions; those of the residuals
    for node in graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            assert constants[node.input[2]].dtype == np.int8 and not constants[node.input[2]].any()


def test_int8_says_what_it_cost(int8_file: Path) -> None:
    texts = metadata(int8_file)
    facts = json.loads(texts["int8"])
    assert (texts["precision"], texts["format"], texts["version"]) == ("int8", "ikem-live-student/1", "7")
    assert facts["calibration_clips"] == 12 and 0 < facts["held_out_clips"] <= 12
    assert facts["accuracy_fp32"] == 1.0 and facts["forced"] is False
    assert facts["accuracy_int8"] >= 0.995


@pytest.mark.usefixtures("traced")
def test_int8_that_loses_too_much_is_refused_or_forced(
    student: Student, config: StudentConfig, windows: Windows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "_PERCENTILE", 60.0)  # scales of the smaller values: what stands out is cut off
    out = tmp_path / "student.onnx"
    with pytest.raises(ValueError, match=r"was not written: of \d+ held-out clips int8 names .* fp32 100.0 %"):
        export_int8(student, config, out, windows)
    assert list(tmp_path.iterdir()) == []
    done = export_int8(student, config, out, windows, force=True)
    assert done.forced and done.accuracy_int8 < 0.99 and done.accuracy_fp32 == 1.0
    assert json.loads(metadata(out)["int8"])["forced"] is True


@pytest.mark.usefixtures("traced")
def test_int8_by_the_command(
    student: Student, config: StudentConfig, clip_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(student, config, tmp_path)
    assert main(["onnx", "--weights", str(tmp_path), "--precision", "int8", "--clips", str(clip_file)]) == 0
    out = tmp_path / "student_int8.onnx"
    text = capsys.readouterr().out
    assert text.startswith(f"{out}: 3 labels") and "int8 from 12 clips" in text and "in fp32 100.0 %" in text
    assert "forced" not in text and "Number of tensors" not in text
    assert ActionModel(out, device="cpu").labels == config.labels


def test_halves_share_no_window(windows: Windows) -> None:
    known = targets(windows, ("wave", "sit_down", "idle")) >= 0
    scales, others = precision._halves(windows, known)
    first = {x.tobytes() for x in scales.joints_NTV3}
    assert first.isdisjoint({x.tobytes() for x in others.joints_NTV3})
    assert all(action for action in others.action_N)


def test_accuracy_counts_labelled_windows_alone() -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    assert accuracy(scores, np.array([0, 0, 0, -1])) == pytest.approx(2 / 3)
    assert accuracy(scores, np.full(4, -1)) is None


@pytest.mark.parametrize(
    ("count", "labelled", "options", "message"),
    [
        (24, True, ["--precision", "int8"], "name files of them with --clips"),
        (24, True, ["--clips", "CLIPS"], "--clips and --force are for --precision int8"),
        (24, True, ["--precision", "fp16", "--force"], "leave them out for fp16"),
        (24, False, ["--precision", "int8", "--force", "--clips", "CLIPS"], "cannot be measured: give labelled clips"),
        (7, True, ["--precision", "int8", "--clips", "CLIPS"], "at least 8 clips"),
        (0, True, ["--precision", "int8", "--clips", "CLIPS"], "no clip to use"),
        (24, True, ["--precision", "int8", "--clips", "absent.npz"], "there is no such file"),
    ],
)
def test_what_cannot_be_exported(
    student: Student, config: StudentConfig, clip_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    count: int, labelled: bool, options: list[str], message: str,
) -> None:  # fmt: skip
    save(student, config, tmp_path / "weights")
    clips = list(read_clips(clip_file))[:count]
    if not labelled:
        clips = [type(clip)(clip.joints_TV3, clip.fps, action="fly") for clip in clips]
    write_clips(tmp_path / "clips.npz", clips)
    options = [str(tmp_path / "clips.npz") if option == "CLIPS" else option for option in options]
    assert main(["onnx", "--weights", str(tmp_path / "weights"), *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and len(error.splitlines()) == 1
    assert len(list((tmp_path / "weights").iterdir())) == 2


def test_one_block_is_nothing_for_int8(model_file: Path, windows: Windows, tmp_path: Path) -> None:
    model = onnx.load(model_file)
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = re.sub(r"^blocks\.\d+\.", "blocks.0.", name)
    onnx.save(model, tmp_path / "one.onnx")
    with pytest.raises(ValueError, match="has one block"):
        precision.quantise(tmp_path / "one.onnx", tmp_path / "out.onnx", windows)
