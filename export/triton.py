"""A model repository for the Triton Inference Server: one model answers the windows of many streams in batches.

REPO/NAME holds config.pbtxt, labels.txt, 1/model.onnx, and warmup/frames, the one number of a window of zeros that
cannot be zero. The server runs the file with its own ONNX Runtime; nothing here needs the server.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np

from export.runtime import ActionModel

DEVICES = {"cpu": "KIND_CPU", "gpu": "KIND_GPU"}
LARGEST_BATCH = 4096  # largest batch of the exported file
_LEAST_PREFERRED = 4

# The number that each window needs is (N, 1) outside, as the server wants at least one axis beside the batch, and (N,)
# in the file: reshaped to no axis at all.
_CONFIG = Template("""\
# Written by `python -m export triton`.
# joints: a window of $frames frames of 25 joints, metres, y up.
# frames: the window's $window_s s x 30 = $length, the same number for every window.
name: "$name"
platform: "onnxruntime_onnx"
max_batch_size: $max_batch
input [
  { name: "joints" data_type: TYPE_FP32 dims: [ $frames, 25, 3 ] },
  { name: "frames" data_type: TYPE_FP32 dims: [ 1 ] reshape { shape: [ ] } }
]
output [
  { name: "scores" data_type: TYPE_FP32 dims: [ $classes ] label_filename: "labels.txt" },
  { name: "modality_scores" data_type: TYPE_FP32 dims: [ $modalities, $classes ] },
  { name: "embedding" data_type: TYPE_FP32 dims: [ $embedding ] }
]
dynamic_batching {
  preferred_batch_size: [ $preferred ]
  max_queue_delay_microseconds: $delay_us
}
instance_group [ { count: $instances kind: $kind } ]
""")
# ONNX Runtime would otherwise time every convolution anew at each new batch size.
_GPU = """\
parameters { key: "cudnn_conv_algo_search" value: { string_value: "1" } }  # 1: by cuDNN's heuristics
"""
_WARMUP = Template("""\
model_warmup {
  name: "zero_window_batch_$batch"
  batch_size: $batch
  inputs { key: "joints" value: { data_type: TYPE_FP32 dims: [ $frames, 25, 3 ] zero_data: true } }
  inputs { key: "frames" value: { data_type: TYPE_FP32 dims: [ 1 ] input_data_file: "frames" } }
}
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """The way in which the server runs the model.

    Attributes:
        name: name of the model on the server, and of its folder.
        max_batch: most windows that are run at once.
        delay_us: microseconds that a window may wait for others to share its batch.
        instances: copies of the model, on the CPU or on each GPU.
        device: "cpu" or "gpu".

    Raises:
        ValueError: a value makes no sense.
    """

    name: str = "ikem_live"
    max_batch: int = 64
    delay_us: int = 2000
    instances: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", self.name):
            raise ValueError(f"name must be letters, digits, '_', '-' and '.' only; got {self.name!r}")
        if not 1 <= self.max_batch <= LARGEST_BATCH:
            raise ValueError(f"max batch must be 1 to {LARGEST_BATCH}; got {self.max_batch}")
        if self.delay_us < 0:
            raise ValueError(f"delay must be 0 microseconds or more; got {self.delay_us}")
        if self.instances < 1:
            raise ValueError(f"instances must be at least 1; got {self.instances}")
        if self.device not in DEVICES:
            raise ValueError(f"device must be one of {', '.join(DEVICES)}; got {self.device!r}")

    @property
    def preferred(self) -> tuple[int, ...]:
        """The batch sizes that are run without further waiting: 4, 8, 16 and so on, and the largest."""
        doubled = (_LEAST_PREFERRED << k for k in range(LARGEST_BATCH.bit_length()))
        return (*(size for size in doubled if size < self.max_batch), self.max_batch)


def config_text(model: ActionModel, embedding: int, serving: Serving) -> str:
    """Return the text of config.pbtxt.

    Args:
        model: the action model that is served.
        embedding: numbers in its embedding, D.
        serving: how the server runs it.
    """
    text = _CONFIG.substitute(
        name=serving.name,
        frames=model.frames,
        window_s=f"{model.window_s:g}",
        length=f"{model.window_s * 30:g}",
        classes=len(model.labels),
        modalities=len(model.modalities),
        embedding=embedding,
        max_batch=serving.max_batch,
        preferred=", ".join(map(str, serving.preferred)),
        delay_us=serving.delay_us,
        instances=serving.instances,
        kind=DEVICES[serving.device],
    )
    # The smallest and the largest batch: the first finds the kernels, the second the memory.
    warmups = [_WARMUP.substitute(batch=batch, frames=model.frames) for batch in sorted({1, serving.max_batch})]
    return text + (_GPU if serving.device == "gpu" else "") + "".join(warmups)


def write_repository(model: str | Path, repository: str | Path, serving: Serving, force: bool = False) -> Path:
    """Write the model and its configuration into a model repository, all or nothing.

    Args:
        model: an action model file (`python -m export onnx`).
        repository: the repository's folder; it is made if missing, and other models in it stay.
        serving: how the server runs the model.
        force: replace a model of the same name.

    Returns:
        The model's folder in the repository.

    Raises:
        ValueError: the file is not an action model, the name is taken, or the folder cannot be written.
    """
    model, folder = Path(model), Path(repository) / serving.name
    if os.path.lexists(folder) and not force:
        raise ValueError(f"{folder} exists already: give --force to replace it, or another --name")
    action = ActionModel(model, device="cpu", threads=1)
    length_N = np.array([action.window_s * 30], np.float32)
    embedding = action(np.zeros((1, action.frames, 25, 3)), length_N).embedding_ND.shape[1]
    files = {
        "config.pbtxt": config_text(action, embedding, serving).encode(),
        "labels.txt": "".join(f"{label}\n" for label in action.labels).encode(),
        "warmup/frames": length_N.astype("<f4").tobytes(),
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _write_folder(folder, files, model)
    except OSError as error:
        raise ValueError(
            f"{folder} was not written ({error.strerror or error}): give --out a folder that can be written, with room "
            f"for {model.stat().st_size / 1e6:.0f} MB"
        ) from error
    return folder


def _write_folder(folder: Path, files: dict[str, bytes], model: Path) -> None:
    """Fill a folder beside `folder`, then move it there; the folder that it replaces is removed last."""
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        new = stage / "new"
        for name, content in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(content)
        (new / "1").mkdir()
        shutil.copyfile(model, new / "1" / "model.onnx")
        _replace(new, folder, stage / "old")
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _replace(new: Path, folder: Path, old: Path) -> None:
    """Move `new` to `folder`, and what was there to `old`; if the move fails, it is moved back."""
    replaced = os.path.lexists(folder)
    if replaced:
        os.rename(folder, old)
    try:
        os.rename(new, folder)
    except BaseException:
        if replaced:
            os.rename(old, folder)
        raise
