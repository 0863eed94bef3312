"""`python -m export tensorrt`: what the builder asks of TensorRT, what it writes, and what it says when it cannot."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from export.__main__ import main
from export.runtime.cuda import AcceleratorMissingError
from export.runtime.sidecar import sha256
from export.tensorrt import Batches, build_engine
from models.system import atomic
from models.system.places import ROOT
from tests.export.fake_tensorrt import PLAN, TIMINGS, VERSIONS, install

NAME = "student-nvidia-test-1-trt11.4.0.106-fp32.engine"


@pytest.fixture
def model(model_file: Path, tmp_path: Path) -> Path:
    """The exported student in a folder of its own."""
    return Path(shutil.copy(model_file, tmp_path / "student.onnx"))


def others(folder: Path) -> list[str]:
    """What lies beside the ONNX file."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".onnx")


@pytest.mark.parametrize(("version", "flag"), [(VERSIONS[0], 2), (VERSIONS[1], 1)])
def test_what_is_asked_of_tensorrt(model: Path, monkeypatch: pytest.MonkeyPatch, version: str, flag: int) -> None:
    trt = install(monkeypatch, version)
    path = build_engine(model, batches=Batches(min=2, opt=4, max=16), workspace_mb=3)
    assert path == model.with_name(f"student-nvidia-test-1-trt{version}-fp32.engine")
    assert trt.calls == [
        ("create_network", flag),  # STRONGLY_TYPED, whose number differs
        ("set_memory_pool_limit", trt.MemoryPoolType.WORKSPACE, 3 << 20),
        ("set_shape", "joints", (2, 50, 25, 3), (4, 50, 25, 3), (16, 50, 25, 3)),
        ("set_shape", "frames", (2,), (4,), (16,)),
        ("create_timing_cache", b""),
        ("build_serialized_network",),
    ]
    assert not trt.cudart.faults


def test_the_engine_and_its_sidecar(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    path = build_engine(model, batches=Batches(max=16))
    assert others(model.parent) == [NAME, f"{NAME}.json"]
    assert path.read_bytes().startswith(PLAN)
    assert path.stat().st_mode & 0o777 == path.with_suffix(".engine.json").stat().st_mode & 0o777 == 0o644
    sidecar = json.loads(path.with_suffix(".engine.json").read_text(encoding="utf-8"))
    texts = {entry.key: entry.value for entry in onnx.load(model).metadata_props}
    assert sidecar == {
        "onnx": "student.onnx",
        "onnx_sha256": sha256(model.read_bytes()),
        "engine_sha256": sha256(path.read_bytes()),
        "tensorrt": "11.4.0.106",
        "gpu": "NVIDIA Test 1",
        "compute_capability": "9.0",
        "profile": {"min": 1, "opt": 8, "max": 16},
        "precision": "fp32",
        "metadata": texts,
    }
    assert {"labels", "display", "window_s", "frames", "modalities", "thresholds", "version", "format"} <= set(texts)


def test_the_precision_comes_from_the_file(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    edited = onnx.load(model)
    helper.set_model_props(edited, {e.key: e.value for e in edited.metadata_props} | {"precision": "fp16"})
    onnx.save_model(edited, model)
    path = build_engine(model)
    assert path.name == NAME.replace("fp32", "fp16")
    assert json.loads(path.with_suffix(".engine.json").read_text())["precision"] == "fp16"


def test_another_gpu(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, gpus=("NVIDIA Test 1", "NVIDIA GeForce RTX 9090 (Laptop)"))
    assert build_engine(model, device=1).name == NAME.replace("test-1", "geforce-rtx-9090-laptop")
    with pytest.raises(AcceleratorMissingError, match=r"\(GPU 2 was asked for, but there are 2, counted from 0\)"):
        build_engine(model, device=2)


class TestTimingCache:
    def test_is_written_and_read_again(self, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = model.parent / "caches" / "timings.cache"
        trt = install(monkeypatch)
        build_engine(model, timing_cache=file)
        assert file.read_bytes() == TIMINGS + b"11.4.0.106, one more"
        build_engine(model, timing_cache=file)
        assert ("create_timing_cache", TIMINGS + b"11.4.0.106, one more") in trt.calls
        assert file.read_bytes() == TIMINGS + b"11.4.0.106, one more, one more"

    @pytest.mark.parametrize("content", [b"damaged", TIMINGS + b"10.16.1.11", b""])
    def test_that_does_not_fit_is_begun_anew(
        self, model: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
    ) -> None:
        install(monkeypatch)
        file = model.parent / "timings.cache"
        file.write_bytes(content)
        build_engine(model, timing_cache=file)
        assert file.read_bytes() == TIMINGS + b"11.4.0.106, one more"

    def test_that_is_a_folder(self, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(monkeypatch)
        with pytest.raises(ValueError, match="cannot be read .*another file with --timing-cache"):
            build_engine(model, timing_cache=model.parent)
        assert others(model.parent) == []


def foreign(path: Path) -> None:
    """Somebody else's model: y = x + x."""
    axes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", axes[:1], axes[1:])
    onnx.save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)


@pytest.mark.parametrize(
    ("arguments", "fails", "message"),
    [
        (["--opt", "8", "--max", "4"], (), "batches must be 1 <= min <= opt <= max; got 1, 8, 4"),
        (["--min", "0"], (), "batches must be 1 <= min <= opt <= max; got 0, 8, 64"),
        (["--workspace-mb", "0"], (), "workspace-mb must be at least 1"),
        (["--device", "-1"], (), "device at least 0"),
        ([], ("parse",), "cannot take {model}: No importer registered for op: Magic; the second fault"),
        ([], ("profile",), "TensorRT does not take these batches"),
        ([], ("build",), "TensorRT 11.4.0.106 cannot build an engine from {model}: no implementation for node conv2d"),
    ],
)
def test_what_cannot_be_built(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], fails: tuple[str, ...], message: str,
) -> None:  # fmt: skip
    install(monkeypatch, fails=fails)
    assert main(["tensorrt", str(model), *arguments]) == 1
    said = capsys.readouterr().err
    assert message.format(model=model) in said and said.count("\n") == 1
    assert others(model.parent) == []


@pytest.mark.parametrize("kind", ["truncated", "foreign", "absent"])
def test_wrong_models(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    install(monkeypatch)
    if kind == "truncated":
        model.write_bytes(model.read_bytes()[:-100])
    elif kind == "foreign":
        foreign(model)
    else:
        model.unlink()
    assert main(["tensorrt", str(model)]) == 1
    said = capsys.readouterr().err
    message = {
        "truncated": "is cut short, damaged",
        "foreign": "not an action model",
        "absent": "is missing",
    }
    assert f"{model} " in said and message[kind] in said and said.count("\n") == 1
    assert others(model.parent) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"gpus": ()}, "no CUDA-capable device is detected"),
        ({"driver_error": 35}, "CUDA driver version is insufficient for CUDA runtime version"),
        (
            {"fails": ("Builder",)},
            "TensorRT 11.4.0.106 cannot use this GPU: CUDA initialization failure with error: 35",
        ),
    ],
)
def test_no_gpu_is_exit_code_2(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: dict, message: str
) -> None:
    install(monkeypatch, **settings)
    assert main(["tensorrt", str(model)]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1 and others(model.parent) == []


@pytest.mark.parametrize("module", [None, "8.6.1", "broken"])
def test_no_tensorrt_is_exit_code_2(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, module: str | None
) -> None:
    if module is None:
        monkeypatch.setitem(sys.modules, "tensorrt", None)
    elif module == "broken":
        (tmp_path / "tensorrt.py").write_text("raise ImportError('libnvinfer.so.11: cannot open shared object file')")
        monkeypatch.delitem(sys.modules, "tensorrt", raising=False)
        monkeypatch.syspath_prepend(tmp_path)
    else:
        install(monkeypatch).__version__ = module
    assert main(["tensorrt", str(model)]) == 2
    said = capsys.readouterr().err
    words = {None: "TensorRT is missing", "8.6.1": "but this is 8.6.1", "broken": "(libnvinfer.so.11: cannot open"}
    assert words[module] in said and "requirements-tensorrt.txt" in said and said.count("\n") == 1


class TestPlaces:
    """Nothing half-written, wherever the writing fails."""

    def test_a_file_in_place_of_the_folder(self, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        trt = install(monkeypatch)
        (model.parent / "out").write_text("a file")
        with pytest.raises(ValueError, match="out cannot be written to .*name another place with --out"):
            build_engine(model, model.parent / "out")
        assert trt.calls == []  # found out before the minutes of a build

    def test_a_read_only_folder(self, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(dir: Path) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        trt = install(monkeypatch)
        monkeypatch.setattr(atomic.tempfile, "TemporaryFile", refuse)  # root may write everywhere
        with pytest.raises(ValueError, match=r"cannot be written to \(Permission denied\): name another place"):
            build_engine(model)
        assert trt.calls == [] and others(model.parent) == []

    @pytest.mark.parametrize("which", [NAME, f"{NAME}.json"])
    def test_a_full_disk(self, model: Path, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
        write = Path.write_bytes

        def fill(path: Path, data: bytes) -> int:
            if path.name.startswith(f".{which}."):
                write(path, data[:10])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(path, data)

        install(monkeypatch)
        monkeypatch.setattr(Path, "write_bytes", fill)
        with pytest.raises(ValueError, match=r"cannot be written \(No space left on device\): make room"):
            build_engine(model)
        assert others(model.parent) == []

    def test_a_move_that_fails(self, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        replace = os.replace

        def fail(part: Path, path: Path) -> None:
            if path.suffix == ".json":
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            replace(part, path)

        install(monkeypatch)
        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(ValueError, match="cannot be written"):
            build_engine(model)
        assert others(model.parent) == []

    def test_a_failed_build_leaves_the_former_engine(self, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(monkeypatch)
        former = build_engine(model).read_bytes()
        install(monkeypatch, fails=("build",))
        with pytest.raises(ValueError, match="cannot build"):
            build_engine(model, batches=Batches(max=8))
        assert (model.parent / NAME).read_bytes() == former and len(others(model.parent)) == 2


def test_the_command(model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    install(monkeypatch)
    out = model.parent / "engines" / "here"
    assert main(["tensorrt", str(model), "--out", str(out), "--max", "16"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{out / NAME}: ")
    assert said.endswith("MB for NVIDIA Test 1 and TensorRT 11.4.0.106, fp32, 1 to 16 windows at a time\n")
    assert others(out) == [NAME, f"{NAME}.json"]


def test_options_are_these(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["tensorrt", "--help"])
    said = capsys.readouterr().out
    told = said[said.index("options:") : said.index("examples:")]
    options = {word.strip("[],") for word in told.split() if word.startswith("--")}
    assert options == {"--help", "--out", "--min", "--opt", "--max", "--workspace-mb", "--timing-cache", "--device"}
    assert "python -m export tensorrt models/pretrained/student.onnx" in said


def test_the_builder_needs_no_torch() -> None:
    """An edge device builds its own engines, and has no torch."""
    program = "import sys, export.tensorrt, export.commands.tensorrt; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
