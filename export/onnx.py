"""The student as one self-contained ONNX file, in fp32 or fp16: raw joints in, softmaxed scores out.

Shape suffixes: N batch, T frames, V joints, M modalities, C coordinates or classes, D embedding.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from export.fused import FusedStudent
from export.runtime.card import INPUTS, OUTPUTS
from export.tracing import traced
from models.modalities import FRAMES
from models.revision import git_revision
from models.skeleton import CENTRE, JOINTS, OUTWARD, PARENTS
from models.student import Student
from models.system.atomic import write_whole
from models.weights import FORMAT, StudentConfig, embedding_id

if TYPE_CHECKING:
    import onnx

OPSET = 20
BATCH = torch.export.Dim("batch", min=1, max=4096)
TOLERANCE = 1e-4


def sample_joints(batch: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return seeded skeleton-like input: random walks of bone vectors, with limbs lost as the app loses them.

    Returns:
        Joints (batch, 50, 25, 3) float32 metres and frames (batch,) float32.
    """
    rng = np.random.default_rng(seed)
    bones_NTVC = rng.normal(0.0, 0.2, (batch, 1, len(JOINTS), 3))
    bones_NTVC = bones_NTVC + np.cumsum(rng.normal(0.0, 0.01, (batch, FRAMES, len(JOINTS), 3)), axis=1)
    lost_NV = rng.random((batch, len(JOINTS))) < 0.1
    bones_NTVC[np.broadcast_to(lost_NV[:, None, :, None], bones_NTVC.shape)] = 0.0
    joints_NTVC = np.zeros_like(bones_NTVC)
    joints_NTVC[:, :, CENTRE] = rng.normal(0.0, 1.0, (batch, 1, 3))
    for v in OUTWARD[1:]:
        joints_NTVC[:, :, v] = joints_NTVC[:, :, PARENTS[v]] + bones_NTVC[:, :, v]
    return joints_NTVC.astype(np.float32), rng.uniform(30, 120, batch).astype(np.float32)


def export_student(student: Student, config: StudentConfig, out: str | Path, precision: str = "fp32") -> float:
    """Write the student as ONNX, after checking that ONNX Runtime answers as torch does in fp32.

    Args:
        student: What to export.
        config: Its configuration.
        out: The file to write.
        precision: "fp32", or "fp16" for encoders in half precision. `export.precision` writes int8.

    Returns:
        The largest difference in any output.

    Raises:
        ValueError: If the exported graph is invalid; if fp32 outputs differ by more than 1e-4; or if an fp16 file
            names another action than torch. Nothing is written then.
    """
    assert precision in ("fp32", "fp16")
    model = trace(student, config, precision)
    differences: list[float] = []

    def write(part: Path) -> None:
        differences.append(save_checked(model, student, part, out))

    write_whole(Path(out), write)
    return differences[0]


def trace(student: Student, config: StudentConfig, precision: str) -> onnx.ModelProto:
    """Return the student as an ONNX graph with its metadata."""
    model = _trace(FusedStudent(student, half=precision == "fp16"))
    describe(model, student, config, precision)
    return model


def save_checked(model: onnx.ModelProto, student: Student, part: Path, out: str | Path) -> float:
    """Save a graph to `part`, and return the largest difference from torch in any output.

    Raises:
        ValueError: If the graph is invalid or answers otherwise than torch; the message names `out` as not written.
    """
    import onnx

    onnx.checker.check_model(model, full_check=True)
    onnx.save_model(model, part)
    answers = _sample_answers(student, part)
    difference = largest_difference(answers)
    texts = {entry.key: entry.value for entry in model.metadata_props}
    if texts["precision"] == "fp32" and not difference <= TOLERANCE:
        raise ValueError(
            f"{out} was not written: ONNX Runtime and torch differ by {difference:.2e}, more than {TOLERANCE:.0e}"
        )
    if not (np.isfinite(difference) and same_best(answers)):
        raise ValueError(
            f"{out} was not written: in {texts['precision']} the model names other actions than torch does in fp32 "
            f"(scores or embedding differ by up to {difference:.2e}); use --precision fp32"
        )
    return difference


Answers = list[tuple[list[np.ndarray], list[np.ndarray]]]  # a batch each: all outputs of torch, and of ONNX Runtime


def largest_difference(answers: Answers) -> float:
    """Return the largest difference between torch and ONNX Runtime in any output."""
    pairs = [pair for both in answers for pair in zip(*both, strict=True)]
    return float(np.max([np.abs(expected - found).max() for expected, found in pairs]))  # a NaN stays one


def same_best(answers: Answers) -> bool:
    """Return whether both give the same class the highest fused score."""
    return all((expected[0].argmax(1) == found[0].argmax(1)).all() for expected, found in answers)


def _sample_answers(student: Student, path: str | Path) -> Answers:
    """Return the answers of torch and of ONNX Runtime on the CPU, at batches 1 and 3 of samples."""
    import onnxruntime

    student = copy.deepcopy(student).cpu().eval()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    answers = []
    for batch in (1, 3):
        joints_NTVC, frames_N = sample_joints(batch, seed=batch)
        with torch.inference_mode():
            logits_NMC, embedding_ND = student(torch.from_numpy(joints_NTVC), torch.from_numpy(frames_N))
            expected = [x.numpy() for x in (*student.scores(logits_NMC, embedding_ND), embedding_ND)]
        answers.append((expected, session.run(list(OUTPUTS), {"joints": joints_NTVC, "frames": frames_N})))
    return answers


def _trace(deployed: FusedStudent) -> onnx.ModelProto:
    """Export with a dynamic batch, traced at a batch of 2 because one of 1 would be taken for a constant."""
    inputs = dict(zip(INPUTS, sample_joints(2), strict=True))
    return traced(deployed, inputs, dict.fromkeys(INPUTS, BATCH), OUTPUTS, OPSET)


def describe(model: onnx.ModelProto, student: Student, config: StudentConfig, precision: str, **extra: str) -> None:
    """Write what the app must know about the model, its origin and the values in `extra` into its metadata."""
    import onnx

    texts = {
        "format": FORMAT,
        "version": config.version,
        "terms": config.terms,
        "labels": json.dumps(config.labels),
        "display": json.dumps(config.display),
        "window_s": str(config.window_s),
        "frames": str(config.frames),
        "modalities": json.dumps(config.modalities),
        "thresholds": json.dumps(config.thresholds),
        "embedding": embedding_id(student, config),
        "fusion": json.dumps(config.fusion),
        "precision": precision,
        "opset": str(next(entry.version for entry in model.opset_import if not entry.domain)),
        "revision": git_revision(),
    }
    onnx.helper.set_model_props(model, texts | extra)
    model.producer_name = "ikem-live"
