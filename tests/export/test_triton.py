"""The Triton model repository: a configuration that its schema accepts and that fits the file, whole or not there."""

import ast
import errno
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from google.protobuf import descriptor_pb2, text_format
from google.protobuf.json_format import MessageToDict

from export import triton
from export.__main__ import main
from export.onnx import sample_joints
from export.triton import Serving, write_repository
from models.system.places import ROOT
from tests.export.triton_schema import ModelConfig, model_config_of, parse

FILES = ["1/model.onnx", "config.pbtxt", "labels.txt", "warmup/frames"]
# Its wheel carries the schema, model_config.proto, as a descriptor.
PUBLISHED = "tritonclient==2.73.0 --hash=sha256:1f5cec19b0568e037ec4d716ae702984b3ab93e35f72b8f72c5135374dd2be9a"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def config_of(folder: Path, schema: type = ModelConfig) -> dict:
    """Every field that config.pbtxt sets, and no other."""
    message = parse((folder / "config.pbtxt").read_text(encoding="utf-8"), schema)
    return MessageToDict(message, preserving_proto_field_name=True)


def dims(*sizes: int) -> list[str]:
    return [str(size) for size in sizes]  # protobuf's JSON has 64-bit numbers as text


def expected(batches: tuple[int, ...], preferred: list[int]) -> dict:
    """The configuration of the model of conftest.py: 3 labels, 3 modalities of 48 channels, a window of 2.5 s."""
    joints = {"data_type": "TYPE_FP32", "dims": dims(50, 25, 3)}
    frames = {"data_type": "TYPE_FP32", "dims": dims(1)}
    return {
        "name": "ikem_live",
        "platform": "onnxruntime_onnx",
        "max_batch_size": batches[-1],
        "input": [{"name": "joints", **joints}, {"name": "frames", **frames, "reshape": {}}],
        "output": [
            {"name": "scores", "data_type": "TYPE_FP32", "dims": dims(3), "label_filename": "labels.txt"},
            {"name": "modality_scores", "data_type": "TYPE_FP32", "dims": dims(3, 3)},
            {"name": "embedding", "data_type": "TYPE_FP32", "dims": dims(576)},
        ],
        "dynamic_batching": {"preferred_batch_size": preferred, "max_queue_delay_microseconds": "2000"},
        "instance_group": [{"kind": "KIND_CPU", "count": 1}],
        "model_warmup": [
            {
                "name": f"zero_window_batch_{batch}",
                "batch_size": batch,
                "inputs": {"joints": joints | {"zero_data": True}, "frames": frames | {"input_data_file": "frames"}},
            }
            for batch in batches
        ],
    }


def test_every_field(model_file: Path, tmp_path: Path) -> None:
    folder = write_repository(model_file, tmp_path / "repo", Serving())
    assert folder == tmp_path / "repo" / "ikem_live" and files(folder) == FILES
    assert config_of(folder) == expected((1, 64), [4, 8, 16, 32, 64])
    assert (folder / "labels.txt").read_text() == "wave\nsit_down\nidle\n"
    assert (folder / "1" / "model.onnx").read_bytes() == model_file.read_bytes()
    assert folder.stat().st_mode & 0o755 == 0o755  # the server is another user


@pytest.mark.parametrize(
    ("serving", "changes"),
    [
        (Serving(max_batch=1), expected((1,), [1])),
        (Serving(max_batch=4), expected((1, 4), [4])),
        (Serving(max_batch=24), expected((1, 24), [4, 8, 16, 24])),
        (Serving(name="act-2.b"), {"name": "act-2.b"}),
        (Serving(delay_us=0), {"dynamic_batching": {"preferred_batch_size": [4, 8, 16, 32, 64]}}),
        (
            Serving(device="gpu", instances=2),
            {
                "instance_group": [{"kind": "KIND_GPU", "count": 2}],
                "parameters": {"cudnn_conv_algo_search": {"string_value": "1"}},
            },
        ),
    ],
)
def test_options(model_file: Path, tmp_path: Path, serving: Serving, changes: dict) -> None:
    config = config_of(write_repository(model_file, tmp_path, serving))
    assert config == expected((1, 64), [4, 8, 16, 32, 64]) | changes


def test_the_schema_is_strict() -> None:
    for text in ('nme: "a"', "max_batch_size: 1.5", "max_batch_size: 1 max_batch_size: 2", "input { dims: 1 x: 1 }"):
        with pytest.raises(text_format.ParseError):
            parse(text)


def array(entry: dict, batch: int) -> np.ndarray:
    return np.zeros((batch, *map(int, entry["dims"])), np.float32)


@pytest.mark.parametrize("batch", [1, 3])
def test_the_file_takes_what_the_configuration_promises(model_file: Path, tmp_path: Path, batch: int) -> None:
    """As the server does it: the batch axis before dims, or before the reshape where there is one."""
    folder = write_repository(model_file, tmp_path, Serving(max_batch=3))
    config = config_of(folder)
    inputs = {entry["name"]: array(entry, batch) for entry in config["input"]}
    joints, frames = sample_joints(batch)
    inputs["joints"][:], inputs["frames"][:, 0] = joints, frames
    for entry in config["input"]:
        if "reshape" in entry:
            shape = map(int, entry["reshape"].get("shape", []))
            inputs[entry["name"]] = inputs[entry["name"]].reshape(batch, *shape)
    session = onnxruntime.InferenceSession(folder / "1" / "model.onnx", providers=["CPUExecutionProvider"])
    found = session.run([entry["name"] for entry in config["output"]], inputs)
    for entry, values in zip(config["output"], found):
        assert values.shape == array(entry, batch).shape and values.dtype == np.float32
    labels = (folder / config["output"][0]["label_filename"]).read_text().splitlines()
    assert len(labels) == found[0].shape[1]


def test_the_warm_up_is_a_window_that_the_model_can_score(model_file: Path, tmp_path: Path) -> None:
    """Frames of zero would divide by zero, so they come from a file: one window, which the server repeats."""
    folder = write_repository(model_file, tmp_path, Serving(max_batch=4))
    session = onnxruntime.InferenceSession(folder / "1" / "model.onnx", providers=["CPUExecutionProvider"])
    for sample in config_of(folder)["model_warmup"]:
        values = np.frombuffer((folder / "warmup" / sample["inputs"]["frames"]["input_data_file"]).read_bytes(), "<f4")
        assert values.tolist() == [75.0]
        batch = sample["batch_size"]
        inputs = {"joints": array(sample["inputs"]["joints"], batch), "frames": np.repeat(values, batch)}
        assert all(np.isfinite(output).all() for output in session.run(None, inputs))


def test_a_taken_name(model_file: Path, tmp_path: Path) -> None:
    folder = write_repository(model_file, tmp_path, Serving())
    (folder / "notes.txt").write_text("mine")
    (tmp_path / "another").mkdir()
    with pytest.raises(ValueError, match="exists already: give --force to replace it, or another --name"):
        write_repository(model_file, tmp_path, Serving())
    assert (folder / "notes.txt").exists()
    # Its own file may be the source.
    write_repository(folder / "1" / "model.onnx", tmp_path, Serving(max_batch=2), force=True)
    assert files(folder) == FILES and config_of(folder)["max_batch_size"] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another", "ikem_live"]


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


@pytest.mark.parametrize("call", ["shutil.copyfile", "tempfile.mkdtemp", "os.rename", "Path.write_bytes", "Path.mkdir"])
def test_a_failed_write_leaves_nothing_and_takes_nothing(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    folder = write_repository(model_file, tmp_path, Serving())
    owner, name = call.split(".")
    monkeypatch.setattr(getattr(triton, owner), name, fail)
    for serving, force in ((Serving(max_batch=2), True), (Serving(name="new"), False)):
        with pytest.raises(ValueError, match=r"was not written \(Read-only file system\): give --out a folder"):
            write_repository(model_file, tmp_path, serving, force=force)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == [folder]
    assert files(folder) == FILES and config_of(folder)["max_batch_size"] == 64


def test_the_old_one_comes_back_when_the_new_one_cannot_be_moved(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_repository(model_file, tmp_path, Serving())
    rename = triton.os.rename

    def only_the_old(source: Path, target: Path) -> None:
        if source.name == "new":
            fail()
        rename(source, target)

    monkeypatch.setattr(triton.os, "rename", only_the_old)
    with pytest.raises(ValueError, match="was not written"):
        write_repository(model_file, tmp_path, Serving(max_batch=2), force=True)
    assert list(tmp_path.iterdir()) == [folder] and config_of(folder)["max_batch_size"] == 64


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk(model_file: Path, tmp_path: Path) -> None:
    """The real command, which may write no file as large as the model."""
    limit = model_file.stat().st_size // 2048
    command = f'ulimit -f {limit} && exec "$0" -B -m export triton "$1" --out "$2"'
    done = subprocess.run(
        ["bash", "-c", command, sys.executable, str(model_file), str(tmp_path / "repo")],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and "ikem_live was not written (File too large): give --out" in done.stderr
    assert done.stderr.count("\n") == 1 and list((tmp_path / "repo").iterdir()) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "name must be letters"),
        ({"name": "../up"}, "name must be letters"),
        ({"name": ".hidden"}, "name must be letters"),
        ({"name": 'a"b'}, "name must be letters"),
        ({"max_batch": 0}, "max batch must be 1 to 4096; got 0"),
        ({"max_batch": 5000}, "max batch must be 1 to 4096"),
        ({"delay_us": -1}, "delay must be 0 microseconds or more"),
        ({"instances": 0}, "instances must be at least 1"),
        ({"device": "tpu"}, "device must be one of cpu, gpu"),
    ],
)
def test_wrong_values(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Serving(**values)


def test_command(model_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["triton", str(model_file), "--out", str(tmp_path), "--name", "act", "--max-batch", "8"]
    assert main([*command, "--delay-us", "500", "--instances", "2", "--device", "gpu"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'act'}: batches of up to 8 windows, 2 on the GPU\n"
    config = config_of(tmp_path / "act")
    assert config["dynamic_batching"]["max_queue_delay_microseconds"] == "500"
    assert config["instance_group"] == [{"kind": "KIND_GPU", "count": 2}]
    assert main(command) == 1 and "exists already" in capsys.readouterr().err
    assert main([*command, "--force"]) == 0
    assert main(["triton", str(tmp_path / "no.onnx"), "--out", str(tmp_path)]) == 1
    assert "no.onnx is missing" in capsys.readouterr().err


def test_options_are_these(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["triton", "--help"])
    text = capsys.readouterr().out
    options = {word.strip("[],") for word in text.split("examples:")[0].split() if word.strip("[],").startswith("--")}
    assert options == {
        "--help", "--out", "--name", "--max-batch", "--delay-us", "--instances", "--device", "--force",
    }  # fmt: skip


def test_no_torch(model_file: Path, tmp_path: Path) -> None:
    """Nor does the command: a repository can be written where only the runtime is installed."""
    program = (
        "import sys; from export.__main__ import main; code = main(sys.argv[1:]); "
        "sys.exit(code or 'torch' in sys.modules or 'onnx' in sys.modules)"
    )
    command = [sys.executable, "-c", program, "triton", str(model_file), "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> descriptor_pb2.FileDescriptorProto:
    """The published schema, read (not run) out of the wheel of Triton's own client."""
    folder = tmp_path_factory.mktemp("schema")
    (folder / "wanted.txt").write_text(PUBLISHED + "\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    done = subprocess.run(
        [*command, "--require-hashes", "-r", "wanted.txt"], cwd=folder, capture_output=True, text=True
    )
    if done.returncode and "do not match the hashes" not in done.stderr.lower():
        pytest.skip(f"pip cannot fetch Triton's schema: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        source = wheel.read("tritonclient/grpc/model_config_pb2.py").decode()
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    content = next(call.args[0] for call in calls if getattr(call.func, "attr", "") == "AddSerializedFile")
    return descriptor_pb2.FileDescriptorProto.FromString(ast.literal_eval(content))


@pytest.mark.slow
@pytest.mark.parametrize("serving", [Serving(), Serving(device="gpu", instances=2, max_batch=1)])
def test_the_published_schema_reads_the_same(
    published: descriptor_pb2.FileDescriptorProto, model_file: Path, tmp_path: Path, serving: Serving
) -> None:
    folder = write_repository(model_file, tmp_path, serving)
    assert config_of(folder, model_config_of(published)) == config_of(folder)
