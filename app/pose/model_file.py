"""The pose model's file: built once from a pinned, hash-checked package.

MediaPipe's own package no longer contains a pose model. An older release of it does, and so does its package for
browsers, in three sizes (TensorFlow Lite networks, Apache-2.0). They get the input metadata that today's tasks need and
are stored, uncompressed, in one .task file in a cache folder, all or nothing.
"""

from __future__ import annotations

import io
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from app.pose.packages import TARBALL, WHEEL, PoseModelError, fetch
from models.system.atomic import replacing
from models.system.places import cache_folder

KINDS = ("wheel", "lite", "full", "heavy")
NETWORKS = ("pose_detector.tflite", "pose_landmarks_detector.tflite")
INPUTS = ((127.5, 127.5), (0.0, 255.0))  # mean and standard deviation of each network's input
# Where a package has the two networks. The tarball's first path is the detector too, by another name.
WHEEL_PARTS = (
    "mediapipe/modules/pose_detection/pose_detection.tflite",
    "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
)
TARBALL_PARTS = ("package/pose_solution_packed_assets.data", "package/pose_landmark_{}.tflite")


def ensure_pose_model(kind: str = "wheel", progress: bool = True) -> Path:
    """Return the path of the pose model's file, which is made on first use.

    Args:
        kind: "wheel" (the full model from MediaPipe's wheel) or "lite", "full", "heavy" (from the npm package).
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
    content = _from_wheel() if kind == "wheel" else _from_tarball(kind)
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


def _from_wheel() -> bytes:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(fetch(WHEEL, Path(folder))) as wheel:
        return _task([wheel.read(part) for part in WHEEL_PARTS])


def _from_tarball(kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fetch(TARBALL, Path(folder))) as tarball:
        files = [tarball.extractfile(part.format(kind)) for part in TARBALL_PARTS]
        return _task([file.read() for file in files if file is not None])


def _task(networks: list[bytes]) -> bytes:
    """Return the two networks, in the order of NETWORKS, as a task file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as task:
        for name, network, (mean, std) in zip(NETWORKS, networks, INPUTS, strict=True):
            task.writestr(zipfile.ZipInfo(name), _with_normalisation(network, mean, std))
    return content.getvalue()


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
