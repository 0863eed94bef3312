"""The action model: raw joints in, scores out.

Shape suffixes: N batch, T frames, V joints, M modalities, C classes, D embedding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from onnxruntime import InferenceSession

from export.runtime.card import FORMAT, INPUTS, JOINTS, OUTPUTS, Card, ModelFileError
from export.runtime.cuda import AcceleratorMissingError
from export.runtime.engine import Engine, engine_beside, first_line, open_engine
from export.runtime.recogniser import ModelScores
from export.runtime.session import DEVICES, cpu_session, cuda_session, default_threads
from models.system.command_line import called
from models.system.contents import is_pack, is_weights, mistaken

__all__ = ["ActionModel", "ModelFileError", "ModelScores", "open_onnx"]


class _Session(Protocol):
    """A session that runs a model: ONNX Runtime's InferenceSession, or a TensorRT Engine."""

    def get_providers(self) -> list[str]: ...

    def run(self, names: Sequence[str], feeds: dict[str, np.ndarray], /) -> list[np.ndarray]: ...


class ActionModel:
    """A recogniser from a model file.

    Args:
        path: File that `python -m export onnx` wrote; for the device "tensorrt" also one that
            `python -m export tensorrt` wrote.
        device: "cpu", "cuda" (fails without CUDA), "tensorrt" (fails without an engine of the file for this GPU and
            this TensorRT) or "auto" (CUDA if it is available, else the CPU; TensorRT is not tried).
        threads: CPU threads; None takes up to four.

    Attributes:
        labels: Short ids of the classes.
        display: Plain words for each label.
        window_s: Length of a window, seconds.
        frames: Frames that a window is resampled to.
        modalities: Names along the M axis.
        thresholds: Scores at which an action is entered and left.
        provider: "TensorRT", or ONNX Runtime's execution provider really in use.
        version: Version of the weights.
        terms: What the data behind the weights allows, "" if the file does not say.
        embedding: Name of the space of the embeddings; files of one training in any precision share it.

    Raises:
        ModelFileError: If the file is missing, damaged or not an action model.
        ValueError: If the device is not available, or the threads are not.
    """

    def __init__(self, path: str | Path, device: str = "auto", threads: int | None = None) -> None:
        if device not in DEVICES:
            raise ValueError(f"device must be one of {', '.join(DEVICES)}; got {device!r}")
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1; got {threads}")
        path, threads = Path(path), threads or default_threads()
        on_device: _OnDevice = _on_tensorrt if device == "tensorrt" else _on_onnxruntime
        self._session, card = on_device(path, device, threads)
        self.provider: str = self._session.get_providers()[0]
        self.labels, self.display = card.labels, card.display
        self.window_s, self.frames = card.window_s, card.frames
        self.modalities, self.thresholds, self.version = card.modalities, card.thresholds, card.version
        self.terms, self.embedding = card.terms, card.embedding
        self._warm_up(path)

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> ModelScores:
        """Recognise windows.

        Args:
            joints_NTV3: (N, frames, 25, 3) metres, y up, as `models.skeleton.bridge` gives them.
            frames_N: How long each window lasts at 30 fps, that is seconds x 30.

        Raises:
            ValueError: If a shape is wrong, a number is not finite, or a window has no length.
        """
        joints_NTV3 = np.asarray(joints_NTV3, dtype=np.float32)
        frames_N = np.asarray(frames_N, dtype=np.float32)
        shape = (self.frames, JOINTS, 3)
        if joints_NTV3.ndim != 4 or joints_NTV3.shape[1:] != shape or not len(joints_NTV3):
            raise ValueError(f"joints must be (N, {', '.join(map(str, shape))}) with N >= 1; got {joints_NTV3.shape}")
        if frames_N.shape != (len(joints_NTV3),):
            raise ValueError(f"frames must hold one number a window, ({len(joints_NTV3)},); got {frames_N.shape}")
        if not np.isfinite(joints_NTV3).all():
            raise ValueError("joints must be finite: fill lost joints first (models.skeleton.fill_lost)")
        if not (np.isfinite(frames_N) & (frames_N > 0)).all():
            raise ValueError(f"frames must be finite and positive; got {frames_N}")
        return ModelScores(*self._session.run(OUTPUTS, {"joints": joints_NTV3, "frames": frames_N}))

    def _warm_up(self, path: Path) -> None:
        """Run the model once, so that the first real window is as quick as the others, and check the outputs."""
        try:
            scores = self(np.zeros((1, self.frames, JOINTS, 3)), np.full(1, self.window_s * 30))
        except Exception as error:  # ONNX Runtime's exceptions share no base
            raise ModelFileError(f"{path} cannot be run: {_plain(error)}") from error
        if scores.modality_NMC.shape[1:] != (len(self.modalities), len(self.labels)):
            raise ModelFileError(f"{path} names {len(self.labels)} labels, but answers {scores.modality_NMC.shape[2]}")


_OnDevice = Callable[[Path, str, int], tuple[_Session, Card]]


def _on_onnxruntime(path: Path, device: str, threads: int) -> tuple[InferenceSession, Card]:
    """Open a session on the CPU or on CUDA."""
    if path.suffix == ".engine":
        raise ModelFileError(f"{path} is a TensorRT engine: run it on the device tensorrt, or name the ONNX file")
    session, card = open_onnx(path, threads)
    if device == "cpu":
        return session, card
    on_cuda = cuda_session(path, threads)
    if on_cuda is None and device == "cuda":
        raise AcceleratorMissingError(
            "CUDA cannot be had here: onnxruntime-gpu needs an NVIDIA driver, CUDA 13 and cuDNN 9; "
            "use device auto or cpu to run on the CPU"
        )
    return on_cuda or session, card


def _on_tensorrt(path: Path, _device: str, threads: int) -> tuple[Engine, Card]:
    """Open an engine: the file itself, or the one that belongs to an ONNX file."""
    if path.suffix != ".engine":
        _, card = open_onnx(path, threads)
        path = engine_beside(path, card.precision)
    return open_engine(path)


def open_onnx(path: Path, threads: int) -> tuple[InferenceSession, Card]:
    """Open a CPU session, and return it with the checked metadata of an ONNX file.

    Raises:
        ModelFileError: If the file is missing, damaged or not an action model.
    """
    if not path.exists():
        raise ModelFileError(
            f"{path} is missing: `{called('export')} onnx` writes a model file, "
            f"`{called('training')} own` once it is done"
        )
    if instead := mistaken(path):
        raise ModelFileError(f"{path} {instead}")
    try:
        session = cpu_session(path, threads)
    except Exception as error:  # ONNX Runtime's exceptions share no base
        raise ModelFileError(f"{path} {_unreadable(path, error)}") from error
    texts = session.get_modelmeta().custom_metadata_map
    if texts.get("format") != FORMAT:
        raise ModelFileError(
            f"{path} is an ONNX file, but not an action model of format {FORMAT} (it says {texts.get('format')!r}); "
            f"`{called('export')} onnx` writes one"
        )
    inputs = {entry.name: len(entry.shape) for entry in session.get_inputs()}
    if inputs != INPUTS or {entry.name for entry in session.get_outputs()} != set(OUTPUTS):
        raise ModelFileError(f"{path} takes {', '.join(inputs)}, but an action model takes {', '.join(INPUTS)}")
    try:
        return session, Card.from_metadata(texts)
    except KeyError as error:
        raise ModelFileError(f"{path} has damaged metadata (it lacks {error}); export it again") from error
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"{path} has damaged metadata ({error}); export it again") from error


def _unreadable(path: Path, error: Exception) -> str:
    """Return why ONNX Runtime does not open a file, and what to do, to follow the file's name."""
    if is_pack(path):
        return "is a pack of taught actions: name it by --pack, beside the model that it was made with"
    if is_weights(path):
        return f"holds weights, not a model to be run: `{called('export')} onnx --weights FOLDER` writes one from them"
    reason = _plain(error)
    if "rotobuf" in reason:
        return f"is cut short, damaged or no ONNX file: get it again, or write it by `{called('export')} onnx`"
    return f"cannot be read as an ONNX file: {reason}"


def _plain(error: Exception) -> str:
    """Return what ONNX Runtime complains about, without its own codes."""
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", first_line(error))
