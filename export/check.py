"""The parity check: model files on every engine of this machine, against torch in fp32, on real windows.

Shape suffixes: N windows, T frames, V joints, C classes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from export.clips import Windows, read_windows
from export.precision import MOST_POINTS, accuracy, targets
from export.runtime import ActionModel
from export.runtime.cuda import AcceleratorMissingError
from models.student import Student
from models.weights import StudentConfig, load

ENGINES = {"cpu": "ONNX Runtime CPU", "cuda": "ONNX Runtime CUDA", "tensorrt": "TensorRT"}
BATCHES = (1, 4, 16, 64)
MOST_DIFFERENCE = 1e-4  # largest difference of an fp32 file's scores
LEAST_AGREEMENT = {"fp16": 99.5, "int8": 98.0}  # percent of windows with the same best class
MOST_WINDOWS = 1024
_LATENCY_CALLS = 50  # timed calls at batch 1
_LEAST_CALLS = 5  # fewest timed calls at any batch
_BATCH = 32  # windows at a time where nothing is timed


@dataclass(frozen=True, slots=True)
class Row:
    """The comparison of one model file on one engine with torch.

    Attributes:
        model: The file.
        precision: "fp32", "fp16" or "int8", as its metadata says.
        engine: Name of the engine, in words.
        max_difference: Largest absolute difference of a fused score from torch.
        mean_difference: The mean of them.
        agreement: Percent of the windows whose best class is the same as in torch.
        accuracy: Percent of the labelled windows that are named right; None if none is labelled.
        p50_ms: Median time of a call at batch 1, milliseconds.
        p95_ms: Time within which 95 % of the calls end, milliseconds.
        windows_per_s: Batch -> windows a second at the median time of a call.
        size_mb: Size of the file, megabytes.
    """

    model: str
    precision: str
    engine: str
    max_difference: float
    mean_difference: float
    agreement: float
    accuracy: float | None
    p50_ms: float
    p95_ms: float
    windows_per_s: dict[int, float]
    size_mb: float


@dataclass(slots=True)
class Report:
    """The findings of a check.

    Attributes:
        weights: Folder of the weights that torch runs.
        windows: Number of windows that were compared.
        labelled: Number of them whose action is one of the labels.
        accuracy: Percent of those that torch names right; None if there are none.
        rows: The comparisons.
        not_checked: One line for each engine that this machine lacks, with the reason and the files.
        breaches: One line for each goal that is missed.
    """

    weights: str
    windows: int
    labelled: int
    accuracy: float | None
    rows: list[Row] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)


def check(models: Sequence[Path], weights: Path, files: Sequence[Path]) -> Report:
    """Compare model files with the weights that they were exported from.

    Args:
        models: ONNX files.
        weights: Folder with student.safetensors and config.json.
        files: Clips to compare on, or folders of them.

    Raises:
        ValueError: If a file is missing, damaged or of other weights, or there is no clip.
    """
    student, config = load(weights)
    on_cpu = {path: ActionModel(path, device="cpu") for path in models}
    precisions = {path: read_precision(path) for path in models}
    for path, model in on_cpu.items():
        _same_shape(path, model, config, weights)
    windows = read_windows(files, config.window_s, config.frames, MOST_WINDOWS)
    target_N = targets(windows, config.labels)
    expected_NC = _torch_scores(student, windows)
    right = accuracy(expected_NC, target_N)
    report = Report(str(weights), len(windows), int((target_N >= 0).sum()), None if right is None else 100 * right)
    absent: dict[str, list[Path]] = {}
    for path, model in on_cpu.items():
        for device, engine in ENGINES.items():
            try:
                opened = model if device == "cpu" else ActionModel(path, device=device)
                row = _row(opened, path, precisions[path], engine, windows, target_N, expected_NC)
            except AcceleratorMissingError as error:
                absent.setdefault(f"{engine}: {error}", []).append(path)
                continue
            except ValueError as error:  # the engine is here but cannot be used: not built, of another GPU, too large
                report.breaches.append(f"{path} on {engine}: {error}")
                continue
            except Exception as error:  # the engines' exceptions share no base
                report.breaches.append(f"{path} on {engine}: it cannot be run ({error!r})")
                continue
            report.rows.append(row)
            report.breaches += breaches(row, report.accuracy)
    report.not_checked += [f"{text} ({', '.join(map(str, paths))})" for text, paths in absent.items()]
    return report


def breaches(row: Row, reference: float | None) -> list[str]:
    """Return one line for each goal that a row misses.

    Args:
        row: The comparison.
        reference: Percent of the labelled windows that torch names right in fp32; None if none is labelled.
    """
    missed = []
    if row.precision == "fp32" and not row.max_difference <= MOST_DIFFERENCE:
        missed.append(f"scores differ from torch by up to {row.max_difference:.1e}, more than {MOST_DIFFERENCE:.0e}")
    least = LEAST_AGREEMENT.get(row.precision)
    if least is not None and not row.agreement >= least:
        missed.append(f"the best class is torch's in {row.agreement:.2f} % of the windows, less than {least} %")
    if row.precision == "int8":
        if row.accuracy is None or reference is None:
            missed.append("no clip has one of the model's labels as its action, so the accuracy is unknown")
        elif not reference - row.accuracy <= MOST_POINTS:
            missed.append(
                f"{row.accuracy:.2f} % of the labelled windows are right, more than {MOST_POINTS} point less than "
                f"fp32's {reference:.2f} %"
            )
    return [f"{row.model} ({row.precision}) on {row.engine}: {text}" for text in missed]


def read_precision(path: Path) -> str:
    """Return the precision that a model file's metadata names; files without one are fp32, being older than the entry.

    Raises:
        ValueError: If this version does not know the precision.
    """
    import onnx

    texts = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    precision = texts.get("precision", "fp32")
    if precision not in ("fp32", *LEAST_AGREEMENT):
        raise ValueError(f"{path} has the precision {precision!r}, which has no goal here; export it again")
    return precision


def _same_shape(path: Path, model: ActionModel, config: StudentConfig, weights: Path) -> None:
    for name in ("labels", "window_s", "frames", "modalities"):
        ours, theirs = getattr(model, name), getattr(config, name)
        if ours != theirs:
            raise ValueError(
                f"{path} was not exported from {weights}: its {name} are {ours}, theirs {theirs}; name the folder "
                "of its weights with --weights"
            )


def _torch_scores(student: Student, windows: Windows) -> np.ndarray:
    """Return the fused scores (N, C) of torch in fp32."""
    from tqdm import tqdm

    parts = []
    with torch.inference_mode():
        for i in tqdm(range(0, len(windows), _BATCH), desc="torch", unit="batch"):
            rows = slice(i, i + _BATCH)
            joints_NTV3, frames_N = (torch.from_numpy(x[rows]) for x in (windows.joints_NTV3, windows.frames_N))
            parts.append(student.scores(*student(joints_NTV3, frames_N))[0].numpy())
    return np.concatenate(parts)


def _row(
    model: ActionModel,
    path: Path,
    precision: str,
    engine: str,
    windows: Windows,
    target_N: np.ndarray,
    expected_NC: np.ndarray,
) -> Row:
    scores_NC = _scores(model, windows, f"{path.name}, {engine}")
    difference_NC = np.abs(scores_NC - expected_NC)
    right = accuracy(scores_NC, target_N)
    seconds = {batch: _seconds(model, windows, batch) for batch in BATCHES}
    return Row(
        model=str(path),
        precision=precision,
        engine=engine,
        max_difference=float(difference_NC.max()),
        mean_difference=float(difference_NC.mean()),
        agreement=100 * float((scores_NC.argmax(1) == expected_NC.argmax(1)).mean()),
        accuracy=None if right is None else 100 * right,
        p50_ms=1000 * float(np.percentile(seconds[1], 50)),
        p95_ms=1000 * float(np.percentile(seconds[1], 95)),
        windows_per_s={batch: batch / float(np.median(times)) for batch, times in seconds.items()},
        size_mb=path.stat().st_size / 1e6,
    )


def _scores(model: ActionModel, windows: Windows, title: str) -> np.ndarray:
    """Return the fused scores (N, C) of a model file."""
    from tqdm import tqdm

    starts = tqdm(range(0, len(windows), _BATCH), desc=title, unit="batch")
    rows = (slice(i, i + _BATCH) for i in starts)
    return np.concatenate([model(windows.joints_NTV3[r], windows.frames_N[r]).fused_NC for r in rows])


def _seconds(model: ActionModel, windows: Windows, batch: int) -> list[float]:
    """Return the seconds of each call at one batch size, after one call for warm-up."""
    rows = np.arange(batch) % len(windows)
    joints_NTV3, frames_N = windows.joints_NTV3[rows], windows.frames_N[rows]
    model(joints_NTV3, frames_N)
    seconds = []
    for _ in range(max(_LEAST_CALLS, _LATENCY_CALLS // batch)):
        start = time.perf_counter()
        model(joints_NTV3, frames_N)
        seconds.append(time.perf_counter() - start)
    return seconds
