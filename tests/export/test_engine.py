"""The runtime on TensorRT: its answers, its buffers, and what it says about engines that do not fit."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from export.onnx import sample_joints
from export.runtime import ActionModel, ModelFileError
from export.runtime import cuda as cuda_module
from export.runtime.cuda import AcceleratorMissingError, Cuda
from export.runtime.engine import logger, reason
from export.runtime.sidecar import engine_name, sha256
from export.tensorrt import Batches, build_engine
from models.system.places import ROOT
from tests.export.fake_cuda import FakeCudart
from tests.export.fake_tensorrt import VERSIONS, install

BUFFERS = {"joints": 50 * 25 * 3, "frames": 1, "scores": 3, "modality_scores": 9, "embedding": 3 * 4 * 48}


@pytest.fixture
def model(model_file: Path, tmp_path: Path) -> Path:
    """The exported student in a folder of its own."""
    return Path(shutil.copy(model_file, tmp_path / "student.onnx"))


@pytest.fixture
def path(model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine for up to 4 windows."""
    install(monkeypatch)
    return build_engine(model, batches=Batches(opt=2, max=4))


@pytest.fixture(scope="module")
def on_cpu(model_file: Path) -> ActionModel:
    return ActionModel(model_file, device="cpu", threads=1)


def check_answers(model: ActionModel, on_cpu: ActionModel, count: int) -> None:
    joints, frames = sample_joints(count, seed=count)
    found, expected = model(joints, frames), on_cpu(joints, frames)
    for name in ("fused_NC", "modality_NMC", "embedding_ND"):
        a, b = getattr(found, name), getattr(expected, name)
        assert a.dtype == np.float32 and a.shape == b.shape
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("batches", [Batches(opt=2, max=4), Batches(min=3, opt=3, max=4), Batches(min=1, opt=1, max=1)])
def test_it_answers_as_onnx_runtime_does(
    model: Path, on_cpu: ActionModel, monkeypatch: pytest.MonkeyPatch, version: str, batches: Batches
) -> None:
    """At batches below the least, above the most, and in between, in turns, from the same buffers."""
    trt = install(monkeypatch, version)
    recogniser = ActionModel(build_engine(model, batches=batches), device="tensorrt")
    for count in (1, 4, 9, 2, 5):
        check_answers(recogniser, on_cpu, count)
    assert not trt.cudart.faults


def test_what_a_model_says_about_itself(path: Path, model: Path, on_cpu: ActionModel) -> None:
    model.unlink()  # the engine and its sidecar are enough
    recogniser = ActionModel(path, device="tensorrt")
    assert recogniser.provider == "TensorRT"
    for name in ("labels", "display", "modalities", "thresholds", "window_s", "frames", "version"):
        assert getattr(recogniser, name) == getattr(on_cpu, name)


def test_an_onnx_file_finds_its_engine(path: Path, model: Path, on_cpu: ActionModel) -> None:
    recogniser = ActionModel(model, device="tensorrt")
    assert recogniser.provider == "TensorRT"
    check_answers(recogniser, on_cpu, 2)


def test_auto_does_not_try_tensorrt(path: Path, model: Path) -> None:
    assert ActionModel(model, device="auto").provider != "TensorRT"
    for device in ("auto", "cpu", "cuda"):
        with pytest.raises(ModelFileError, match="is a TensorRT engine: run it on the device tensorrt"):
            ActionModel(path, device=device)


def test_buffers_are_allocated_once_and_freed(
    model: Path, on_cpu: ActionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    trt = install(monkeypatch)
    path = build_engine(model, batches=Batches(opt=2, max=4))
    recogniser = ActionModel(path, device="tensorrt")
    sizes = sorted(len(buffer) for buffer in trt.cudart.memory.values())
    assert sizes == sorted(4 * 4 * size for size in BUFFERS.values())
    check_answers(recogniser, on_cpu, 9)
    assert trt.cudart.calls.count("cudaMalloc") == 5 and trt.cudart.calls.count("cudaStreamCreate") == 1
    del recogniser
    gc.collect()
    assert trt.cudart.memory == trt.cudart.streams == {} and not trt.cudart.faults


def test_a_batch_is_filled_up_with_its_last_window(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of no length would divide by zero."""
    trt = install(monkeypatch)
    recogniser = ActionModel(build_engine(model, batches=Batches(min=3, opt=3, max=4)), device="tensorrt")
    recogniser(np.zeros((2, 50, 25, 3)), [60, 70])
    buffer = next(buffer for buffer in trt.cudart.memory.values() if len(buffer) == 4 * 4)
    assert np.frombuffer(buffer, np.float32)[:3].tolist() == [60, 70, 70]


def test_an_answer_stays_when_the_next_comes(path: Path) -> None:
    recogniser = ActionModel(path, device="tensorrt")
    first = recogniser(*sample_joints(2, seed=1))
    kept = first.fused_NC.copy()
    recogniser(*sample_joints(2, seed=2))
    np.testing.assert_array_equal(first.fused_NC, kept)


def test_threads_take_turns(path: Path, on_cpu: ActionModel) -> None:
    recogniser, failed = ActionModel(path, device="tensorrt"), []

    def work(count: int) -> None:
        try:
            for _ in range(5):
                check_answers(recogniser, on_cpu, count)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(count,)) for count in (1, 3, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def edited(**changes: object) -> Callable[[Path], None]:
    """Change the sidecar of an engine; None removes an entry."""

    def edit(path: Path) -> None:
        place = path.with_suffix(".engine.json")
        content = json.loads(place.read_text()) | changes
        place.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))

    return edit


def metadata(**changes: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        texts = json.loads(path.with_suffix(".engine.json").read_text())["metadata"]
        edited(metadata=texts | changes)(path)

    return edit


def written(text: str) -> Callable[[Path], object]:
    return lambda path: path.with_suffix(".engine.json").write_text(text)


REBUILD = "build it again here with `python -m export tensorrt "


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.unlink(), "is missing: `python -m export tensorrt MODEL.onnx` builds an engine"),
        (lambda path: path.with_suffix(".engine.json").unlink(), f"json is missing beside the engine; {REBUILD}MODEL"),
        (written(""), f"json is damaged .*; {REBUILD}"),
        (written('{"onnx": "student.onnx", "onnx_sha'), f"json is damaged .*; {REBUILD}"),
        (written("[1]"), f"json is damaged .*; {REBUILD}"),
        (lambda path: path.with_suffix(".engine.json").write_bytes(b"\xff\xfe"), f"json is damaged .*; {REBUILD}"),
        (edited(gpu=None), f"json is damaged .*gpu.*; {REBUILD}"),
        (edited(colour="red"), f"json is damaged .*colour.*; {REBUILD}"),
        (edited(gpu=7), f"json is damaged .*gpu cannot be that.*; {REBUILD}"),
        (edited(profile={"min": 1}), f"json is damaged .*profile cannot be that.*; {REBUILD}"),
        (edited(metadata=[]), f"json is damaged .*metadata cannot be that.*; {REBUILD}"),
        (metadata(format="other/1"), f"json is of no action model of format .*; {REBUILD}student.onnx`"),
        (metadata(labels="[]"), f"json has damaged metadata .*; {REBUILD}student.onnx`"),
        (metadata(labels='["wave", "idle"]'), "names 2 labels, but answers 3"),
        (metadata(frames="40"), "cannot be run: "),
        (
            edited(tensorrt="10.3.0"),
            f"engine was built by TensorRT 10.3.0, but this is 11.4.0.106; {REBUILD}student.onnx`",
        ),
        (
            edited(gpu="NVIDIA Orin"),
            rf"built for NVIDIA Orin \(compute capability 9.0\), but this is NVIDIA Test 1 \(9.0\); {REBUILD}student",
        ),
        (
            edited(compute_capability="8.7"),
            rf"\(compute capability 8.7\), but this is NVIDIA Test 1 \(9.0\); {REBUILD}",
        ),
        (lambda path: path.write_bytes(path.read_bytes()[:-5]), f"damaged: it is not what its sidecar.*; {REBUILD}"),
        (lambda path: path.write_bytes(b""), f"damaged: it is not what its sidecar.*; {REBUILD}student.onnx`"),
    ],
)
def test_wrong_engines(path: Path, change: Callable[[Path], object], message: str) -> None:
    change(path)
    with pytest.raises(ModelFileError, match=message) as caught:
        ActionModel(path, device="tensorrt")
    assert "\n" not in str(caught.value) and str(path.with_suffix("")) in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fails": ("deserialize",)}, f"engine cannot be read as an engine: the plan is of another version; {REBUILD}"),
        ({"fails": ("tensors",)}, f"is an engine of .*, but an action model has .*embedding; {REBUILD}student.onnx`"),
        ({"fails": ("dtype",)}, f"takes or gives something else than float32; {REBUILD}"),
        (
            {"fails": ("context",)},
            r"the GPU cannot hold .* \(out of memory\): free its memory, or build with a lower --max",
        ),
        ({"room": 4 * 4 * 3750}, r"the GPU cannot hold .* \(cudaMalloc: out of memory\): free its memory"),
        ({"fails": ("run",)}, "cannot be run: TensorRT: the kernel failed"),
        ({"fails": ("Runtime",)}, "TensorRT 11.4.0.106 cannot use this GPU: the driver is too old"),
        ({"driver_error": 35}, r"no NVIDIA GPU can be used here \(cudaGetDeviceCount: CUDA driver version is insuff"),
        ({"gpus": ()}, "no NVIDIA GPU can be used here"),
        ({"gpus": ("NVIDIA Test 2",)}, "but this is NVIDIA Test 2"),
    ],
)
def test_what_fails_on_the_gpu(path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict, message: str) -> None:
    trt = install(monkeypatch, **settings)
    with pytest.raises(ValueError, match=message) as caught:
        ActionModel(path, device="tensorrt")
    assert "\n" not in str(caught.value)
    del caught
    gc.collect()
    assert trt.cudart.memory == {} and not trt.cudart.faults


def test_a_failure_while_running_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trt = install(monkeypatch)
    recogniser = ActionModel(path, device="tensorrt")
    trt.fails = ("run",)
    with pytest.raises(RuntimeError, match="TensorRT: the kernel failed$"):
        recogniser(*sample_joints(1))


class TestOnnxWithoutItsEngine:
    def test_absent(self, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(monkeypatch)
        with pytest.raises(ModelFileError, match="missing: build it here with `python -m export tensorrt") as caught:
            ActionModel(model, device="tensorrt")
        assert str(caught.value).endswith(f"`python -m export tensorrt {model}`")
        assert "student-nvidia-test-1-trt11.4.0.106-fp32.engine" in str(caught.value)

    def test_of_another_model(self, path: Path, model: Path) -> None:
        changed = onnx.load(model)
        helper.set_model_props(changed, {entry.key: entry.value for entry in changed.metadata_props} | {"version": "8"})
        onnx.save_model(changed, model)
        with pytest.raises(ModelFileError, match="was built from another student.onnx; build it again here"):
            ActionModel(model, device="tensorrt")

    def test_of_another_precision(self, path: Path, model: Path) -> None:
        changed = onnx.load(model)
        texts = {entry.key: entry.value for entry in changed.metadata_props}
        helper.set_model_props(changed, texts | {"precision": "int8"})
        onnx.save_model(changed, model)
        with pytest.raises(ModelFileError, match=r"trt11.4.0.106-int8.engine is missing: build it"):
            ActionModel(model, device="tensorrt")

    def test_no_onnx_file_either(self, tmp_path: Path) -> None:
        with pytest.raises(ModelFileError, match="absent.onnx is missing: `python -m export onnx` writes"):
            ActionModel(tmp_path / "absent.onnx", device="tensorrt")


@pytest.mark.parametrize("suffix", [".onnx", ".engine"])
def test_without_tensorrt_an_explicit_choice_fails(
    path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(ValueError, match=r"TensorRT is missing: .*`pip install -r requirements-tensorrt.txt`"):
        ActionModel(model if suffix == ".onnx" else path, device="tensorrt")


def test_without_its_library_cuda_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_module, "_names", lambda: ("libno-such-thing.so.13",))
    monkeypatch.setattr(cuda_module, "_beside_python", lambda: iter(()))
    with pytest.raises(AcceleratorMissingError, match=r"CUDA's runtime library \(libcudart\) is missing: install CUDA"):
        Cuda()


def test_the_library_is_one_that_the_driver_is_new_enough_for(monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = {"libcudart.so.13": FakeCudart(driver_error=35), "libcudart.so.12": FakeCudart()}
    monkeypatch.setattr(cuda_module, "_names", lambda: ("libcudart.so.14", *libraries))
    monkeypatch.setattr(cuda_module, "_beside_python", lambda: iter(()))

    def load(name: str) -> FakeCudart:
        if name not in libraries:
            raise OSError(f"{name}: cannot open shared object file")
        return libraries[name]

    monkeypatch.setattr(cuda_module.ctypes, "CDLL", load)
    assert cuda_module.cudart() is libraries["libcudart.so.12"]
    libraries["libcudart.so.12"].driver_error = 35
    with pytest.raises(
        AcceleratorMissingError, match="no NVIDIA GPU can be used here .*driver version is insufficient"
    ):
        Cuda()


def test_the_library_is_found_where_pip_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nvidia/cu13/lib/libcudart.so.13", "nvidia/cuda_runtime/lib/libcudart.so.12", "nvidia/other/lib/x.so"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "nvidia", raising=False)
    assert sorted(Path(name).name for name in cuda_module._beside_python()) == ["libcudart.so.12", "libcudart.so.13"]


def test_the_logger_keeps_errors_only(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    trt = install(monkeypatch)
    assert reason(trt) == "it does not say why"
    for severity, text in [(2, "a warning"), (1, "an error"), (0, "a worse\n  one"), (4, "chatter")]:
        logger(trt).log(severity, text)
    assert reason(trt) == "an error; a worse one" and reason(trt) == "it does not say why"
    assert capfd.readouterr() == ("", "")


def test_names() -> None:
    assert engine_name("student", "NVIDIA GeForce RTX 4090", "10.3.0", "fp16") == (
        "student-nvidia-geforce-rtx-4090-trt10.3.0-fp16.engine"
    )
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_numpy_and_tensorrt_are_all_that_an_engine_imports() -> None:
    program = (
        "import sys, export.runtime.engine\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'torch', 'tensorrt', 'cuda', 'onnx'}))\n"
        "print([name for name in sys.modules if name.startswith('models.') and not name.startswith('models.system')])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    held, ours = done.stdout.splitlines()
    assert held == "[]" and ours == "['models.labels', 'models.thresholds']", done.stderr  # two of words and numbers


@pytest.mark.gpu
def test_a_real_engine_answers_as_the_cpu_does(model: Path, on_cpu: ActionModel) -> None:
    try:
        path = build_engine(model, batches=Batches(opt=2, max=4))
    except AcceleratorMissingError as error:
        pytest.skip(str(error))
    recogniser = ActionModel(path, device="tensorrt")
    for count in (1, 4, 9):
        joints, frames = sample_joints(count)
        np.testing.assert_allclose(recogniser(joints, frames).fused_NC, on_cpu(joints, frames).fused_NC, atol=1e-2)
