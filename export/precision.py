"""The student in int8: static quantisation with scales from some real windows, and accuracy measured on others.

Q/DQ nodes stand around the convolutions and matmuls of the blocks, symmetric as TensorRT needs them, with one scale for
each channel of the weights. Everything else stays fp32: normalisation, modalities, pooling, heads, softmax, and the
first block, whose inputs have the longest tails (with it in int8 98.6 % of 1,011 windows kept their best class, with it
in fp32 99.4 %).

Shape suffixes: N windows, T frames, V joints, C classes.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export.clips import Windows
from export.onnx import describe, save_checked, trace
from models.student import Student
from models.system.atomic import write_whole
from models.weights import StudentConfig

if TYPE_CHECKING:
    import onnx

MOST_POINTS = 0.5  # most percentage points of accuracy that int8 may lose
CALIBRATION = 256  # most windows for the scales; 64 did about as well
_BATCH = 4  # windows whose activations are held in memory at a time
# Percent of a tensor's values that its scale covers. 99.4 % of windows kept their best class; with all values covered
# 98.3 %, for rare outliers coarsen the rest; with 99.99 % covered 98.2 %, for too much is cut off.
_PERCENTILE = 99.999


@dataclass(frozen=True, slots=True)
class Quantised:
    """The measurements of an int8 file, which its metadata holds as JSON under "int8".

    Attributes:
        calibration_clips: Number of clips from which the scales come.
        held_out_clips: Number of other, labelled clips on which accuracy is measured.
        accuracy_fp32: Share of them that the fp32 model names right.
        accuracy_int8: Share of them that the int8 model names right.
        forced: Whether the file was written although it loses too much.
    """

    calibration_clips: int
    held_out_clips: int
    accuracy_fp32: float
    accuracy_int8: float
    forced: bool


def targets(windows: Windows, labels: tuple[str, ...]) -> np.ndarray:
    """Return the index of each window's action among the labels, (N,), -1 for an action that is not among them."""
    index = {label: c for c, label in enumerate(labels)}
    return np.array([index.get(str(action), -1) for action in windows.action_N], np.int64)


def accuracy(scores_NC: np.ndarray, target_N: np.ndarray) -> float | None:
    """Return the share of windows with a target (0 or more) whose highest score is on it, or None without targets."""
    known_N = target_N >= 0
    return float((scores_NC.argmax(1) == target_N)[known_N].mean()) if known_N.any() else None


def export_int8(
    student: Student, config: StudentConfig, out: str | Path, windows: Windows, force: bool = False
) -> Quantised:
    """Write the student as an int8 ONNX file, after measuring what it loses.

    Args:
        student: What to export.
        config: Its configuration.
        out: The file to write.
        windows: Real windows; every second one is for the scales, the others are for measuring.
        force: Write the file even if it loses too much.

    Raises:
        ValueError: If there are too few windows or none has one of the labels, if the fp32 graph is wrong, or if
            int8 loses more than 0.5 point of accuracy and is not forced. Nothing is written then.
    """
    calibrating, held_out = _halves(windows, targets(windows, config.labels) >= 0)
    facts: list[Quantised] = []

    def write(part: Path) -> None:
        import onnx

        with tempfile.TemporaryDirectory() as folder:
            single = Path(folder) / "fp32.onnx"
            save_checked(trace(student, config, "fp32"), student, single, out)
            quantise(single, part, calibrating)
            facts.append(_measure(single, part, held_out, config, len(calibrating), force))
        _refuse(facts[0], out)
        model = onnx.load(part)
        describe(model, student, config, "int8", int8=json.dumps(asdict(facts[0])))
        onnx.checker.check_model(model, full_check=True)
        onnx.save_model(model, part)

    write_whole(Path(out), write)
    return facts[0]


def quantise(single: Path, out: Path, windows: Windows) -> None:
    """Write the int8 form of an fp32 file, without metadata.

    Args:
        single: The file that `export.onnx` wrote in fp32.
        out: The file to write.
        windows: Real windows, for the scales.

    Raises:
        ValueError: If the encoder has only one block.
    """
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    nodes, gathers = _quantised_nodes(onnx.load(single))
    if not nodes:
        raise ValueError("the encoder has one block, and the first one stays fp32: use --precision fp32 or fp16")
    one_scale = [{"quant_type": QuantType.QInt8, "symmetric": True}]
    with _quiet():
        quantize_static(
            single, out, _Reader(windows), quant_format=QuantFormat.QDQ, nodes_to_quantize=nodes,
            op_types_to_quantize=["Conv", "MatMul"], per_channel=True, activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8, calibrate_method=CalibrationMethod.Percentile,
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,  # TensorRT takes no int32 there; ONNX Runtime makes them itself
                "CalibPercentile": _PERCENTILE,
                "CalibStridedMinMax": 1,  # one batch at a time, whichever the method
                # ONNX Runtime multiplies a stack of matrices in int8 only if it has one scale.
                "TensorQuantOverrides": dict.fromkeys(gathers, one_scale),
            },
        )  # fmt: skip


def _quantised_nodes(model: onnx.ModelProto) -> tuple[list[str], list[str]]:
    """Return the names of the convolutions and matmuls of all blocks but the first, and of the matmuls' weights."""
    nodes, gathers = [], []
    for node in model.graph.node:
        weights = [name for name in node.input if name.startswith("blocks.") and not name.startswith("blocks.0.")]
        if weights and node.op_type in ("Conv", "MatMul"):
            nodes.append(node.name)
            gathers += weights if node.op_type == "MatMul" else []
    return nodes, gathers


class _Reader:
    """A reader of windows for quantize_static: `len` batches, of which `set_range` chooses those that come next."""

    def __init__(self, windows: Windows) -> None:
        from tqdm import tqdm

        self._windows = windows
        self._bar = tqdm(total=len(self), desc="calibrate", unit="batch", mininterval=1)
        self._next = iter(range(0))

    def __len__(self) -> int:
        return len(self._windows) // _BATCH

    def set_range(self, start_index: int, end_index: int) -> None:
        self._next = iter(range(start_index, end_index))

    def get_next(self) -> dict[str, np.ndarray] | None:
        i = next(self._next, None)
        if i is None:
            return None
        self._bar.update()
        if self._bar.n == len(self):
            self._bar.close()
        rows = slice(i * _BATCH, (i + 1) * _BATCH)
        return {"joints": self._windows.joints_NTV3[rows], "frames": self._windows.frames_N[rows]}


def _halves(windows: Windows, known_N: np.ndarray) -> tuple[Windows, Windows]:
    """Split windows into some for the scales, of any action, and labelled ones for measuring.

    Neighbours go to different halves.
    """
    if not known_N.any():
        raise ValueError(
            "no clip has one of the model's labels as its action, so int8 cannot be measured: give labelled clips"
        )
    order = np.arange(len(windows))
    scales, others = order[::2], order[1::2]
    others = others[known_N[others]]
    if len(windows) < 2 * _BATCH or not len(others):
        raise ValueError(
            f"int8 needs at least {2 * _BATCH} clips, and labelled ones in the half that measures; got {len(windows)}, "
            f"{int(known_N.sum())} of them labelled: give more clips"
        )
    chosen = np.linspace(0, len(scales) - 1, min(CALIBRATION, len(scales) // _BATCH * _BATCH)).astype(int)
    return _taken(windows, scales[chosen]), _taken(windows, others)


def _taken(windows: Windows, rows: np.ndarray) -> Windows:
    return Windows(windows.joints_NTV3[rows], windows.frames_N[rows], windows.action_N[rows])


def _measure(
    single: Path, quantised: Path, held_out: Windows, config: StudentConfig, clips: int, force: bool
) -> Quantised:
    target_N = targets(held_out, config.labels)
    before, after = (accuracy(_scores(path, held_out), target_N) for path in (single, quantised))
    assert before is not None and after is not None
    return Quantised(clips, len(held_out), before, after, force and _loses(before, after))


def _loses(before: float, after: float) -> bool:
    return 100 * (before - after) > MOST_POINTS + 1e-9


def _refuse(facts: Quantised, out: str | Path) -> None:
    if _loses(facts.accuracy_fp32, facts.accuracy_int8) and not facts.forced:
        raise ValueError(
            f"{out} was not written: of {facts.held_out_clips} held-out clips int8 names "
            f"{100 * facts.accuracy_int8:.1f} % right, fp32 {100 * facts.accuracy_fp32:.1f} %, more than "
            f"{MOST_POINTS} point apart; calibrate on more clips, use --precision fp16, or write it with --force"
        )


def _scores(path: Path, windows: Windows) -> np.ndarray:
    """Return the fused scores (N, C) of ONNX Runtime on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    parts = []
    for i in range(0, len(windows), 32):
        rows = slice(i, i + 32)
        feeds: dict[str, Any] = {"joints": windows.joints_NTV3[rows], "frames": windows.frames_N[rows]}
        parts.append(session.run(["scores"], feeds)[0])
    return np.concatenate(parts)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide what quantize_static prints and logs."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
