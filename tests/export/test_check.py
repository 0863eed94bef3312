"""The parity gate: what it measures, what it names as absent, and which goals it holds files to."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from export import check as gate
from export.__main__ import main
from export.check import Row, breaches, check
from export.commands.check import table
from export.runtime import ActionModel
from export.runtime.cuda import AcceleratorMissingError
from export.runtime.model import ModelFileError, ModelScores
from models.clips import Clip, write_clips
from models.student import Student
from models.weights import StudentConfig, save
from tests.bodies import waving


@pytest.fixture(scope="module")
def weights(student: Student, config: StudentConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    save(student, config, folder)
    return folder


class Shifted:
    """An engine whose first class scores a little more than the CPU says."""

    def __init__(self, path: Path, shift: float) -> None:
        self.model, self.shift = ActionModel(path, device="cpu", threads=1), shift

    def __call__(self, joints: np.ndarray, frames: np.ndarray) -> ModelScores:
        scores = self.model(joints, frames)
        return ModelScores(scores.fused_NC + np.float32([self.shift, 0, 0]), scores.modality_NMC, scores.embedding_ND)


@pytest.fixture(autouse=True)
def one_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[Path], object]], None]:
    """Quick, and with the CPU alone, whatever this machine has; returns a function that adds an engine."""
    others: dict[str, Callable[[Path], object]] = {}

    def opened(path: Path, device: str) -> object:
        if device == "cpu":
            return ActionModel(path, device="cpu", threads=1)
        if device not in others:
            raise AcceleratorMissingError(f"there is no {device} here")
        return others[device](path)

    monkeypatch.setattr(gate, "ActionModel", opened)
    monkeypatch.setattr(gate, "BATCHES", (1, 3))
    monkeypatch.setattr(gate, "_LATENCY_CALLS", 3)
    monkeypatch.setattr(gate, "_LEAST_CALLS", 1)
    return others.__setitem__


def renamed(model_file: Path, out: Path, **texts: str) -> Path:
    """A copy whose metadata says something else."""
    model = onnx.load(model_file)
    kept = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, kept | texts)
    onnx.save(model, out)
    return out


def test_a_right_file_passes(
    model_file: Path, weights: Path, clip_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--weights", str(weights), "--clips", str(clip_file), "--json", str(tmp_path / "check.json")]
    assert main(["check", str(model_file), *options]) == 0
    out = capsys.readouterr().out
    assert "| model | precision | engine |" in out and f"| {model_file} | fp32 | ONNX Runtime CPU |" in out
    assert f"- ONNX Runtime CUDA: there is no cuda here ({model_file})" in out
    assert f"- TensorRT: there is no tensorrt here ({model_file})" in out
    report = json.loads((tmp_path / "check.json").read_text())
    assert (report["windows"], report["labelled"], report["accuracy"]) == (24, 16, 100.0)
    (row,) = report["rows"]
    assert 0 < row["mean_difference"] <= row["max_difference"] <= 1e-4
    assert (row["agreement"], row["accuracy"]) == (100.0, 100.0)
    assert row["size_mb"] == model_file.stat().st_size / 1e6
    assert set(row["windows_per_s"]) == {"1", "3"} and 0 < row["p50_ms"] <= row["p95_ms"]
    assert report["breaches"] == [] and len(report["not_checked"]) == 2


def test_other_weights_of_the_same_shape_are_a_breach(
    student: Student, config: StudentConfig, model_file: Path, clip_file: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    other = copy.deepcopy(student)
    for head in other.heads.values():
        head.weight.data = head.weight.data.roll(1, 0)
    save(other, config, tmp_path)
    half = renamed(model_file, tmp_path / "half.onnx", precision="fp16")
    models = [str(model_file), str(half)]
    assert main(["check", *models, "--weights", str(tmp_path), "--clips", str(clip_file)]) == 1
    error = capsys.readouterr().err
    assert f"breach: {model_file} (fp32) on ONNX Runtime CPU: scores differ from torch by up to" in error
    assert f"breach: {half} (fp16) on ONNX Runtime CPU: the best class is torch's in" in error


def test_an_engine_that_is_here_is_held_to_the_same(
    model_file: Path, weights: Path, clip_file: Path, one_engine: Callable
) -> None:
    one_engine("cuda", lambda path: Shifted(path, 1e-5))
    one_engine("tensorrt", lambda path: Shifted(path, 1e-3))
    report = check([model_file], weights, [clip_file])
    assert [row.engine for row in report.rows] == ["ONNX Runtime CPU", "ONNX Runtime CUDA", "TensorRT"]
    assert report.rows[2].max_difference == pytest.approx(1e-3, rel=0.01)
    assert report.rows[2].mean_difference == pytest.approx(1e-3 / 3, rel=0.01)
    assert report.not_checked == [] and len(report.breaches) == 1
    assert report.breaches[0].startswith(f"{model_file} (fp32) on TensorRT: scores differ")


def test_an_engine_that_fails_is_a_breach(
    model_file: Path, weights: Path, clip_file: Path, one_engine: Callable
) -> None:
    def fail(joints: np.ndarray, frames: np.ndarray) -> ModelScores:
        raise RuntimeError("out of memory")

    one_engine("cuda", lambda _: fail)
    report = check([model_file], weights, [clip_file])
    assert [row.engine for row in report.rows] == ["ONNX Runtime CPU"]
    assert report.breaches == [f"{model_file} on ONNX Runtime CUDA: it cannot be run (RuntimeError('out of memory'))"]


def test_an_engine_that_is_here_but_not_built_is_a_breach(
    model_file: Path, weights: Path, clip_file: Path, one_engine: Callable
) -> None:
    def unbuilt(path: Path) -> None:
        raise ModelFileError(f"the engine of {path} is missing: build it")

    one_engine("tensorrt", unbuilt)
    report = check([model_file], weights, [clip_file])
    assert report.breaches == [f"{model_file} on TensorRT: the engine of {model_file} is missing: build it"]
    assert [text.split(":")[0] for text in report.not_checked] == ["ONNX Runtime CUDA"]


def row(precision: str, **values: float | None) -> Row:
    usual: dict = {"max_difference": 0.01, "mean_difference": 1e-3, "agreement": 100.0, "accuracy": 90.0}
    speed = {"p50_ms": 1.0, "p95_ms": 2.0, "windows_per_s": {1: 1000.0}, "size_mb": 1.0}
    return Row(model="a.onnx", precision=precision, engine="TensorRT", **usual | values, **speed)


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        (row("fp32", max_difference=9e-5), ""),
        (row("fp32", max_difference=1.1e-4), "scores differ from torch by up to 1.1e-04, more than 1e-04"),
        (row("fp32", max_difference=float("nan")), "scores differ from torch by up to nan"),
        (row("fp16", agreement=99.5), ""),
        (row("fp16", agreement=99.4), "torch's in 99.40 % of the windows, less than 99.5 %"),
        (row("fp16", accuracy=0.0), ""),
        (row("int8", agreement=98.0, accuracy=89.5), ""),
        (row("int8", agreement=97.9), "torch's in 97.90 % of the windows, less than 98.0 %"),
        (row("int8", accuracy=89.4), "89.40 % of the labelled windows are right, more than 0.5 point less than fp32's"),
        (row("int8", accuracy=None), "so the accuracy is unknown"),
    ],
)
def test_goals(found: Row, missed: str) -> None:
    lines = breaches(found, 90.0)
    assert len(lines) == bool(missed)
    assert all(line.startswith(f"a.onnx ({found.precision}) on TensorRT: ") and missed in line for line in lines)


def test_without_labels_the_accuracy_is_unknown(model_file: Path, weights: Path, tmp_path: Path) -> None:
    clips = [Clip(waving(40 + i), 20.0) for i in range(3)]
    write_clips(tmp_path / "clips.npz", clips)
    report = check([model_file], weights, [tmp_path / "clips.npz"])
    assert (report.accuracy, report.rows[0].accuracy, report.breaches) == (None, None, [])
    assert " - |" in table(report)
    quantised = renamed(model_file, tmp_path / "int8.onnx", precision="int8")
    assert "the accuracy is unknown" in check([quantised], weights, [tmp_path]).breaches[0]


def test_a_file_from_before_precisions_is_single(model_file: Path, tmp_path: Path) -> None:
    model = onnx.load(model_file)
    kept = {entry.key: entry.value for entry in model.metadata_props if entry.key != "precision"}
    onnx.helper.set_model_props(model, kept)
    onnx.save(model, tmp_path / "old.onnx")
    assert gate.read_precision(tmp_path / "old.onnx") == "fp32"


def truncated(model_file: Path, folder: Path) -> Path:
    path = folder / "truncated.onnx"
    path.write_bytes(model_file.read_bytes()[:-1000])
    return path


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncated, "is cut short, damaged or no ONNX file: get it again"),
        (lambda _, folder: folder / "absent.onnx", "is missing: `python -m export onnx` writes"),
        (lambda file, folder: renamed(file, folder / "a.onnx", labels='["a", "b", "c"]'), "was not exported from"),
        (lambda file, folder: renamed(file, folder / "a.onnx", window_s="2.0"), "its window_s are 2.0, theirs 2.5"),
        (lambda file, folder: renamed(file, folder / "a.onnx", precision="fp4"), "has the precision 'fp4'"),
    ],
)
def test_files_that_cannot_be_checked(
    model_file: Path, weights: Path, clip_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path, Path], Path], message: str,
) -> None:  # fmt: skip
    path, out = damage(model_file, tmp_path), tmp_path / "check.json"
    options = ["--weights", str(weights), "--clips", str(clip_file), "--json", str(out)]
    assert main(["check", str(path), *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and str(path) in error
    assert not out.exists()


def test_no_clips(model_file: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_clips(tmp_path / "empty.npz", [])
    options = ["--weights", str(weights), "--clips", str(tmp_path / "empty.npz")]
    assert main(["check", str(model_file), *options]) == 1
    assert "no clip to use" in capsys.readouterr().err
